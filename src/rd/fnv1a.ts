// FNV-1a, 32 bits, folded to its absolute value as Sarama's default partitioner does.
// @thread any

const OFFSET = 0x811c9dc5;
const PRIME = 0x01000193;

/**
 * The absolute value of the int32 FNV-1a hash of bytes[from, to), as unsigned number: -2^31 has none and stays 2^31.
 * The caller has checked 0 <= from <= to <= bytes.length. Another `start` gives another hash.
 */
export function fnv1a(bytes: Uint8Array, from = 0, to: number = bytes.length, start: number = OFFSET): number {
  let hash = start | 0;
  for (let at = from; at < to; at++) hash = Math.imul(hash ^ bytes[at]!, PRIME);
  return Math.abs(hash);
}
