// One LZ4 block: compressed fast from bytes, and decoded with every bound checked. @thread any
import { copyLiterals, copyMatch, equalBytes, type Span } from './copies.ts';

/** A match is at least this long. */
export const SHORTEST_MATCH = 4;
/** The last bytes of a block are always literals. */
export const LAST_LITERALS = 5;
/** No match starts in the last bytes of a block. */
export const LAST_MATCH = 12;
const HASH_FACTOR = 0x9e3779b1 | 0;
const TABLE_BITS = 13;

/** The most bytes that a block of `size` becomes. */
export function lz4Bound(size: number): number {
  return size + Math.floor(size / 255) + 16;
}

/** The scratch memory of compressBlock: any block may use it after any other. */
export function lz4Table(): Uint16Array {
  return new Uint16Array(1 << TABLE_BITS);
}

/** Compresses from[start, end), at most 64 KiB, to `to` at `at`, where lz4Bound of it has room; gives where it ends. */
export function compressBlock(
  from: Span,
  start: number,
  end: number,
  to: Span,
  at: number,
  table: Uint16Array,
): number {
  const { bytes, view } = from;
  const last = end - LAST_MATCH;
  const matchEnd = end - LAST_LITERALS;
  const shift = 32 - TABLE_BITS;
  let written = start;
  let position = start + 1;
  let tries = 64;
  table.fill(0);
  while (position < last) {
    const word = view.getInt32(position, true);
    const hash = Math.imul(word, HASH_FACTOR) >>> shift;
    let candidate = start + table[hash]!;
    table[hash] = position - start;
    if (view.getInt32(candidate, true) !== word) {
      // The longer nothing matches, the more is skipped: bytes that do not shrink cost little.
      position += tries++ >>> 6;
      continue;
    }
    let size = SHORTEST_MATCH + equalBytes(from, position + 4, candidate + 4, matchEnd);
    while (position > written && candidate > start && bytes[position - 1] === bytes[candidate - 1]) {
      position--;
      candidate--;
      size++;
    }
    at = writeSequence(from, written, position, to, at, position - candidate, size);
    position += size;
    written = position;
    tries = 64;
    if (position >= last) break;
    table[Math.imul(view.getInt32(position - 2, true), HASH_FACTOR) >>> shift] = position - 2 - start;
  }
  return writeLast(from, written, end, to, at);
}

/** The literals from[written, position) and a match behind them. */
export function writeSequence(
  from: Span,
  written: number,
  position: number,
  to: Span,
  at: number,
  distance: number,
  size: number,
): number {
  const literals = position - written;
  const rest = size - SHORTEST_MATCH;
  const { bytes } = to;
  bytes[at++] = (Math.min(literals, 15) << 4) | Math.min(rest, 15);
  if (literals >= 15) at = writeMore(bytes, at, literals - 15);
  copyLiterals(from, written, to, at, literals);
  at += literals;
  bytes[at++] = distance & 0xff;
  bytes[at++] = distance >>> 8;
  return rest >= 15 ? writeMore(bytes, at, rest - 15) : at;
}

/** The literals that end a block. */
export function writeLast(from: Span, written: number, end: number, to: Span, at: number): number {
  const { bytes } = to;
  const literals = end - written;
  bytes[at++] = Math.min(literals, 15) << 4;
  if (literals >= 15) at = writeMore(bytes, at, literals - 15);
  copyLiterals(from, written, to, at, literals);
  return at + literals;
}

function writeMore(bytes: Uint8Array, at: number, rest: number): number {
  while (rest >= 255) {
    bytes[at++] = 255;
    rest -= 255;
  }
  bytes[at++] = rest;
  return at;
}

/**
 * Decodes the block from[at, last) into `to` at `put`, at most up to `end`; gives where it ends. Matches reach back to
 * `low`. Throws for everything that is no block. Nothing outside is read; in `to` what lies behind may change.
 */
export function uncompressBlock(
  from: Span,
  at: number,
  last: number,
  to: Span,
  put: number,
  end: number,
  low: number,
): number {
  const { bytes } = from;
  while (at < last) {
    const token = bytes[at++]!;
    let size = token >>> 4;
    if (size === 15) {
      let more = 255;
      while (more === 255) {
        if (at >= last) throw new Error('literals: truncated');
        more = bytes[at++]!;
        size += more;
      }
    }
    if (size > last - at) throw new Error('literals: truncated');
    if (size > end - put) throw new Error('literals: beyond the size');
    copyLiterals(from, at, to, put, size);
    at += size;
    put += size;
    if (at === last) return put;
    if (last - at < 2) throw new Error('match: truncated');
    const distance = bytes[at]! | (bytes[at + 1]! << 8);
    at += 2;
    if (distance === 0 || distance > put - low) throw new Error('match: from before the start');
    size = SHORTEST_MATCH + (token & 15);
    if ((token & 15) === 15) {
      let more = 255;
      while (more === 255) {
        if (at >= last) throw new Error('match: truncated');
        more = bytes[at++]!;
        size += more;
      }
    }
    if (size > end - put) throw new Error('match: beyond the size');
    copyMatch(to, put, distance, size);
    put += size;
  }
  throw new Error('no literals at the end');
}
