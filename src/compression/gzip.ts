// gzip by node:zlib, which checks the CRC and the size of each member. @thread broker|main|mock
import { gunzipSync, gzipSync } from 'node:zlib';
import { type Codec, joined } from './codec.ts';

const HIGHEST_LEVEL = 9;
/** Deflate gives no more than this for a byte. */
const BEST_RATIO = 1032;
/** Smaller outputs would lie in Node's shared pool. */
const LEAST_CHUNK = 0x1000;

/** Level -1 is zlib's default (6). Several members in a row are read as one; zeros behind the last one are skipped. */
export const gzip: Codec = {
  name: 'gzip',
  compress(pieces, level) {
    const all = joined(pieces);
    const chunkSize = Math.min(Math.max(all.length >>> 1, LEAST_CHUNK), 0x40000);
    return gzipSync(all, { level: Math.min(level, HIGHEST_LEVEL), chunkSize });
  },
  decompress(bytes, limit) {
    const out = gunzipSync(bytes, { maxOutputLength: Math.max(limit, 1), chunkSize: chunkSize(bytes, limit) });
    if (out.length > limit) throw new Error(`more than the limit of ${limit} bytes`);
    return out;
  },
};

/** What the end of the stream says the content has, as far as that can be: then the output is one chunk, uncopied. */
function chunkSize(bytes: Uint8Array, limit: number): number {
  const end = bytes.length - 4;
  if (end < 0) return LEAST_CHUNK;
  const said = (bytes[end]! | (bytes[end + 1]! << 8) | (bytes[end + 2]! << 16) | (bytes[end + 3]! << 24)) >>> 0;
  return Math.max(Math.min(said, limit, bytes.length * BEST_RATIO), LEAST_CHUNK);
}
