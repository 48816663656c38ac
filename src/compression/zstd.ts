// zstd by node:zlib where it has it (Node 22.15 and newer), else by WebAssembly. @thread broker|main|mock
import * as zlib from 'node:zlib';
import { type Codec, joined } from './codec.ts';
import { readFrames, zstdLevel } from './zstd_frame.ts';
import { zstdWasm } from './zstd_wasm.ts';

/** What the types of Node 20 do not know yet. */
interface NativeZstd {
  zstdCompressSync(bytes: Uint8Array, options: object): Buffer;
  zstdDecompressSync(bytes: Uint8Array, options: object): Buffer;
  constants: { ZSTD_c_compressionLevel: number };
}

/**
 * Level -1 and 0: 3, as zstd's default; the highest is 22. Written is one frame that names its content size and has no
 * checksum, as librdkafka's.
 */
export const zstd: Codec = nativeZstd(zlib, zstdWasm()) ?? zstdWasm();

/**
 * The codec by Node's own functions, or null where `library` has none. They read one frame; what consists of several
 * goes to `several`.
 */
export function nativeZstd(library: object, several: Codec): Codec | null {
  const native = library as NativeZstd;
  if (typeof native.zstdDecompressSync !== 'function') return null;
  return {
    name: 'zstd',
    compress(pieces, level) {
      const all = joined(pieces);
      return native.zstdCompressSync(all, {
        params: { [native.constants.ZSTD_c_compressionLevel]: zstdLevel(level) },
        pledgedSrcSize: all.length,
        chunkSize: Math.min(Math.max(all.length, 0x1000), 0x40000),
      });
    },
    decompress(bytes, limit) {
      const { frames, skippable, room, exact } = readFrames(bytes, limit);
      if (frames + skippable > 1) return several.decompress(bytes, limit);
      const result = native.zstdDecompressSync(bytes, {
        maxOutputLength: Math.max(limit, 1),
        chunkSize: Math.max(Math.min(room, limit), 0x1000),
      });
      if (result.length > limit) throw new Error(`more than the limit of ${limit} bytes`);
      if (exact && result.length !== room) throw new Error(`${result.length} bytes instead of ${room}`);
      return result;
    },
  };
}
