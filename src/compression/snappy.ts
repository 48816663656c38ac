// snappy: a raw stream as librdkafka writes it, or the blocks of Java's SnappyOutputStream. @thread broker|main|mock
import { type Codec, joined, trimmed } from './codec.ts';
import { Span } from './copies.ts';
import { compressSnappy, snappyBound, snappyLength, uncompressSnappy } from './snappy_block.ts';

/** Opens Java's framing; no raw stream can start with it, for its first element would be a copy. */
const MAGIC: readonly number[] = [0x82, 0x53, 0x4e, 0x41, 0x50, 0x50, 0x59, 0];
/** Magic, version, oldest compatible version. The two are 1 since ever; as librdkafka we do not look at them. */
const HEADER_SIZE = 16;

/** It has no levels. Written is one raw stream, which every broker and client reads. */
export const snappy: Codec = {
  name: 'snappy',
  compress(pieces) {
    const all = joined(pieces);
    const out = Buffer.allocUnsafeSlow(snappyBound(all.length));
    return trimmed(out, compressSnappy(all, out));
  },
  decompress(bytes, limit) {
    const from = new Span(bytes);
    if (isFramed(bytes, 0)) return uncompressFramed(from, limit);
    const out = Buffer.allocUnsafeSlow(snappyLength(bytes, 0, bytes.length, limit));
    uncompressSnappy(from, 0, bytes.length, new Span(out), 0, out.length);
    return out;
  },
};

function isFramed(bytes: Uint8Array, at: number): boolean {
  return bytes.length - at >= HEADER_SIZE && MAGIC.every((byte, i) => bytes[at + i] === byte);
}

/** Blocks behind the header, each with its length; further headers may follow where streams were put together. */
function uncompressFramed(from: Span, limit: number): Uint8Array {
  const { bytes } = from;
  let size = 0;
  for (let at = HEADER_SIZE; at < bytes.length; ) {
    const next = blockEnd(from, at);
    if (!isFramed(bytes, at)) size += snappyLength(bytes, at + 4, next, limit - size);
    at = next;
  }
  const out = Buffer.allocUnsafeSlow(size);
  const to = new Span(out);
  let put = 0;
  for (let at = HEADER_SIZE; at < bytes.length; ) {
    const next = blockEnd(from, at);
    if (!isFramed(bytes, at)) {
      const end = put + snappyLength(bytes, at + 4, next, limit);
      uncompressSnappy(from, at + 4, next, to, put, end);
      put = end;
    }
    at = next;
  }
  return out;
}

/** Where the block or header at `at` ends. */
function blockEnd(from: Span, at: number): number {
  if (isFramed(from.bytes, at)) return at + HEADER_SIZE;
  if (at + 4 > from.end) throw new Error('block length: truncated');
  const size = from.view.getInt32(at);
  if (size < 0 || size > from.end - at - 4) throw new Error(`block length: ${size} of ${from.end - at - 4} bytes`);
  return at + 4 + size;
}
