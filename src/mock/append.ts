// Judges the records of a Produce request as a Kafka broker does and appends them to a log. @thread mock

import { RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED } from '../defs/enums.ts';
import type { BatchHeader } from '../records/batch_header.ts';
import {
  CONTROL,
  HEADER_SIZE,
  LENGTH_FROM,
  LOG_APPEND_TIME,
  lengthAt,
  MAGIC,
  magicAt,
  readBatchHeader,
  settleCrc,
  TRANSACTIONAL,
  writeBatchHeader,
} from '../records/batch_header.ts';
import { BatchReader } from '../records/batch_reader.ts';
import { writeBatch } from '../records/batch_writer.ts';
import { CONTROL_ABORT, CONTROL_COMMIT, controlKey, isAbortMarker, markerValue } from '../records/control.ts';
import { RecordError } from '../records/record_error.ts';
import { RecordCursor, readHeaders } from '../records/record_reader.ts';
import { E } from './codes.ts';
import { lastSequenceOf, type ProducerIds } from './producers.ts';
import type { Partition } from './topics.ts';

/** Kafka's message.max.bytes. */
export const MAX_BATCH_BYTES = 1_048_588;
const MAX_DECOMPRESSED = 128 * 1024 * 1024;

export interface Appended {
  readonly errorCode: number;
  /** -1 unless the records are in the log. */
  readonly baseOffset: number;
  /** Of a topic whose log gives the time, -1 otherwise. */
  readonly logAppendTimeMs?: number;
  /** Why not, for people. */
  readonly message: string | null;
}

/**
 * Appends the one batch that `records` must be; what is in the log already counts as appended there. Copies it.
 * @param transactionalId of the request
 * @param maxBatchBytes the topic's max.message.bytes
 * @param logAppendTimeMs time to stamp the records with, -1 to leave them their own
 */
export function appendRecords(
  partition: Partition,
  ids: ProducerIds,
  records: Uint8Array | null,
  transactionalId: string | null,
  maxBatchBytes: number,
  logAppendTimeMs = -1,
): Appended {
  const judged = judge(records, maxBatchBytes);
  if ('errorCode' in judged) return judged;
  const { header } = judged;
  const { producerId, producerEpoch, baseSequence } = header;
  const lastSequence = lastSequenceOf(baseSequence, header.count);
  if (producerId >= 0) {
    const unknown = ids.check(transactionalId, producerId, producerEpoch);
    if (unknown !== E.NONE) return refused(unknown, `producer ${producerId} epoch ${producerEpoch}`);
    if (baseSequence < 0) return refused(E.INVALID_RECORD, `baseSequence ${baseSequence}`);
    const verdict = partition.producers.check(producerId, producerEpoch, baseSequence, lastSequence);
    if (verdict.kind === 'duplicate') return { errorCode: E.NONE, baseOffset: verdict.baseOffset, message: null };
    if (verdict.kind === 'error') return refused(verdict.errorCode, `sequence ${baseSequence} to ${lastSequence}`);
  }
  const bytes = (records as Uint8Array).slice();
  if (logAppendTimeMs >= 0) stamp(bytes, header, logAppendTimeMs);
  const { log } = partition;
  const baseOffset = log.append(bytes, header.lastOffsetDelta, header.maxTimestamp, partition.leaderEpoch);
  if ((header.attributes & TRANSACTIONAL) !== 0) log.transactions.appended(producerId, baseOffset);
  if (producerId >= 0) {
    partition.producers.appended(producerId, producerEpoch, baseSequence, lastSequence, baseOffset);
  }
  partition.changed();
  return { errorCode: E.NONE, baseOffset, message: null, logAppendTimeMs };
}

function stamp(bytes: Uint8Array, header: BatchHeader, now: number): void {
  header.attributes |= LOG_APPEND_TIME;
  header.maxTimestamp = now;
  writeBatchHeader(bytes, 0, header);
  settleCrc(bytes, 0, bytes.length);
}

/**
 * Appends a batch as it is, whatever is in it: tests put there what no producer may. Offsets and epoch are stamped; what
 * its header says of transactions counts. Takes a copy. @throws RecordError when it is shorter than a header.
 */
export function appendRaw(partition: Partition, batch: Uint8Array): number {
  const bytes = batch.slice();
  const { attributes, lastOffsetDelta, maxTimestamp, producerId } = readBatchHeader(bytes, 0, bytes.length);
  const { log } = partition;
  const baseOffset = log.append(bytes, lastOffsetDelta, maxTimestamp, partition.leaderEpoch);
  if ((attributes & TRANSACTIONAL) !== 0) {
    if ((attributes & CONTROL) === 0) log.transactions.appended(producerId, baseOffset);
    else log.transactions.ended(producerId, baseOffset, isAbortMarker(bytes, HEADER_SIZE, bytes.length));
  }
  partition.changed();
  return baseOffset;
}

/** Appends the marker that ends a producer's transaction. @returns its offset. */
export function appendMarker(
  partition: Partition,
  producer: { readonly producerId: number; readonly producerEpoch: number },
  committed: boolean,
  timestamp: number,
): number {
  const key = controlKey(committed ? CONTROL_COMMIT : CONTROL_ABORT);
  const options = { ...producer, attributes: TRANSACTIONAL | CONTROL };
  return appendRaw(partition, writeBatch([{ timestamp, key, value: markerValue(0) }], options));
}

function judge(records: Uint8Array | null, maxBatchBytes: number): Appended | { readonly header: BatchHeader } {
  if (records === null || records.byteLength === 0) return refused(E.INVALID_RECORD, 'no record batch');
  const size = records.byteLength;
  if (size < LENGTH_FROM + 5) return refused(E.CORRUPT_MESSAGE, `${size} bytes are no record batch`);
  const magic = magicAt(records, 0);
  if (magic < MAGIC) return refused(E.UNSUPPORTED_FOR_MESSAGE_FORMAT, `message format ${magic}`);
  if (magic > MAGIC) return refused(E.INVALID_RECORD, `message format ${magic}`);
  const length = LENGTH_FROM + lengthAt(records, 0);
  if (length < HEADER_SIZE || length > size) return refused(E.CORRUPT_MESSAGE, `batchLength ${length - LENGTH_FROM}`);
  if (length < size) return refused(E.INVALID_RECORD, 'more than one record batch');
  if (size > maxBatchBytes) return refused(E.MESSAGE_TOO_LARGE, `batch of ${size} bytes, at most ${maxBatchBytes}`);
  const reader = new BatchReader(records, 0, size, { checkCrcs: true, maxDecompressed: MAX_DECOMPRESSED });
  try {
    reader.next();
    const header = reader.header as BatchHeader;
    const wrong = checkHeader(header);
    if (wrong !== null) return refused(E.INVALID_RECORD, wrong);
    checkRecords(reader, header);
    return { header };
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    if (error.code === RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED && reader.header !== null) return judgeClosed(reader.header);
    return refused(error.field === 'crc' ? E.CORRUPT_MESSAGE : E.INVALID_RECORD, error.message);
  }
}

/** A codec that we lack: the records are kept as they came. */
function judgeClosed(header: BatchHeader): Appended | { readonly header: BatchHeader } {
  const wrong = checkHeader(header);
  return wrong === null ? { header } : refused(E.INVALID_RECORD, wrong);
}

function checkHeader(header: BatchHeader): string | null {
  if (header.count < 1) return `count ${header.count}`;
  if (header.lastOffsetDelta !== header.count - 1) {
    return `lastOffsetDelta ${header.lastOffsetDelta} of ${header.count} records`;
  }
  return (header.attributes & CONTROL) === 0 ? null : 'a control batch from a client';
}

function checkRecords(reader: BatchReader, header: BatchHeader): void {
  const cursor = new RecordCursor();
  let at = reader.from;
  for (let i = 0; i < header.count; i++) {
    cursor.read(reader.bytes, at, reader.to);
    if (cursor.offsetDelta !== i) throw new RecordError('record offsetDelta', `${cursor.offsetDelta} of record ${i}`);
    if (cursor.headerCount > 0) readHeaders(reader.bytes, cursor);
    at = cursor.next;
  }
  if (at !== reader.to) throw new RecordError('records', `${reader.to - at} bytes behind the last one`);
}

function refused(errorCode: number, message: string): Appended {
  return { errorCode, baseOffset: -1, message };
}
