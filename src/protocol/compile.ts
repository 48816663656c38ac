// Turns a schema and a version into closures that encode and decode, once for each struct and version.
// @thread any
import type { ApiName } from '../defs/api_name.ts';
import { APIS, STRUCTS } from './api.ts';
import { type Decode, decoderOf } from './decoder.ts';
import { type Encode, encoderOf, Misfit } from './encoder.ts';
import type { Messages, Structs } from './messages.ts';
import { ProtocolError, type Reader } from './reader.ts';
import { holds, type Struct } from './schema.ts';
import type { Writer } from './writer.ts';

/** One struct in one version. */
export interface Codec {
  readonly encode: Encode;
  readonly decode: Decode;
}

/** What may be handed to an encoder: like the message, with any field left out (the schema's default is sent). */
export type Body<T> = T extends Uint8Array
  ? T
  : T extends readonly (infer E)[]
    ? readonly Body<E>[]
    : T extends object
      ? { readonly [K in keyof T]?: Body<T[K]> }
      : T;

/** What to do with bytes after a message's end: they are an error, unless told to look away. */
export type Trailing = 'refuse' | 'ignore';

function codecOf(struct: Struct, version: number): Codec {
  return (struct.codecs[version] ??= {
    encode: encoderOf(struct.fields, version, version >= struct.flexible),
    decode: decoderOf(struct.fields, version, version >= struct.flexible).decode,
  });
}

function encode(struct: Struct, version: number, body: object, writer: Writer): void {
  if (!holds(struct.versions, version)) throw new RangeError(`${struct.name} has no version ${version}`);
  try {
    codecOf(struct, version).encode(writer, body);
  } catch (error) {
    throw error instanceof Misfit ? new RangeError(`${struct.name} v${version}: ${error.message}`) : error;
  }
}

function decode(struct: Struct, version: number, reader: Reader, trailing: Trailing): any {
  const what = `${struct.name} v${version}`;
  if (!holds(struct.versions, version)) throw new ProtocolError('no such version', '(version)', what);
  try {
    const value = codecOf(struct, version).decode(reader);
    if (trailing === 'refuse' && reader.left > 0) throw new ProtocolError(`${reader.left} bytes too many`, '(end)');
    return value;
  } catch (error) {
    throw error instanceof ProtocolError ? error.of(what) : error;
  }
}

/**
 * Writes the body of a request (no header). Fields left out take the schema's default.
 * @throws RangeError naming the field: a value that its type cannot hold, a null that the version forbids, a value that
 * the version cannot carry and that may not be dropped; or a version that the schema lacks. The writer then holds a part.
 */
export function encodeRequest<N extends ApiName>(
  name: N,
  version: number,
  body: Body<Messages[N]['request']>,
  writer: Writer,
): void {
  encode(APIS[name].request, version, body as object, writer);
}

/** Writes the body of a response (no header), like `encodeRequest`. */
export function encodeResponse<N extends ApiName>(
  name: N,
  version: number,
  body: Body<Messages[N]['response']>,
  writer: Writer,
): void {
  encode(APIS[name].response, version, body as object, writer);
}

/**
 * Reads the body of a request (after its header). Fields that the version lacks have the schema's default; bytes and
 * records are views of the reader's memory.
 * @throws ProtocolError naming the field.
 */
export function decodeRequest<N extends ApiName>(
  name: N,
  version: number,
  reader: Reader,
  trailing: Trailing = 'refuse',
): Messages[N]['request'] {
  return decode(APIS[name].request, version, reader, trailing);
}

/** Reads the body of a response (after its header), like `decodeRequest`. */
export function decodeResponse<N extends ApiName>(
  name: N,
  version: number,
  reader: Reader,
  trailing: Trailing = 'refuse',
): Messages[N]['response'] {
  return decode(APIS[name].response, version, reader, trailing);
}

/** Writes a struct that travels inside a bytes field; errors like `encodeRequest`. */
export function encodeStruct<N extends keyof Structs>(
  name: N,
  version: number,
  body: Body<Structs[N]>,
  writer: Writer,
): void {
  encode(STRUCTS[name], version, body as object, writer);
}

/** Reads a struct that travels inside a bytes field; errors like `decodeRequest`. */
export function decodeStruct<N extends keyof Structs>(
  name: N,
  version: number,
  reader: Reader,
  trailing: Trailing = 'refuse',
): Structs[N] {
  return decode(STRUCTS[name], version, reader, trailing);
}
