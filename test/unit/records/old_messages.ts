// Messages of the formats v0 and v1 by hand, right or wrong, and what the batch reader makes of them.
import { codecOf } from '../../../src/compression/registry.ts';
import { crc32 } from '../../../src/rd/crc32.ts';
import { LOG_APPEND_TIME } from '../../../src/records/batch_header.ts';
import { BatchReader, type BatchReaderOptions } from '../../../src/records/batch_reader.ts';
import type { RecordError } from '../../../src/records/record_error.ts';
import { RecordCursor } from '../../../src/records/record_reader.ts';

export interface OldMessage {
  readonly offset?: number | bigint;
  readonly magic?: number;
  readonly attributes?: number;
  readonly timestamp?: number | bigint;
  readonly key?: Uint8Array | string | null;
  readonly value?: Uint8Array | string | null;
}

/** One message with its checksum. By default of magic 1 with time 1000, key and value null. */
export function oldMessage(message: OldMessage): Buffer {
  const { offset = 0, magic = 1, attributes = 0, timestamp = 1000, key = null, value = null } = message;
  const head = Buffer.alloc(magic === 0 ? 18 : 26);
  head.writeBigInt64BE(BigInt(offset));
  head[16] = magic;
  head[17] = attributes;
  if (magic !== 0) head.writeBigInt64BE(BigInt(timestamp), 18);
  return settled(Buffer.concat([head, field(key), field(value)]));
}

/** The message with its size and checksum made right. */
export function settled(message: Buffer): Buffer {
  message.writeInt32BE(message.length - 12, 8);
  message.writeUInt32BE(crc32(message, 16), 12);
  return message;
}

function field(bytes: Uint8Array | string | null): Buffer {
  const length = Buffer.alloc(4);
  length.writeInt32BE(bytes === null ? -1 : Buffer.from(bytes as string).length);
  return Buffer.concat([length, Buffer.from((bytes ?? '') as string)]);
}

/** A message that holds others, compressed by the codec of these bits. */
export function oldWrapper(bits: number, inside: readonly Uint8Array[], message: OldMessage): Buffer {
  const attributes = (message.attributes ?? 0) | bits;
  return oldMessage({ ...message, attributes, value: codecOf(bits)!.compress(inside, -1) });
}

export interface ReadRecord {
  readonly offset: number;
  readonly timestamp: number;
  /** RD_KAFKA_TIMESTAMP_*. */
  readonly type: number;
  readonly key: string | null;
  readonly value: string | null;
}

export interface ReadAll {
  readonly records: ReadRecord[];
  readonly errors: RecordError[];
  /** [base offset, last offset, records] of each batch. */
  readonly batches: [number, number, number][];
  readonly partial: number;
}

/** Everything that the batch reader gives, going on behind errors; `encoding` of keys and values. */
export function readAll(
  bytes: Uint8Array,
  options: Partial<BatchReaderOptions> = {},
  encoding: BufferEncoding = 'utf8',
): ReadAll {
  const reader = new BatchReader(bytes, 0, bytes.length, { checkCrcs: true, maxDecompressed: 1 << 20, ...options });
  const result = {
    records: [] as ReadRecord[],
    errors: [] as RecordError[],
    batches: [] as [number, number, number][],
  };
  for (;;) {
    try {
      if (!reader.next()) return { ...result, partial: reader.partial };
      const { baseOffset, lastOffsetDelta, count } = reader.header!;
      result.records.push(...recordsAt(reader, encoding));
      result.batches.push([baseOffset, baseOffset + lastOffsetDelta, count]);
    } catch (error) {
      const { name, code } = error as RecordError;
      if (name !== 'RecordError' || code >= 0) throw error;
      result.errors.push(error as RecordError);
    }
  }
}

/** As the app walks a batch (consumer_queue, consumed_message). */
function recordsAt(reader: BatchReader, encoding: BufferEncoding): ReadRecord[] {
  const header = reader.header!;
  const cursor = new RecordCursor();
  const stamp = (header.attributes & LOG_APPEND_TIME) !== 0 ? header.maxTimestamp : -1;
  const text = (from: number, to: number): string | null =>
    to < 0 ? null : Buffer.from(reader.bytes.subarray(from, to)).toString(encoding);
  const records: ReadRecord[] = [];
  let at = reader.from;
  for (let i = 0; i < header.count; i++, at = cursor.next) {
    cursor.read(reader.bytes, at, reader.to);
    const created = stamp >= 0 ? stamp : header.baseTimestamp + cursor.timestampDelta;
    const timestamp = created >= 0 ? created : -1;
    records.push({
      offset: header.baseOffset + cursor.offsetDelta,
      timestamp,
      type: timestamp < 0 ? 0 : stamp >= 0 ? 2 : 1,
      key: text(cursor.keyFrom, cursor.keyTo),
      value: text(cursor.valueFrom, cursor.valueTo),
    });
  }
  if (at !== reader.to) throw new Error(`${reader.to - at} bytes behind the last record`);
  return records;
}
