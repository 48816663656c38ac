// Encodes and decodes a message by the name that Kafka gives its definition (`MetadataRequest`).
import type { ApiName } from '../../src/defs/api_name.ts';
import * as compile from '../../src/protocol/compile.ts';
import { Reader } from '../../src/protocol/reader.ts';
import { Writer } from '../../src/protocol/writer.ts';

const split = (message: string): [ApiName, string] => {
  const match = /^(.*)(Request|Response)$/.exec(message);
  return match === null ? [message as ApiName, 'Struct'] : [match[1] as ApiName, match[2]!];
};

/** The body of `message`, without header. */
export function encodeMessage(message: string, version: number, body: any): Uint8Array {
  const [name, kind] = split(message);
  const writer = new Writer();
  if (kind === 'Request') compile.encodeRequest(name, version, body, writer);
  else if (kind === 'Response') compile.encodeResponse(name, version, body, writer);
  else compile.encodeStruct(name as never, version, body as never, writer);
  return writer.bytes();
}

/** What the body of `message` says. */
export function decodeMessage(message: string, version: number, bytes: Uint8Array): any {
  const [name, kind] = split(message);
  const reader = new Reader(bytes);
  if (kind === 'Request') return compile.decodeRequest(name, version, reader);
  if (kind === 'Response') return compile.decodeResponse(name, version, reader);
  return compile.decodeStruct(name as never, version, reader);
}
