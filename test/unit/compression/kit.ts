// The codecs, texts to compress and what the tests of this folder share.
import * as zlib from 'node:zlib';
import type { Codec } from '../../../src/compression/codec.ts';
import { gzip } from '../../../src/compression/gzip.ts';
import { lz4 } from '../../../src/compression/lz4.ts';
import { snappy } from '../../../src/compression/snappy.ts';
import { nativeZstd } from '../../../src/compression/zstd.ts';
import { zstdWasm } from '../../../src/compression/zstd_wasm.ts';
import { Generator } from '../records/generator.ts';

const wasm = zstdWasm();
/** Node's own zstd, where it has it. */
export const native: Codec | null = nativeZstd(zlib, wasm);

/** [what to call it in a test, codec]; zstd in both ways as far as this Node has them. */
export const CODECS: readonly (readonly [string, Codec])[] = [
  ['gzip', gzip],
  ['snappy', snappy],
  ['lz4', lz4],
  ['zstd by WebAssembly', wasm],
  ...(native === null ? [] : [['zstd of Node', native] as const]),
];

export const SIZES: readonly number[] = [0, 1, 100, 65_535, 65_536, 65_537, 1 << 20];

/** Lines of JSON, of exactly `size` bytes. */
export function json(size: number): Buffer {
  const random = new Generator(size);
  const out = Buffer.alloc(size);
  for (let at = 0, id = 0; at < size; id++) {
    const user = `user-${random.below(5000)}`;
    at += out.write(
      `${JSON.stringify({ id, user, at: 1_760_000_000_000 + id * 37, price: random.below(10_000) / 100 })}\n`,
      at,
    );
  }
  return out;
}

export const KINDS: Readonly<Record<string, (size: number) => Buffer>> = {
  random: (size) => Buffer.from(new Generator(size + 1).bytes(size)),
  zeros: (size) => Buffer.alloc(size),
  'a pattern': (size) => Buffer.alloc(size, 'kafka: '),
  'four values': (size) => Buffer.from(new Generator(size + 2).bytes(size).map((byte) => byte & 3)),
  json,
};

export function shared(bytes: Uint8Array): Uint8Array {
  const view = new Uint8Array(new SharedArrayBuffer(bytes.length));
  view.set(bytes);
  return view;
}

export function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

/** The error's text, or the data when there is none. */
export function outcome(codec: Codec, bytes: Uint8Array, limit: number): string | Uint8Array {
  try {
    return codec.decompress(bytes, limit);
  } catch (error) {
    return (error as Error).message;
  }
}

export function flipped(bytes: Uint8Array, bit: number): Buffer {
  const copy = Buffer.from(bytes);
  copy[bit >>> 3]! ^= 1 << (bit & 7);
  return copy;
}

/** Little-endian. */
export function int32(value: number): Buffer {
  const out = Buffer.alloc(4);
  out.writeUInt32LE(value >>> 0);
  return out;
}
