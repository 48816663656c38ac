// Between our decoded messages and the JSON of Kafka's converters: bytes in base64, uuids as Kafka prints them, numbers
// as numbers, fields of the version only, tagged fields only where they are not the default, records by their size.

import { APIS, STRUCTS } from '../../src/protocol/api.ts';
import { blank, isDefault } from '../../src/protocol/defaults.ts';
import { type Field, holds, type Struct } from '../../src/protocol/schema.ts';

/** The schema of `MetadataRequest`, `ConsumerProtocolAssignment` ... */
export function structOf(message: string): Struct {
  const own = (STRUCTS as Record<string, Struct>)[message];
  if (own !== undefined) return own;
  const match = /^(.*)(Request|Response)$/.exec(message);
  if (match === null) throw new Error(`no message ${message}`);
  const api = APIS[match[1] as keyof typeof APIS];
  return match[2] === 'Request' ? api.request : api.response;
}

const isBytes = (field: Field): boolean => field.type === 'bytes' || field.type === 'records';

function valueFrom(field: Field, json: any, version: number): any {
  if (json === null) return null;
  if (field.array) return json.map((one: any) => valueFrom({ ...field, array: false }, one, version));
  if (field.fields !== null) return fieldsFrom(field.fields, json, version);
  if (field.raw) return new Uint8Array(Buffer.from(json));
  return isBytes(field) ? new Uint8Array(Buffer.from(json, 'base64')) : json;
}

function fieldsFrom(fields: readonly Field[], json: any, version: number): any {
  const known = new Set(fields.filter((field) => holds(field.versions, version)).map((field) => field.name));
  for (const name of Object.keys(json))
    if (!known.has(name)) throw new Error(`the schema has no ${name} in version ${version}`);
  const out = blank(fields);
  for (const field of fields) {
    if (field.name in json) out[field.name] = valueFrom(field, json[field.name], version);
    else if (known.has(field.name) && !holds(field.tagged, version)) throw new Error(`the JSON has no ${field.name}`);
  }
  return out;
}

/** The message as our decoder would give it, from Kafka's JSON (with records in base64). */
export function fromKafkaJson(struct: Struct, version: number, json: unknown): any {
  return fieldsFrom(struct.fields, json, version);
}

function valueTo(field: Field, value: any, version: number): any {
  if (value === null) return null;
  if (field.array) return value.map((one: any) => valueTo({ ...field, array: false }, one, version));
  if (field.fields !== null) return fieldsTo(field.fields, value, version);
  if (field.raw) return Buffer.from(value).toString();
  return isBytes(field) ? Buffer.from(value).toString('base64') : value;
}

function fieldsTo(fields: readonly Field[], value: any, version: number): any {
  const out: Record<string, unknown> = {};
  for (const field of fields) {
    const own = value[field.name];
    if (!holds(field.versions, version) || (holds(field.tagged, version) && isDefault(field, own))) continue;
    if (field.type === 'records' && own !== null) out[`${field.name}SizeInBytes`] = own.length;
    else out[field.name] = valueTo(field, own, version);
  }
  return out;
}

/** What Kafka's converter writes for the message (with the sizes of records, not the records). */
export function toKafkaJson(struct: Struct, version: number, value: unknown): any {
  return fieldsTo(struct.fields, value, version);
}

/** The value with bytes as base64, so that views of different memory compare by what they hold. */
export function plain(value: any): any {
  if (ArrayBuffer.isView(value)) return Buffer.from(value as Uint8Array).toString('base64');
  if (Array.isArray(value)) return value.map(plain);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one)]));
}
