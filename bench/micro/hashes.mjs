// ns per key hash, whole arrays and parts of bigger ones, by hand: node bench/micro/hashes.mjs
import murmurhash from 'murmurhash';
import { fromSources } from '../lib/sources.mjs';

const { murmur2, crc32 } = await fromSources(`
export { murmur2 } from './src/rd/murmur2.ts';
export { crc32 } from './src/rd/crc32.ts';
`);

const ROUNDS = 7;
const KEYS = 1_000_000;
const SEED = 0x9747b28c;
const big = new Uint8Array(new SharedArrayBuffer(1 << 16)).map((_, i) => i * 7);

for (const size of [4, 12, 36, 48, 100]) {
  const whole = big.slice(0, size);
  const ways = {
    'murmur2 whole': () => murmur2(whole),
    'murmur2 part': (at) => murmur2(big, at, at + size),
    'murmur2 package on a view': (at) => murmurhash.v2(big.subarray(at, at + size), SEED),
    'crc32 whole': () => crc32(whole),
    'crc32 part': (at) => crc32(big, at, at + size),
    'crc32 on a view': (at) => crc32(big.subarray(at, at + size)),
  };
  let line = `${String(size).padStart(4)} B`;
  for (const [name, way] of Object.entries(ways)) {
    let best = Number.POSITIVE_INFINITY;
    let sum = 0;
    for (let round = 0; round < ROUNDS; round++) {
      const start = process.hrtime.bigint();
      for (let i = 0; i < KEYS; i++) sum ^= way(i & 0xfff);
      best = Math.min(best, Number(process.hrtime.bigint() - start) / KEYS);
    }
    line += `   ${name} ${best.toFixed(1)}${Number.isInteger(sum) ? '' : '!'}`;
  }
  console.log(line);
}
