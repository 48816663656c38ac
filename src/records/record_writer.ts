// The producer's hot path: one record (magic 2) straight into the memory of its batch. Allocates nothing. @thread any
import { copyShared } from '../rd/shared_copy.ts';
import { varintSize, varlongSize, writeVarint, writeVarlong } from '../rd/varint.ts';

export type Bytes = Uint8Array | string | null;
/** Header name (a string, or its UTF-8 bytes) and value. */
export type RecordHeader = readonly [name: string | Uint8Array, value: Uint8Array | null];
export type RecordHeaders = readonly RecordHeader[];

/** Two views on the same bytes, made once for a slab. */
export interface RecordTarget {
  readonly bytes: Uint8Array;
  readonly buffer: Buffer;
}

/** Up to here a loop over ASCII beats a call of Buffer's write (bench/micro/record_writer.mjs). */
const SHORT_TEXT = 16;
/** Length, attributes, timestamp delta, offset delta, key length, value length, header count at their longest. */
const RECORD_OVERHEAD = 5 + 1 + 10 + 5 + 5 + 5 + 5;
/** The same without the first at their shortest. */
const SHORTEST_BODY = 6;
/** Name length and value length at their longest. */
const HEADER_OVERHEAD = 5 + 5;

/**
 * No record of these parts is larger, whatever its deltas. Strings count 3 bytes per UTF-16 unit, so a caller that
 * finds the bound too large may ask exactSize.
 */
export function recordBound(key: Bytes, value: Bytes, headers: RecordHeaders | null): number {
  let bound = RECORD_OVERHEAD + boundOf(key) + boundOf(value);
  if (headers === null) return bound;
  for (let i = 0; i < headers.length; i++) {
    const header = headers[i]!;
    bound += HEADER_OVERHEAD + boundOf(header[0]) + boundOf(header[1]);
  }
  return bound;
}

/** The bytes that writeRecord will write for the same arguments. Measures strings, so it is no part of the hot path. */
export function exactSize(
  timestampDelta: number,
  offsetDelta: number,
  key: Bytes,
  value: Bytes,
  headers: RecordHeaders | null,
): number {
  const count = headers === null ? 0 : headers.length;
  let body = 1 + varlongSize(timestampDelta) + varintSize(offsetDelta) + varintSize(count);
  body += exactField(key) + exactField(value);
  for (let i = 0; i < count; i++) body += exactField(headers![i]![0]) + exactField(headers![i]![1]);
  return varintSize(body) + body;
}

/**
 * Writes one record at `at` of the target and gives the position behind it. The caller has made sure that recordBound
 * or exactSize bytes are free there (nothing beyond the record's exact size is touched), that `timestampDelta` is an
 * integer within +-2^53 and `offsetDelta` an int32. Lone surrogates become U+FFFD.
 */
export function writeRecord(
  target: RecordTarget,
  at: number,
  timestampDelta: number,
  offsetDelta: number,
  key: Bytes,
  value: Bytes,
  headers: RecordHeaders | null,
): number {
  const u8 = target.bytes;
  const body = at + lengthSize(atLeast(key, value, headers));
  u8[body] = 0;
  let to = writeVarlong(u8, body + 1, timestampDelta);
  to = writeVarint(u8, to, offsetDelta);
  to = writeField(target, to, key);
  to = writeField(target, to, value);
  if (headers === null) u8[to++] = 0;
  else to = writeHeaders(target, to, headers);
  return settleLength(u8, at, body, to);
}

/**
 * Writes a record whose part from the key's length on is already encoded in source[from, to): a record that moves to
 * another batch. Same rules as writeRecord; at most RECORD_OVERHEAD + to - from bytes.
 */
export function rewriteRecord(
  target: RecordTarget,
  at: number,
  timestampDelta: number,
  offsetDelta: number,
  source: Uint8Array,
  from: number,
  to: number,
): number {
  const u8 = target.bytes;
  let end = writeVarint(u8, at, 1 + varlongSize(timestampDelta) + varintSize(offsetDelta) + to - from);
  u8[end] = 0;
  end = writeVarlong(u8, end + 1, timestampDelta);
  end = writeVarint(u8, end, offsetDelta);
  copyShared(target.buffer, end, source.subarray(from, to));
  return end + to - from;
}

function boundOf(field: Bytes): number {
  if (field === null) return 0;
  return typeof field === 'string' ? field.length * 3 : field.length;
}

function exactField(field: Bytes): number {
  if (field === null) return 1;
  const size = typeof field === 'string' ? Buffer.byteLength(field) : field.length;
  return varintSize(size) + size;
}

/**
 * No more than the record's body has, and mostly in the same class of lengths: every string taken for ASCII, all other
 * numbers for one byte.
 */
function atLeast(key: Bytes, value: Bytes, headers: RecordHeaders | null): number {
  let size = SHORTEST_BODY;
  if (key !== null) size += key.length;
  if (value !== null) size += value.length;
  return headers === null ? size : size + headersAtLeast(headers);
}

function headersAtLeast(headers: RecordHeaders): number {
  let size = 0;
  for (let i = 0; i < headers.length; i++) {
    const header = headers[i]!;
    const value = header[1];
    size += 2 + header[0].length;
    if (value !== null) size += value.length;
  }
  return size;
}

/** varintSize of a length, which is never negative. */
function lengthSize(length: number): number {
  if (length < 64) return 1;
  return length < 8192 ? 2 : varintSize(length);
}

function writeField(target: RecordTarget, at: number, field: Bytes): number {
  if (field === null) return writeNull(target.bytes, at);
  return typeof field === 'string' ? writeText(target, at, field) : writeBytes(target, at, field);
}

function writeNull(u8: Uint8Array, at: number): number {
  u8[at] = 1;
  return at + 1;
}

function writeBytes(target: RecordTarget, at: number, field: Uint8Array): number {
  const from = writeVarint(target.bytes, at, field.length);
  copyShared(target.buffer, from, field);
  return from + field.length;
}

function writeText(target: RecordTarget, at: number, text: string): number {
  const u8 = target.bytes;
  const units = text.length;
  const from = at + lengthSize(units);
  if (units <= SHORT_TEXT) {
    let i = 0;
    for (; i < units; i++) {
      const unit = text.charCodeAt(i);
      if (unit > 0x7f) break;
      u8[from + i] = unit;
    }
    if (i === units) {
      writeVarint(u8, at, units);
      return from + units;
    }
  }
  return settleLength(u8, at, from, from + target.buffer.write(text, from));
}

function writeHeaders(target: RecordTarget, at: number, headers: RecordHeaders): number {
  const count = headers.length;
  let to = writeVarint(target.bytes, at, count);
  for (let i = 0; i < count; i++) {
    const header = headers[i]!;
    to = writeField(target, to, header[0]);
    to = writeField(target, to, header[1]);
  }
  return to;
}

/**
 * Writes the length of [from, end) at `at`, where bytes up to `from` were left free for it; when it needs more of them,
 * moves [from, end) up. Gives the new end.
 */
function settleLength(u8: Uint8Array, at: number, from: number, end: number): number {
  const size = end - from;
  const to = at + lengthSize(size);
  if (to !== from) u8.copyWithin(to, from, end);
  writeVarint(u8, at, size);
  return to + size;
}
