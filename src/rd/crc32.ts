// CRC-32 (IEEE 802.3) over bytes: the hash of the `consistent` partitioners; the one place that imports crc-32.
// @thread any
import crc32Package from 'crc-32';

const { buf } = crc32Package;
/** The package's byte table: exported, but not in its types. */
const { table } = crc32Package as unknown as { readonly table: Int32Array };
/** From here on a view and the package's 16 bytes a step beat a byte a step without a view (bench/micro/hashes.mjs). */
const WORTH_A_VIEW = 48;

/**
 * The checksum of bytes[from, to), 0 to 2^32 - 1; `seed` is the checksum of the bytes before, so pieces chain.
 * The caller has checked 0 <= from <= to <= bytes.length.
 */
export function crc32(bytes: Uint8Array, from = 0, to: number = bytes.length, seed = 0): number {
  if (from === 0 && to === bytes.length) return buf(bytes, seed) >>> 0;
  if (to - from >= WORTH_A_VIEW) return buf(bytes.subarray(from, to), seed) >>> 0;
  let crc = ~seed;
  for (let at = from; at < to; at++) crc = (crc >>> 8) ^ table[(crc ^ bytes[at]!) & 0xff]!;
  return ~crc >>> 0;
}
