// rd_kafka_headers_t: the ordered list of a message's headers, duplicates kept. @thread any
import { checkBytes, checkString, GONE, typeError } from '../rd/check.ts';
import type { Bytes, rd_kafka_headers_t } from './types.ts';

/** What the promise forms take: pairs in order, or an object (an array of values gives several headers of that name). */
export type HeaderInput =
  | Iterable<readonly [string, Bytes]>
  | Readonly<Record<string, Bytes | readonly Bytes[]>>
  | rd_kafka_headers_t;

/** One header; a null value and an empty one differ. */
export type Header = readonly [name: string, value: Buffer | null];

export class HeaderList implements rd_kafka_headers_t {
  /** In order; entries are never changed, only added and removed. */
  readonly list: Header[] = [];
  /** '' while the application may use it, else why not. */
  '~gone': string = '';

  get '~type'(): 'rd_kafka_headers_t' {
    return 'rd_kafka_headers_t';
  }

  /** Appends; `value` must not change any more. */
  add(name: string, value: Buffer | null): void {
    this.list.push([name, value]);
  }

  /** Removes every header of that name; gives how many. */
  remove(name: string): number {
    const before = this.list.length;
    let kept = 0;
    for (const header of this.list) if (header[0] !== name) this.list[kept++] = header;
    this.list.length = kept;
    return before - kept;
  }

  /** The idx-th header of that name (from 0, in order). */
  get(name: string, idx: number): Header | undefined {
    let seen = 0;
    for (const header of this.list) if (header[0] === name && seen++ === idx) return header;
    return undefined;
  }

  /** The header of that name that was added last. */
  last(name: string): Header | undefined {
    return this.list.findLast((header) => header[0] === name);
  }

  /** A list of its own with the same headers; values are never written to, so they are shared. */
  copy(): HeaderList {
    const copy = new HeaderList();
    for (const header of this.list) copy.list.push(header);
    return copy;
  }

  /** What a message does that takes the headers over: gives them as a list of its own, and using this one throws. */
  takeOver(): HeaderList {
    this[GONE] = 'was taken over by a message';
    return this.copy();
  }

  destroy(): void {
    this[GONE] = 'has been destroyed';
  }

  [Symbol.dispose](): void {
    if (this[GONE] === '') this.destroy();
  }
}

/** A Buffer of its own with these bytes, or null: what a header keeps of what it is given. */
export function headerValue(fn: string, param: string, value: Bytes): Buffer | null {
  const bytes = checkBytes(fn, param, value);
  if (bytes === null) return null;
  return typeof value === 'string' ? (bytes as Buffer) : Buffer.from(bytes);
}

/**
 * The headers of a HeaderInput, checked and copied; null for undefined and null. A rd_kafka_headers_t must be checked by
 * the caller (checkBrand) and is given back as it is.
 */
export function headersFrom(fn: string, param: string, input: HeaderInput | null | undefined): HeaderList | null {
  if (input === null || input === undefined) return null;
  if (typeof input !== 'object') throw typeError(fn, param, 'pairs, an object or rd_kafka_headers_t', input);
  if ((input as HeaderList)['~type'] === 'rd_kafka_headers_t') return input as HeaderList;
  const headers = new HeaderList();
  if (Symbol.iterator in input) {
    for (const pair of input as Iterable<readonly [string, Bytes]>) {
      if (!Array.isArray(pair)) throw typeError(fn, param, 'pairs [name, value]', pair);
      headers.add(checkString(fn, `a name in ${param}`, pair[0]), headerValue(fn, `a value in ${param}`, pair[1]));
    }
    return headers;
  }
  for (const [name, value] of Object.entries(input as Record<string, Bytes | readonly Bytes[]>)) {
    checkString(fn, `a name in ${param}`, name);
    const values = Array.isArray(value) ? (value as readonly Bytes[]) : [value as Bytes];
    for (const one of values) headers.add(name, headerValue(fn, `${param}.${name}`, one));
  }
  return headers;
}
