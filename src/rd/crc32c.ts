// CRC-32C (Castagnoli) over bytes; the one place that imports crc-32's crc32c. Long inputs go through WebAssembly.
// @thread any
import crc32cPackage from 'crc-32/crc32c.js';
import { type Crc32cWasm, makeCrc32cWasm } from './crc32c_wasm.ts';

const { buf } = crc32cPackage;
/** From here on WebAssembly is the faster one (bench/micro/crc32c.mjs). */
const WORTH_A_CALL = 512;
/** The first input of this size makes it ready, which takes some milliseconds: not for the first small batches. */
const WORTH_MAKING = 4096;

/** Undefined until it is made; null where there is none. One per thread. */
const fast: { wasm: Crc32cWasm | null | undefined } = { wasm: undefined };

/**
 * The checksum of all of `bytes` (a view on shared memory is fine), 0 to 2^32 - 1. With the checksum of the bytes
 * before as `seed`, it is the checksum of both in one: pieces chain.
 */
export function crc32c(bytes: Uint8Array, seed = 0): number {
  if (bytes.length >= WORTH_A_CALL) {
    if (fast.wasm === undefined && bytes.length >= WORTH_MAKING) fast.wasm = makeCrc32cWasm();
    if (fast.wasm) return fast.wasm.sum(bytes, seed);
  }
  return buf(bytes, seed) >>> 0;
}
