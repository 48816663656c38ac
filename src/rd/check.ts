// Argument checks of public functions: wrong type TypeError, bad number RangeError, destroyed object TypeError with
// code ERR_RDKAFKA_DESTROYED; the text names function and parameter, and nothing has happened yet. @thread any
import { isUint8Array } from 'node:util/types';

/**
 * Key under which an object that users hold says why it can't be used any more ('' while it can).
 * Its brand is a getter `'~type'` on the prototype, so that neither a plain object nor a structured clone has it.
 */
export const GONE = '~gone';

/** What checkBrand looks at. `'~type'` holds the C type's name, `[GONE]` '' or for example 'has been destroyed'. */
export interface Branded {
  readonly '~type': string;
  '~gone'?: string;
}

/** TypeError whose text is `fn: param must be what, not <kind of value>`. */
export function typeError(fn: string, param: string, what: string, value: unknown): TypeError {
  return new TypeError(`${fn}: ${param} must be ${what}, not ${kindOf(value)}`);
}

/** TypeError for an object that was destroyed or taken over; `reason` is the object's own text. */
export function destroyedError(fn: string, param: string, reason: string): TypeError & { code: string } {
  return Object.assign(new TypeError(`${fn}: ${param} ${reason}`), { code: 'ERR_RDKAFKA_DESTROYED' });
}

/** A string without NUL. */
export function checkString(fn: string, param: string, value: unknown): string {
  if (typeof value !== 'string') throw typeError(fn, param, 'a string', value);
  if (value.includes('\0')) throw new TypeError(`${fn}: ${param} must be a string without a NUL character`);
  return value;
}

/** A string without NUL, or null; undefined counts as null. */
export function checkStringOrNull(fn: string, param: string, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (typeof value !== 'string') throw typeError(fn, param, 'a string or null', value);
  return checkString(fn, param, value);
}

/** An integer within [min, max], both included. */
export function checkInt(fn: string, param: string, value: unknown, min: number, max: number): number {
  if (typeof value !== 'number') throw typeError(fn, param, 'a number', value);
  if (!Number.isInteger(value)) throw new RangeError(`${fn}: ${param} must be an integer, not ${value}`);
  if (value < min || value > max)
    throw new RangeError(`${fn}: ${param} must be within ${min} and ${max}, not ${value}`);
  return value;
}

/** C's `int`, `int32_t`, a timeout in ms (any negative one waits for ever), an error code. */
export function checkInt32(fn: string, param: string, value: unknown): number {
  return checkInt(fn, param, value, -2147483648, 2147483647);
}

/** C's `int64_t` as far as a number is exact: within ±(2^53 - 1). */
export function checkInt64(fn: string, param: string, value: unknown): number {
  return checkInt(fn, param, value, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
}

/** C's `size_t`: 0 to 2^53 - 1. */
export function checkSize(fn: string, param: string, value: unknown): number {
  return checkInt(fn, param, value, 0, Number.MAX_SAFE_INTEGER);
}

/** An int that means yes or no: a boolean, or a number of which all but 0 mean yes. */
export function checkYesNo(fn: string, param: string, value: unknown): boolean {
  if (typeof value === 'boolean') return value;
  if (typeof value !== 'number') throw typeError(fn, param, 'a boolean or a number', value);
  return checkInt32(fn, param, value) !== 0;
}

/** A function. */
export function checkFunction<F>(fn: string, param: string, value: F): F {
  if (typeof value !== 'function') throw typeError(fn, param, 'a function', value);
  return value;
}

/** A function, or null; undefined counts as null. */
export function checkFunctionOrNull<F>(fn: string, param: string, value: F): F | null {
  if (value === null || value === undefined) return null;
  if (typeof value !== 'function') throw typeError(fn, param, 'a function or null', value);
  return value;
}

/** Bytes as callers give them: Uint8Array, string (UTF-8) or null (undefined counts as null). Nothing is copied but a string. */
export function checkBytes(fn: string, param: string, value: unknown): Uint8Array | null {
  if (typeof value === 'string') return Buffer.from(value, 'utf8');
  if (value === null || value === undefined) return null;
  if (!isUint8Array(value)) throw typeError(fn, param, 'a Uint8Array, a string or null', value);
  return value;
}

/** An array; `null` is refused. */
export function checkArray<T>(fn: string, param: string, value: readonly T[]): readonly T[] {
  if (!Array.isArray(value)) throw typeError(fn, param, 'an array', value);
  return value;
}

/** An out-parameter `{ value }`, or null (undefined counts as null). */
export function checkOut<O extends { value: unknown }>(
  fn: string,
  param: string,
  value: O | null | undefined,
): O | null {
  if (value === null || value === undefined) return null;
  if (typeof value !== 'object') throw typeError(fn, param, 'an object { value } or null', value);
  return value;
}

/** A living object of the C type `brand` (`'rd_kafka_conf_t'`); destroyed or taken over: ERR_RDKAFKA_DESTROYED. */
export function checkBrand<T>(fn: string, param: string, value: unknown, brand: string): T {
  if (typeof value !== 'object' || value === null || (value as Branded)['~type'] !== brand) {
    throw typeError(fn, param, article(brand), value);
  }
  const gone = (value as Branded)[GONE];
  if (gone) throw destroyedError(fn, param, gone);
  return value as T;
}

/** Like checkBrand; null and undefined give null. */
export function checkBrandOrNull<T>(fn: string, param: string, value: unknown, brand: string): T | null {
  return value === null || value === undefined ? null : checkBrand<T>(fn, param, value, brand);
}

function article(brand: string): string {
  return `${/^[aeiou]/i.test(brand) ? 'an' : 'a'} ${brand}`;
}

/** Never calls into the value: its toString may throw. */
function kindOf(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') {
    const brand = (value as Branded)['~type'];
    return typeof brand === 'string' ? article(brand) : 'an object';
  }
  return typeof value === 'number' ? `the number ${value}` : `a ${typeof value}`;
}
