// From a schema and a version to a closure that encodes.
// @thread any
import { defaultOf, isDefault } from './defaults.ts';
import { type Field, holds } from './schema.ts';
import type { Writer } from './writer.ts';

export type Encode = (writer: Writer, value: any) => void;

/** A value that cannot be written, on its way up through the structs; the caller of the encoder sees a RangeError. */
export class Misfit extends RangeError {
  readonly path: string;
  readonly problem: string;

  constructor(problem: string, path: string = '') {
    super(path === '' ? problem : `${path}: ${problem}`);
    this.path = path;
    this.problem = problem;
  }

  /** The same one level up: `segment` is a field's name or an array index. */
  within(segment: string | number): Misfit {
    const own = typeof segment === 'number' ? `[${segment}]` : segment;
    return new Misfit(
      this.problem,
      this.path === '' || this.path.startsWith('[') ? own + this.path : `${own}.${this.path}`,
    );
  }
}

function located(error: unknown, segment: string | number): unknown {
  if (error instanceof Misfit) return error.within(segment);
  // What the writer throws knows no field yet.
  if (error !== null && typeof error === 'object' && (error as Error).name === 'RangeError') {
    return new Misfit((error as Error).message).within(segment);
  }
  return error;
}

function primitive(type: string, compact: boolean): Encode {
  switch (type) {
    case 'bool':
      return (w, value) => w.bool(value);
    case 'int8':
      return (w, value) => w.int8(value);
    case 'int16':
      return (w, value) => w.int16(value);
    case 'uint16':
      return (w, value) => w.uint16(value);
    case 'int32':
      return (w, value) => w.int32(value);
    case 'uint32':
      return (w, value) => w.uint32(value);
    case 'int64':
      return (w, value) => w.int64(value);
    case 'float64':
      return (w, value) => w.float64(value);
    case 'uuid':
      return (w, value) => w.uuid(value);
    case 'string':
      return (w, value) => w.string(value, compact);
    case 'bytes':
    case 'records':
      return (w, value) => w.blob(value, compact);
    default:
      throw new RangeError(`no type ${type}`);
  }
}

/** How a field's null looks. */
function nullOf(field: Field, compact: boolean): Encode {
  if (field.array) return (w) => w.count(-1, compact);
  if (field.fields !== null) return (w) => w.int8(-1);
  return field.type === 'string' ? (w) => w.nullableString(null, compact) : (w) => w.nullableBlob(null, compact);
}

function arrayOf(element: Encode, compact: boolean): Encode {
  return (writer, value) => {
    if (!Array.isArray(value)) throw new Misfit('is no array');
    writer.count(value.length, compact);
    let i = 0;
    try {
      for (; i < value.length; i++) element(writer, value[i]);
    } catch (error) {
      throw located(error, i);
    }
  };
}

function encoderOfField(field: Field, version: number, flexible: boolean): Encode {
  const element = field.raw
    ? (w: Writer, value: any) => w.stringBytes(value, flexible)
    : field.fields === null
      ? primitive(field.type, flexible)
      : encoderOf(field.fields, version, flexible);
  const some = field.array ? arrayOf(element, flexible) : element;
  const nullable = holds(field.nullable, version);
  const none: Encode = nullable
    ? nullOf(field, flexible)
    : () => {
        throw new Misfit(`may not be null in version ${version}`);
      };
  const marked = nullable && !field.array && field.fields !== null;
  return (writer, value) => {
    if (value === null) none(writer, value);
    else {
      if (marked) writer.int8(1);
      some(writer, value);
    }
  };
}

function refuseUnlessDefault(field: Field, version: number): Encode {
  return (_writer, value) => {
    if (!isDefault(field, value)) throw new Misfit(`is set, and version ${version} cannot carry it`);
  };
}

interface Tagged {
  readonly field: Field;
  readonly encode: Encode;
}

function writeTags(writer: Writer, value: any, tagged: readonly Tagged[]): void {
  const set = tagged.filter(({ field }) => !isDefault(field, value[field.name]));
  writer.unsignedVarint(set.length);
  for (const { field, encode } of set) {
    writer.unsignedVarint(field.tag);
    const from = writer.position;
    try {
      encode(writer, value[field.name]);
    } catch (error) {
      throw located(error, field.name);
    }
    writer.sizeBefore(from);
  }
}

/** The encoder of a struct; `flexible` versions have compact lengths and tagged fields. */
export function encoderOf(fields: readonly Field[], version: number, flexible: boolean): Encode {
  const names: string[] = [];
  const encoders: Encode[] = [];
  const defaults: (() => unknown)[] = [];
  const tagged: Tagged[] = [];
  for (const field of fields) {
    const present = holds(field.versions, version);
    if (present && flexible && holds(field.tagged, version)) {
      tagged.push({ field, encode: encoderOfField(field, version, flexible) });
    } else if (present || !field.ignorable) {
      names.push(field.name);
      encoders.push(present ? encoderOfField(field, version, flexible) : refuseUnlessDefault(field, version));
      defaults.push(() => defaultOf(field));
    }
  }
  tagged.sort((a, b) => a.field.tag - b.field.tag);
  return (writer, value) => {
    if (value === null || typeof value !== 'object') throw new Misfit('is no object');
    let i = 0;
    try {
      for (; i < encoders.length; i++) encoders[i]!(writer, value[names[i]!] ?? absent(value[names[i]!], defaults[i]!));
    } catch (error) {
      throw located(error, names[i]!);
    }
    if (flexible) writeTags(writer, value, tagged);
  };
}

/** null stays null; only a field left out takes its default. */
function absent(value: null | undefined, fallback: () => unknown): unknown {
  return value === undefined ? fallback() : null;
}
