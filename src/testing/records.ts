// Records between the user and the mock worker. @thread app
import { wallClock } from '../app/wall.ts';
import { type HeaderInput, type HeaderList, headersFrom } from '../defs/headers.ts';
import type { StoredRow } from '../defs/mock_rows.ts';
import type { ProduceMessage } from '../promise/produce_async.ts';
import { checkBrand, checkBytes, checkInt, checkInt32, typeError } from '../rd/check.ts';
import type { StoredRecord } from './types.ts';

export interface RowToPut {
  /** Null: by key, or round and round. */
  readonly partition: number | null;
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly (readonly [string, Uint8Array | null])[];
}

const KEYS: readonly string[] = ['value', 'key', 'partition', 'headers', 'timestamp', 'opaque'];
/** RD_KAFKA_PARTITION_UA */
const ANY_PARTITION = -1;

function bufferOf(bytes: Uint8Array | null): Buffer | null {
  return bytes === null ? null : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** All objects are made here: those that came from the worker are another realm's in jest. */
export function storedOf(topic: string, rows: readonly StoredRow[]): StoredRecord[] {
  return Array.from(rows, ({ partition, offset, timestamp, key, value, headers }) => {
    const bytes = bufferOf(value);
    return {
      topic,
      partition,
      offset,
      timestamp,
      key: bufferOf(key),
      value: bytes,
      headers: Array.from(headers, ([name, header]) => [name, bufferOf(header)] as const),
      text: bytes === null ? null : bytes.toString('utf8'),
    };
  });
}

/** A copy of its own: of a Buffer all memory that it is part of would be sent. */
function copyOf(fn: string, param: string, value: ProduceMessage['value']): Uint8Array | null {
  const bytes = checkBytes(fn, param, value);
  return bytes === null ? null : new Uint8Array(bytes);
}

function headersOf(fn: string, param: string, input: HeaderInput | undefined): RowToPut['headers'] {
  if ((input as { '~type'?: string } | null)?.['~type'] === 'rd_kafka_headers_t')
    checkBrand<HeaderList>(fn, param, input, 'rd_kafka_headers_t');
  const list = headersFrom(fn, param, input)?.list ?? [];
  return list.map(([name, value]) => [name, value === null ? null : new Uint8Array(value)] as const);
}

export function rowToPut(fn: string, param: string, record: string | Omit<ProduceMessage, 'topic'>): RowToPut {
  if (typeof record === 'string')
    return { partition: null, timestamp: wallClock(), key: null, value: copyOf(fn, param, record), headers: [] };
  if (typeof record !== 'object' || record === null || Array.isArray(record))
    throw typeError(fn, param, `a string or an object { ${KEYS.join(', ')} }`, record);
  for (const key of Object.keys(record))
    if (!KEYS.includes(key))
      throw new TypeError(`${fn}: ${param} must be an object { ${KEYS.join(', ')} }, without ${key}`);
  const { partition = ANY_PARTITION, timestamp } = record;
  checkInt32(fn, `${param}.partition`, partition);
  if (partition !== ANY_PARTITION) checkInt(fn, `${param}.partition`, partition, 0, 2147483647);
  return {
    partition: partition === ANY_PARTITION ? null : partition,
    timestamp:
      timestamp === undefined
        ? wallClock()
        : checkInt(fn, `${param}.timestamp`, timestamp, -1, Number.MAX_SAFE_INTEGER),
    key: copyOf(fn, `${param}.key`, record.key),
    value: copyOf(fn, `${param}.value`, record.value),
    headers: headersOf(fn, `${param}.headers`, record.headers),
  };
}
