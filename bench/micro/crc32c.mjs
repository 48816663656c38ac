// GB/s of CRC-32C, the package's and by WebAssembly, by hand: node bench/micro/crc32c.mjs
import { randomBytes } from 'node:crypto';
import crc32c from 'crc-32/crc32c.js';
import { fromSources } from '../lib/sources.mjs';

const { makeCrc32cWasm } = await fromSources(`export { makeCrc32cWasm } from './src/rd/crc32c_wasm.ts';`);

const ROUNDS = 9;
const BYTES = 20_000_000;
const wasm = makeCrc32cWasm();
const memory = new Uint8Array(new SharedArrayBuffer(1 << 20));
memory.set(randomBytes(memory.length));
const ways = { package: (bytes) => crc32c.buf(bytes, 0), wasm: (bytes) => wasm.sum(bytes, 0) };

for (const size of [100, 250, 500, 1000, 4000, 16_000, 100_000, 1_000_000]) {
  const bytes = memory.subarray(1, 1 + size);
  let line = `${String(size).padStart(7)} B`;
  for (const [name, way] of Object.entries(ways)) {
    let best = Number.POSITIVE_INFINITY;
    for (let round = 0; round < ROUNDS; round++) {
      const start = process.hrtime.bigint();
      for (let done = 0; done < BYTES; done += size) way(bytes);
      best = Math.min(best, Number(process.hrtime.bigint() - start) / BYTES);
    }
    line += `   ${name} ${(1 / best).toFixed(2)}`;
  }
  console.log(line);
}
