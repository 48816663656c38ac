// CRC-32C (Castagnoli) over bytes; the one place that imports crc-32's crc32c.
// @thread any
import crc32cPackage from 'crc-32/crc32c.js';

const { buf } = crc32cPackage;

/**
 * The checksum of all of `bytes` (a view on shared memory is fine), 0 to 2^32 - 1. With the checksum of the bytes
 * before as `seed`, it is the checksum of both in one: pieces chain.
 */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  return buf(bytes, seed) >>> 0;
}
