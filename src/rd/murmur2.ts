// MurmurHash2 as Kafka's Java client uses it; the one place that imports murmurhash.
// @thread any
import murmurhash from 'murmurhash';

const SEED = 0x9747b28c;
const MIX = 0x5bd1e995;

/**
 * The hash of bytes[from, to), 0 to 2^32 - 1, equal to Java's Utils.murmur2 (which reads the same bits as an int32).
 * The caller has checked 0 <= from <= to <= bytes.length.
 */
export function murmur2(bytes: Uint8Array, from = 0, to: number = bytes.length): number {
  return from === 0 && to === bytes.length ? murmurhash.v2(bytes, SEED) : murmur2Within(bytes, from, to);
}

/** The package takes whole arrays only, and a view per key costs three times the hash (bench/micro/hashes.mjs). */
function murmur2Within(bytes: Uint8Array, from: number, to: number): number {
  let hash = SEED ^ (to - from);
  let at = from;
  for (; to - at >= 4; at += 4) {
    let word = bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
    word = Math.imul(word, MIX);
    word ^= word >>> 24;
    hash = Math.imul(hash, MIX) ^ Math.imul(word, MIX);
  }
  const left = to - at;
  if (left === 3) hash ^= bytes[at + 2]! << 16;
  if (left >= 2) hash ^= bytes[at + 1]! << 8;
  if (left >= 1) hash = Math.imul(hash ^ bytes[at]!, MIX);
  hash = Math.imul(hash ^ (hash >>> 13), MIX);
  return (hash ^ (hash >>> 15)) >>> 0;
}
