// The consumer's hot path: reads one record (magic 2) at a position. A cursor is made once and read into many times.
// @thread any
import { readVarint, readVarlong, type VarintCursor } from '../rd/varint.ts';
import { RecordError } from './record_error.ts';

/** Attributes, timestamp delta, offset delta, key length, value length, header count at their shortest. */
const SHORTEST_BODY = 6;
/** The same with the length in front: no batch holds more records than its bytes divided by this. */
export const SHORTEST_RECORD: number = 1 + SHORTEST_BODY;
/** Name length and value length of a header at their shortest. */
const SHORTEST_HEADER = 2;

/**
 * Where the parts of the record lie in the array that `read` was given: positions only, no copies and no views.
 * After a `read` that threw the fields hold nothing meaningful.
 */
export class RecordCursor implements VarintCursor {
  /** Inside `read` only. */
  at = 0;
  attributes = 0;
  /** Milliseconds to add to the batch's base timestamp; NaN beyond +-(2^53 - 1). Born a double, so V8 keeps it one. */
  timestampDelta: number = Number.NaN;
  offsetDelta = 0;
  /** Where key length, key, value length, value and headers begin, up to `next`: what rewriteRecord takes. */
  bodyFrom = 0;
  keyFrom = 0;
  /** End of the key; -1 for no key (null). */
  keyTo = -1;
  valueFrom = 0;
  /** End of the value; -1 for no value (null). */
  valueTo = -1;
  headersFrom = 0;
  headerCount = 0;
  /** End of the record, where the next one begins. */
  next = 0;

  /**
   * Reads the record that begins at `at`; nothing at or behind `end` (at most bytes.length) is looked at. Throws
   * RecordError, naming the field, when the record is broken or does not fit. Headers are only counted: readHeaders.
   */
  read(bytes: Uint8Array, at: number, end: number): void {
    this.at = at;
    const length = readVarint(bytes, this, end);
    const body = this.at;
    if (body < 0 || length < SHORTEST_BODY || length > end - body) badLength(body, length, end);
    const next = body + length;
    this.next = next;
    this.attributes = bytes[body]!;
    this.at = body + 1;
    this.timestampDelta = readVarlong(bytes, this, next);
    if (this.at < 0) bad('record timestampDelta');
    const offsetDelta = readVarint(bytes, this, next);
    if (this.at < 0 || offsetDelta < 0) bad('record offsetDelta');
    this.offsetDelta = offsetDelta;
    this.bodyFrom = this.at;
    const keySize = readVarint(bytes, this, next);
    this.keyFrom = this.at;
    this.keyTo = fieldEnd(this, keySize, next, 'record key');
    const valueSize = readVarint(bytes, this, next);
    this.valueFrom = this.at;
    this.valueTo = fieldEnd(this, valueSize, next, 'record value');
    const count = readVarint(bytes, this, next);
    const rest = next - this.at;
    if (this.at < 0 || count < 0 || count * SHORTEST_HEADER > rest || (count === 0 && rest > 0)) {
      badHeaderCount(this.at, count, rest);
    }
    this.headersFrom = this.at;
    this.headerCount = count;
  }

  /**
   * The same for a record that writeRecord wrote in this process and nobody else could touch: nothing is checked.
   * `attributes`, `offsetDelta` and `bodyFrom` stay as they were.
   */
  readOwn(bytes: Uint8Array, at: number): void {
    this.at = at;
    const size = ownVarint(bytes, this) >>> 1;
    const next = this.at + size;
    this.next = next;
    this.at++;
    this.timestampDelta = readVarlong(bytes, this, next);
    ownVarint(bytes, this);
    const keySize = ownVarint(bytes, this);
    this.keyFrom = this.at;
    // Odd is negative, and the only negative length is that of null.
    this.keyTo = (keySize & 1) === 1 ? -1 : this.at + (keySize >>> 1);
    if (this.keyTo >= 0) this.at = this.keyTo;
    const valueSize = ownVarint(bytes, this);
    this.valueFrom = this.at;
    this.valueTo = (valueSize & 1) === 1 ? -1 : this.at + (valueSize >>> 1);
    if (this.valueTo >= 0) this.at = this.valueTo;
    this.headerCount = ownVarint(bytes, this) >>> 1;
    this.headersFrom = this.at;
  }
}

/** The bits of a varint before zigzag. */
function ownVarint(bytes: Uint8Array, cursor: VarintCursor): number {
  let at = cursor.at;
  let byte = bytes[at++]!;
  let bits = byte & 0x7f;
  for (let shift = 7; byte > 0x7f; shift += 7) {
    byte = bytes[at++]!;
    bits |= (byte & 0x7f) << shift;
  }
  cursor.at = at;
  return bits >>> 0;
}

/**
 * The headers of a record that was read into `cursor` from `bytes`, as copies in order, duplicates kept. Throws
 * RecordError, naming the header and its field, when they are broken or do not fill their part of the record.
 */
export function readHeaders(bytes: Uint8Array, cursor: Readonly<RecordCursor>): [string, Buffer | null][] {
  return readHeadersAt(bytes, cursor.headersFrom, cursor.next, cursor.headerCount);
}

/** The same for `count` headers in bytes[from, end), behind their count. */
export function readHeadersAt(bytes: Uint8Array, from: number, end: number, count: number): [string, Buffer | null][] {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const cursor: VarintCursor = { at: from };
  const headers: [string, Buffer | null][] = [];
  for (let i = 0; i < count; i++) {
    const nameSize = readVarint(bytes, cursor, end);
    const nameFrom = cursor.at;
    const nameTo = fieldEnd(cursor, nameSize, end, `record headers[${i}].name`);
    if (nameTo < 0) throw new RecordError(`record headers[${i}].name`, 'null');
    const valueSize = readVarint(bytes, cursor, end);
    const valueFrom = cursor.at;
    const valueTo = fieldEnd(cursor, valueSize, end, `record headers[${i}].value`);
    const value = valueTo < 0 ? null : Buffer.from(view.subarray(valueFrom, valueTo));
    headers.push([view.toString('utf8', nameFrom, nameTo), value]);
  }
  if (cursor.at !== end) throw new RecordError('record headers', `${end - cursor.at} bytes behind the last one`);
  return headers;
}

/** Moves the cursor behind `size` bytes and gives their end, -1 for null. */
function fieldEnd(cursor: VarintCursor, size: number, end: number, field: string): number {
  const from = cursor.at;
  if (from < 0) bad(field);
  if (size < 0) {
    if (size !== -1) throw new RecordError(field, `length ${size}`);
    return -1;
  }
  if (size > end - from) throw new RecordError(field, `length ${size} exceeds the ${end - from} bytes left`);
  cursor.at = from + size;
  return from + size;
}

function bad(field: string): never {
  throw new RecordError(field, 'not a number of its range, or cut off');
}

function badLength(body: number, length: number, end: number): never {
  if (body < 0) bad('record length');
  const problem = length < SHORTEST_BODY ? `below ${SHORTEST_BODY}` : `exceeds the ${end - body} bytes left`;
  throw new RecordError('record length', `${length} ${problem}`);
}

function badHeaderCount(at: number, count: number, rest: number): never {
  if (at < 0) bad('record headerCount');
  throw new RecordError('record headerCount', `${count} with ${rest} bytes left`);
}
