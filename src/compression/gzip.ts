// gzip by node:zlib. @thread broker|main|mock
import { gunzipSync, gzipSync } from 'node:zlib';
import { type Codec, joined } from './codec.ts';

const HIGHEST_LEVEL = 9;

export const gzip: Codec = {
  name: 'gzip',
  compress(pieces, level) {
    return gzipSync(joined(pieces), { level: Math.min(level, HIGHEST_LEVEL) });
  },
  decompress(bytes, limit) {
    return gunzipSync(bytes, { maxOutputLength: Math.max(limit, 1), chunkSize: chunkSize(bytes.length) });
  },
};

/** Few steps for large input, no 64 KiB for a tiny one; zlib's own default is 16 KiB. */
function chunkSize(compressed: number): number {
  return Math.min(Math.max(compressed * 4, 1024), 0x40000);
}
