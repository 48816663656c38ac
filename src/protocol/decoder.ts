// From a schema and a version to a closure that decodes. Nothing it allocates is larger than what has come allows.
// @thread any
import { defaultOf } from './defaults.ts';
import { ProtocolError, type Reader } from './reader.ts';
import { type Field, holds } from './schema.ts';

export type Decode = (reader: Reader) => any;

/** A decoder and the fewest bytes that it can read. */
export interface Decoder {
  readonly decode: Decode;
  readonly minSize: number;
}

function located(error: unknown, segment: string | number): unknown {
  return error instanceof ProtocolError ? error.within(segment) : error;
}

function rawString(nullable: boolean, compact: boolean): Decoder {
  const decode: Decode = nullable ? (r) => r.nullableStringBytes(compact) : (r) => r.stringBytes(compact);
  return { decode, minSize: compact ? 1 : 2 };
}

function primitive(type: string, nullable: boolean, compact: boolean): Decoder {
  switch (type) {
    case 'bool':
      return { decode: (r) => r.bool(), minSize: 1 };
    case 'int8':
      return { decode: (r) => r.int8(), minSize: 1 };
    case 'int16':
      return { decode: (r) => r.int16(), minSize: 2 };
    case 'uint16':
      return { decode: (r) => r.uint16(), minSize: 2 };
    case 'int32':
      return { decode: (r) => r.int32(), minSize: 4 };
    case 'uint32':
      return { decode: (r) => r.uint32(), minSize: 4 };
    case 'int64':
      return { decode: (r) => r.int64(), minSize: 8 };
    case 'float64':
      return { decode: (r) => r.float64(), minSize: 8 };
    case 'uuid':
      return { decode: (r) => r.uuid(), minSize: 16 };
    case 'string':
      return {
        decode: nullable ? (r) => r.nullableString(compact) : (r) => r.string(compact),
        minSize: compact ? 1 : 2,
      };
    case 'bytes':
    case 'records':
      return { decode: nullable ? (r) => r.nullableBytes(compact) : (r) => r.bytes(compact), minSize: compact ? 1 : 4 };
    default:
      throw new RangeError(`no type ${type}`);
  }
}

function arrayOf(element: Decoder, nullable: boolean, compact: boolean): Decoder {
  const { decode, minSize } = element;
  const elements: Decode = (reader) => {
    const count = reader.count(compact, minSize);
    if (count < 0) {
      if (nullable) return null;
      throw new ProtocolError('null where an array is required');
    }
    const items: unknown[] = [];
    try {
      while (items.length < count) items.push(decode(reader));
    } catch (error) {
      throw located(error, items.length);
    }
    return items;
  };
  return { decode: elements, minSize: compact ? 1 : 4 };
}

function nullableStruct(inner: Decoder): Decoder {
  return { decode: (reader) => (reader.int8() < 0 ? null : inner.decode(reader)), minSize: 1 };
}

function decoderOfField(field: Field, version: number, flexible: boolean): Decoder {
  const nullable = holds(field.nullable, version);
  if (field.array) {
    const element =
      field.fields === null ? primitive(field.type, false, flexible) : decoderOf(field.fields, version, flexible);
    return arrayOf(element, nullable, flexible);
  }
  if (field.raw) return rawString(nullable, flexible);
  if (field.fields === null) return primitive(field.type, nullable, flexible);
  const inner = decoderOf(field.fields, version, flexible);
  return nullable ? nullableStruct(inner) : inner;
}

/** Reads the tagged fields of a struct into `out`; those that the schema does not know are passed over. */
function readTags(reader: Reader, out: any, names: readonly string[], decoders: readonly (Decode | undefined)[]): void {
  let at = '(tags)';
  try {
    const count = reader.unsignedVarint();
    if (count * 2 > reader.left) throw new ProtocolError(`${count} tagged fields exceed the ${reader.left} bytes left`);
    for (let i = 0; i < count; i++) {
      const tag = reader.unsignedVarint();
      const size = reader.unsignedVarint();
      const decode = decoders[tag];
      at = names[tag] ?? '(tags)';
      const from = reader.skip(size);
      if (decode === undefined) continue;
      const { end } = reader;
      reader.position = from;
      reader.end = from + size;
      out[at] = decode(reader);
      if (reader.left > 0) throw new ProtocolError(`ends ${reader.left} bytes before its size of ${size}`);
      reader.end = end;
      at = '(tags)';
    }
  } catch (error) {
    throw located(error, at);
  }
}

/** The decoder of a struct; `flexible` versions have compact lengths and tagged fields. */
export function decoderOf(fields: readonly Field[], version: number, flexible: boolean): Decoder {
  const names: string[] = [];
  const decoders: Decode[] = [];
  const tagNames: string[] = [];
  const tagDecoders: Decode[] = [];
  let minSize = flexible ? 1 : 0;
  for (const field of fields) {
    names.push(field.name);
    const present = holds(field.versions, version);
    const tagged = flexible && holds(field.tagged, version);
    if (!present || tagged) decoders.push(() => defaultOf(field));
    if (!present) continue;
    const own = decoderOfField(field, version, flexible);
    if (tagged) {
      tagNames[field.tag] = field.name;
      tagDecoders[field.tag] = own.decode;
    } else {
      decoders.push(own.decode);
      minSize += own.minSize;
    }
  }
  const decode: Decode = (reader) => {
    const out: any = {};
    let i = 0;
    try {
      for (; i < decoders.length; i++) out[names[i]!] = decoders[i]!(reader);
    } catch (error) {
      throw located(error, names[i]!);
    }
    if (flexible) readTags(reader, out, tagNames, tagDecoders);
    return out;
  };
  return { decode, minSize };
}
