// Complete batches (magic 2) from plain records: for the mock's `put`, markers and tests; the producer has its own path.
// @thread any
import { COMPRESSION_MASK, codecMissing, codecOf } from '../compression/registry.ts';
import { RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED } from '../defs/enums.ts';
import { HEADER_SIZE, LENGTH_FROM, MAGIC, settleCrc, writeBatchHeader } from './batch_header.ts';
import { RecordError } from './record_error.ts';
import { type Bytes, exactSize, type RecordHeaders, writeRecord } from './record_writer.ts';

export interface BatchRecord {
  /** Milliseconds since the epoch; -1 (the default): none. */
  readonly timestamp?: number;
  /** Default: its index. */
  readonly offsetDelta?: number;
  readonly key?: Bytes;
  readonly value?: Bytes;
  readonly headers?: RecordHeaders | null;
}

export interface BatchOptions {
  /** Default 0. */
  readonly baseOffset?: number;
  /** Default -1, as are producerId, producerEpoch, baseSequence. */
  readonly partitionLeaderEpoch?: number;
  /** Compression bits and the flags of batch_header; default 0. */
  readonly attributes?: number;
  /** compression.level, default -1. */
  readonly level?: number;
  /** Default: the first record's. */
  readonly baseTimestamp?: number;
  /** Default: the highest of the records. */
  readonly maxTimestamp?: number;
  /** Default: the last record's. */
  readonly lastOffsetDelta?: number;
  readonly producerId?: number;
  readonly producerEpoch?: number;
  readonly baseSequence?: number;
}

/**
 * One batch with its checksum, in memory of its own. Throws RecordError (_NOT_IMPLEMENTED) for a codec that is not
 * there yet.
 */
export function writeBatch(records: readonly BatchRecord[], options: BatchOptions = {}): Uint8Array {
  const attributes = options.attributes ?? 0;
  const timestamps = records.map((record) => record.timestamp ?? -1);
  const baseTimestamp = options.baseTimestamp ?? timestamps[0] ?? -1;
  const plain = encodeRecords(records, baseTimestamp);
  const body = compressed(plain, attributes & COMPRESSION_MASK, options.level ?? -1);
  const batch = new Uint8Array(HEADER_SIZE + body.length);
  batch.set(body, HEADER_SIZE);
  const last = records.length - 1;
  writeBatchHeader(batch, 0, {
    baseOffset: options.baseOffset ?? 0,
    batchLength: batch.length - LENGTH_FROM,
    partitionLeaderEpoch: options.partitionLeaderEpoch ?? -1,
    magic: MAGIC,
    crc: 0,
    attributes,
    lastOffsetDelta: options.lastOffsetDelta ?? records[last]?.offsetDelta ?? Math.max(last, 0),
    baseTimestamp,
    maxTimestamp: options.maxTimestamp ?? timestamps.reduce((max, timestamp) => Math.max(max, timestamp), -1),
    producerId: options.producerId ?? -1,
    producerEpoch: options.producerEpoch ?? -1,
    baseSequence: options.baseSequence ?? -1,
    count: records.length,
  });
  settleCrc(batch, 0, batch.length);
  return batch;
}

function encodeRecords(records: readonly BatchRecord[], baseTimestamp: number): Uint8Array {
  let size = 0;
  const parts = records.map((record, index) => {
    const part = {
      timestampDelta: (record.timestamp ?? -1) - baseTimestamp,
      offsetDelta: record.offsetDelta ?? index,
      key: record.key ?? null,
      value: record.value ?? null,
      headers: record.headers ?? null,
    };
    size += exactSize(part.timestampDelta, part.offsetDelta, part.key, part.value, part.headers);
    return part;
  });
  const buffer = Buffer.allocUnsafeSlow(size);
  const target = { bytes: new Uint8Array(buffer.buffer, buffer.byteOffset, size), buffer };
  let at = 0;
  for (const part of parts) {
    at = writeRecord(target, at, part.timestampDelta, part.offsetDelta, part.key, part.value, part.headers);
  }
  return target.bytes;
}

function compressed(plain: Uint8Array, bits: number, level: number): Uint8Array {
  if (bits === 0) return plain;
  const codec = codecOf(bits);
  if (codec === null) throw new RecordError('attributes', codecMissing(bits), RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED);
  return codec.compress([plain], level);
}
