// MB/s of each codec, in and out, on 1 MB of JSON lines, by hand: node bench/micro/codecs.mjs [codec ...] [level]
// zstd is measured in both ways where this Node has it built in.
import * as zlib from 'node:zlib';
import { writeZstdWasm } from '../../scripts/zstd_wasm.mjs';
import { fromSources } from '../lib/sources.mjs';
import { jsonLines } from '../lib/text.mjs';

writeZstdWasm();
const { codecOf, nativeZstd, zstdWasm } = await fromSources(`
export { codecOf } from './src/compression/registry.ts';
export { nativeZstd } from './src/compression/zstd.ts';
export { zstdWasm } from './src/compression/zstd_wasm.ts';
`);

const SIZE = 1_000_000;
const ROUNDS = 5;
const LEAST_MS = 150;
const wasm = zstdWasm();
const native = nativeZstd(zlib, wasm);
const codecs = {
  gzip: codecOf(1),
  snappy: codecOf(2),
  lz4: codecOf(3),
  'zstd-wasm': wasm,
  ...(native === null ? {} : { 'zstd-node': native }),
};

function rate(work) {
  const rounds = [];
  for (let round = 0; round <= ROUNDS; round++) {
    let calls = 0;
    const start = performance.now();
    let ms = 0;
    while (ms < LEAST_MS) {
      work();
      calls++;
      ms = performance.now() - start;
    }
    if (round > 0) rounds.push((SIZE * calls) / ms / 1000);
  }
  rounds.sort((a, b) => a - b);
  return `${rounds[ROUNDS >> 1].toFixed(0).padStart(5)} (${rounds.at(-1).toFixed(0)})`;
}

const args = process.argv.slice(2);
const level = Number(args.find((arg) => /^-?\d+$/.test(arg)) ?? -1);
const wanted = args.filter((arg) => !/^-?\d+$/.test(arg));
const plain = Buffer.from(jsonLines(SIZE));
console.log(
  `Node ${process.version}, level ${level}, MB/s on ${SIZE} bytes of JSON lines; median of ${ROUNDS} rounds, and the best`,
);
for (const [name, codec] of Object.entries(codecs)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  const stream = codec.compress([plain], level);
  const share = ((stream.length / SIZE) * 100).toFixed(1);
  const compress = rate(() => codec.compress([plain], level));
  const decompress = rate(() => codec.decompress(stream, SIZE));
  console.log(`${name.padEnd(10)} ${share.padStart(5)} %   in ${compress.padEnd(12)} out ${decompress}`);
}
