// One raw snappy stream (a length and its elements): compressed from bytes, and decoded with every bound checked.
// @thread any
import { copyLiterals, copyMatch, equalBytes, Span } from './copies.ts';

/** Matches are looked for inside fragments of this size, so that a position in one fits 16 bits. */
const FRAGMENT = 0x10000;
/** Nothing is looked for in the last bytes of a fragment. */
const MARGIN = 15;
const HASH_FACTOR = 0x1e35a7bd;
const MOST_TABLE_BITS = 14;
const LONGEST_COPY = 64;
/** No element gives more for its bytes than a copy of 64 in three. */
const BEST_RATIO = 22;

interface Work {
  readonly from: Span;
  readonly to: Span;
  readonly table: Uint16Array;
  readonly shift: number;
}

/** The most bytes that `compressSnappy` makes of `size`. */
export function snappyBound(size: number): number {
  return 32 + size + Math.floor(size / 6);
}

/** Writes all of `from` as one raw stream to `to` (snappyBound of it long); gives its length. */
export function compressSnappy(from: Uint8Array, to: Uint8Array): number {
  let at = writeLength(to, from.length);
  let bits = 8;
  while (bits < MOST_TABLE_BITS && 1 << bits < from.length) bits++;
  const work = { from: new Span(from), to: new Span(to), table: new Uint16Array(1 << bits), shift: 32 - bits };
  for (let position = 0; position < from.length; position += FRAGMENT) {
    if (position > 0) work.table.fill(0);
    at = compressFragment(work, position, Math.min(position + FRAGMENT, from.length), at);
  }
  return at;
}

function writeLength(to: Uint8Array, size: number): number {
  let at = 0;
  let rest = size;
  while (rest >= 0x80) {
    to[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  to[at++] = rest;
  return at;
}

function compressFragment(work: Work, start: number, end: number, at: number): number {
  const { from, table, shift } = work;
  const { view } = from;
  const last = end - MARGIN;
  let written = start;
  let position = start + 1;
  let tries = 32;
  while (position < last) {
    const word = view.getInt32(position, true);
    const hash = Math.imul(word, HASH_FACTOR) >>> shift;
    const candidate = start + table[hash]!;
    table[hash] = position - start;
    if (view.getInt32(candidate, true) !== word) {
      // The longer nothing matches, the more is skipped: bytes that do not shrink cost little.
      position += tries++ >>> 5;
      continue;
    }
    if (position > written) at = writeLiteral(work, written, position, at);
    const size = 4 + equalBytes(from, position + 4, candidate + 4, end);
    at = writeCopy(work.to.bytes, at, position - candidate, size);
    position += size;
    written = position;
    tries = 32;
    if (position >= last) break;
    table[Math.imul(view.getInt32(position - 1, true), HASH_FACTOR) >>> shift] = position - 1 - start;
  }
  return written < end ? writeLiteral(work, written, end, at) : at;
}

function writeLiteral(work: Work, from: number, end: number, at: number): number {
  const { bytes: to } = work.to;
  const size = end - from;
  const rest = size - 1;
  if (rest < 60) to[at++] = rest << 2;
  else if (rest < 0x100) {
    to[at++] = 60 << 2;
    to[at++] = rest;
  } else {
    to[at++] = 61 << 2;
    to[at++] = rest & 0xff;
    to[at++] = rest >>> 8;
  }
  copyLiterals(work.from, from, work.to, at, size);
  return at + size;
}

function writeCopy(to: Uint8Array, at: number, distance: number, size: number): number {
  let rest = size;
  while (rest > LONGEST_COPY) {
    // What remains must be long enough for a copy of its own.
    const step = rest < LONGEST_COPY + 4 ? LONGEST_COPY - 4 : LONGEST_COPY;
    at = writeShortCopy(to, at, distance, step);
    rest -= step;
  }
  return writeShortCopy(to, at, distance, rest);
}

function writeShortCopy(to: Uint8Array, at: number, distance: number, size: number): number {
  if (size < 12 && distance < 2048) {
    to[at] = 1 | ((size - 4) << 2) | ((distance >>> 8) << 5);
    to[at + 1] = distance & 0xff;
    return at + 2;
  }
  to[at] = 2 | ((size - 1) << 2);
  to[at + 1] = distance & 0xff;
  to[at + 2] = distance >>> 8;
  return at + 3;
}

/**
 * The decompressed size that the raw stream bytes[from, to) opens with. Throws when there is none, when it is above
 * `limit` or above what so few bytes can give.
 */
export function snappyLength(bytes: Uint8Array, from: number, to: number, limit: number): number {
  let size = 0;
  for (let i = 0; i < 5; i++) {
    if (from + i >= to) throw new Error('length: truncated');
    const byte = bytes[from + i]!;
    size += (byte & 0x7f) * 2 ** (7 * i);
    if (byte < 0x80) {
      if (size > limit) throw new Error(`length: ${size} bytes, above the limit of ${limit}`);
      if (size > (to - from) * BEST_RATIO) throw new Error(`length: ${size} bytes cannot come out of ${to - from}`);
      return size;
    }
  }
  throw new Error('length: longer than 5 bytes');
}

/**
 * Decodes the raw stream from[at, last) into to[start, end), which it must fill exactly. Throws for everything else.
 * Nothing outside is read; in `to` what lies behind may change.
 */
export function uncompressSnappy(from: Span, at: number, last: number, to: Span, start: number, end: number): void {
  const { bytes } = from;
  while (bytes[at]! >= 0x80) at++; // the length, which snappyLength has checked
  at++;
  let put = start;
  while (at < last) {
    const tag = bytes[at++]!;
    const kind = tag & 3;
    if (kind === 0) {
      let size = (tag >>> 2) + 1;
      if (size > 60) {
        const wide = size - 60;
        if (at + wide > last) throw new Error('literal: truncated');
        size = 1 + littleEndian(bytes, at, wide);
        at += wide;
      }
      if (size > last - at) throw new Error('literal: truncated');
      if (size > end - put) throw new Error('literal: beyond the length');
      copyLiterals(from, at, to, put, size);
      at += size;
      put += size;
      continue;
    }
    const wide = kind === 3 ? 4 : kind;
    if (at + wide > last) throw new Error('copy: truncated');
    let size = (tag >>> 2) + 1;
    let distance: number;
    if (kind === 1) {
      size = ((tag >>> 2) & 7) + 4;
      distance = bytes[at]! | ((tag >>> 5) << 8);
    } else if (kind === 2) distance = bytes[at]! | (bytes[at + 1]! << 8);
    else distance = littleEndian(bytes, at, 4);
    at += wide;
    if (distance === 0 || distance > put - start) throw new Error('copy: from before the start');
    if (size > end - put) throw new Error('copy: beyond the length');
    copyMatch(to, put, distance, size);
    put += size;
  }
  if (put !== end) throw new Error(`${put - start} bytes instead of ${end - start}`);
}

function littleEndian(bytes: Uint8Array, at: number, wide: number): number {
  let value = 0;
  for (let i = 0; i < wide; i++) value += bytes[at + i]! * 2 ** (8 * i);
  return value;
}
