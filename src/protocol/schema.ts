// What a schema is made of: one description per message for all its versions. Schemas are data; compile.ts runs them.
// @thread any
import type { ApiName } from '../defs/api_name.ts';
import type { Codec } from './compile.ts';

/** Types of Kafka's message definitions; any other word is the name of a struct whose fields are given. */
export type Primitive =
  | 'bool'
  | 'int8'
  | 'int16'
  | 'uint16'
  | 'int32'
  | 'uint32'
  | 'int64'
  | 'float64'
  | 'string'
  | 'uuid'
  | 'bytes'
  | 'records';

/** First and last version, both included. */
export interface Versions {
  readonly from: number;
  readonly to: number;
}

/** A version that no message reaches: `flexible` of those that never are. */
export const NEVER = 0x7fff;

export interface FieldOptions {
  /** Versions in which null is allowed. */
  readonly nullable?: string;
  /** Value of an absent field; without it 0, false, '', no bytes, no elements, the zero uuid, a struct of defaults. */
  readonly default?: number | boolean | string | null;
  /** A value other than the default is dropped without a word in versions that lack the field; otherwise it throws. */
  readonly ignorable?: boolean;
  /** A string by its type that may hold any bytes: its value is these bytes. */
  readonly raw?: boolean;
  /** Number of a tagged field. */
  readonly tag?: number;
  /** Versions in which it is tagged, where these are not all of its versions. */
  readonly tagged?: string;
}

export interface Field {
  readonly name: string;
  /** The element's type for an array. */
  readonly type: string;
  readonly array: boolean;
  readonly versions: Versions;
  readonly nullable: Versions | null;
  readonly tagged: Versions | null;
  readonly tag: number;
  readonly ignorable: boolean;
  readonly raw: boolean;
  readonly default: number | boolean | string | null | undefined;
  /** Of a struct or of the elements of an array of structs. */
  readonly fields: readonly Field[] | null;
}

export interface Struct {
  readonly name: string;
  readonly versions: Versions;
  /** First flexible version. */
  readonly flexible: number;
  readonly fields: readonly Field[];
  /** Codecs compiled so far, by version: a memo of a pure function, so that each thread may hold its own. */
  readonly codecs: Codec[];
}

export interface Api {
  readonly key: number;
  readonly name: ApiName;
  readonly min: number;
  /** The highest version we speak; below `min` for an API that has no schema (yet). */
  readonly max: number;
  /** The highest version described: above `max` where Kafka 4.1 calls that version unstable. */
  readonly latest: number;
  /** First flexible version, NEVER if there is none. */
  readonly flexible: number;
  readonly request: Struct;
  readonly response: Struct;
}

/** `3`, `3-5` or `3+`. */
export function versions(text: string): Versions {
  const match = /^(\d+)(\+|-(\d+))?$/.exec(text);
  if (match === null) throw new RangeError(`no range of versions: ${text}`);
  const from = Number(match[1]);
  return { from, to: match[2] === '+' ? NEVER : Number(match[3] ?? from) };
}

/** Whether `version` is in `range`. */
export function holds(range: Versions | null, version: number): boolean {
  return range !== null && version >= range.from && version <= range.to;
}

/** One field: `type` is a primitive or a struct's name, with `[]` before it for an array. */
export function f(
  name: string,
  type: string,
  range: string,
  options: FieldOptions = {},
  fields?: readonly Field[],
): Field {
  const { tag = -1 } = options;
  return {
    name,
    type: type.startsWith('[]') ? type.slice(2) : type,
    array: type.startsWith('[]'),
    versions: versions(range),
    nullable: options.nullable === undefined ? null : versions(options.nullable),
    tagged: tag < 0 ? null : versions(options.tagged ?? range),
    tag,
    ignorable: options.ignorable === true,
    raw: options.raw === true,
    default: options.default,
    fields: fields ?? null,
  };
}

/** A struct that stands alone. */
export function struct(name: string, range: string, flexible: number, fields: readonly Field[]): Struct {
  return { name, versions: versions(range), flexible, fields, codecs: [] };
}

/**
 * A message: `range` are its versions, `first` the first flexible one. A range such as `0-9 10` describes version 10
 * but does not speak it, because Kafka 4.1 calls it unstable.
 */
export function api(
  key: number,
  name: ApiName,
  range: string,
  first: number,
  request: readonly Field[],
  response: readonly Field[],
): Api {
  const [stable = '', unstable] = range.split(' ');
  const { from, to } = versions(stable);
  const latest = unstable === undefined ? to : Number(unstable);
  const all = `${from}-${latest}`;
  return {
    key,
    name,
    min: from,
    max: to,
    latest,
    flexible: first,
    request: struct(`${name} request`, all, first, request),
    response: struct(`${name} response`, all, first, response),
  };
}
