// Frames: a 4-byte size, a header, a body; and cutting a stream of bytes into frames.
// @thread any
import type { ApiName } from '../defs/api_name.ts';
import { APIS, apiByKey } from './api.ts';
import { type Body, encodeRequest, encodeResponse } from './compile.ts';
import type { Messages } from './messages.ts';
import { ProtocolError, type Reader } from './reader.ts';
import { Writer } from './writer.ts';

export { FrameSplitter } from './frame_splitter.ts';

export interface RequestHeader {
  readonly apiKey: number;
  readonly apiVersion: number;
  readonly correlationId: number;
  readonly clientId: string | null;
}

/** Writes a request's header: version 2 (with tagged fields) where the API's version is flexible, else version 1. */
export function writeRequestHeader(
  name: ApiName,
  version: number,
  correlationId: number,
  clientId: string | null,
  writer: Writer,
): void {
  const { key, flexible } = APIS[name];
  writer.int16(key);
  writer.int16(version);
  writer.int32(correlationId);
  writer.nullableString(clientId);
  if (version >= flexible) writer.unsignedVarint(0);
}

/** Answers to ApiVersions have header version 0 whatever their own, so that a client can read them before it knows. */
function flexibleAnswer(name: ApiName, version: number): boolean {
  return name !== 'ApiVersions' && version >= APIS[name].flexible;
}

/** Writes a response's header. */
export function writeResponseHeader(name: ApiName, version: number, correlationId: number, writer: Writer): void {
  writer.int32(correlationId);
  if (flexibleAnswer(name, version)) writer.unsignedVarint(0);
}

function finish(writer: Writer): Uint8Array {
  writer.int32At(0, writer.position - 4);
  return writer.bytes();
}

/**
 * A whole request: size, header, body, in memory of its own.
 * @throws RangeError naming the field that does not fit (see `encodeRequest`).
 */
export function requestFrame<N extends ApiName>(
  name: N,
  version: number,
  correlationId: number,
  clientId: string | null,
  body: Body<Messages[N]['request']>,
): Uint8Array {
  const writer = new Writer();
  writer.reserve(4);
  writeRequestHeader(name, version, correlationId, clientId, writer);
  encodeRequest(name, version, body, writer);
  return finish(writer);
}

/** A whole response: size, header, body, in memory of its own. Errors like `requestFrame`. */
export function responseFrame<N extends ApiName>(
  name: N,
  version: number,
  correlationId: number,
  body: Body<Messages[N]['response']>,
): Uint8Array {
  const writer = new Writer();
  writer.reserve(4);
  writeResponseHeader(name, version, correlationId, writer);
  encodeResponse(name, version, body, writer);
  return finish(writer);
}

function skipTags(reader: Reader): void {
  const count = reader.unsignedVarint();
  if (count * 2 > reader.left) throw new ProtocolError(`${count} tagged fields exceed the ${reader.left} bytes left`);
  for (let i = 0; i < count; i++) {
    reader.unsignedVarint();
    reader.skip(reader.unsignedVarint());
  }
}

function named<T>(what: string, field: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof ProtocolError ? error.within(field).of(what) : error;
  }
}

/**
 * Reads a request's header; the reader then stands at the body. The header of an API key that Kafka does not have is
 * read as version 1.
 * @throws ProtocolError naming the field.
 */
export function readRequestHeader(reader: Reader): RequestHeader {
  const what = 'request header';
  const apiKey = named(what, 'apiKey', () => reader.int16());
  const apiVersion = named(what, 'apiVersion', () => reader.int16());
  const correlationId = named(what, 'correlationId', () => reader.int32());
  const clientId = named(what, 'clientId', () => reader.nullableString());
  const api = apiByKey(apiKey);
  if (api !== undefined && apiVersion >= api.flexible) named(what, '(tags)', () => skipTags(reader));
  return { apiKey, apiVersion, correlationId, clientId };
}

/**
 * Reads the header of the response to a request of `name` and `version`; the reader then stands at the body.
 * @throws ProtocolError naming the field.
 */
export function readResponseHeader(name: ApiName, version: number, reader: Reader): { correlationId: number } {
  const what = `${name} response header`;
  const correlationId = named(what, 'correlationId', () => reader.int32());
  if (flexibleAnswer(name, version)) named(what, '(tags)', () => skipTags(reader));
  return { correlationId };
}
