// Looks into logs record by record: offsets of timestamps, and what tests want to see. @thread mock
import type { StoredRow } from '../defs/mock_rows.ts';
import { CONTROL, LOG_APPEND_TIME, MAGIC, magicAt, readBatchHeader } from '../records/batch_header.ts';
import { BatchReader } from '../records/batch_reader.ts';
import { RecordError } from '../records/record_error.ts';
import { RecordCursor, readHeaders } from '../records/record_reader.ts';
import type { Batch, PartitionLog } from './log.ts';

const MAX_DECOMPRESSED = 128 * 1024 * 1024;

interface Placed {
  readonly offset: number;
  readonly timestamp: number;
}

/** Calls `each` with every record of a batch until it gives true; nothing for control batches. Throws RecordError. */
function walk(batch: Batch, each: (place: Placed, cursor: RecordCursor, bytes: Uint8Array) => boolean): void {
  const { bytes } = batch;
  const reader = new BatchReader(bytes, 0, bytes.length, { checkCrcs: false, maxDecompressed: MAX_DECOMPRESSED });
  const cursor = new RecordCursor();
  if (!reader.next() || reader.header === null || (reader.header.attributes & CONTROL) !== 0) return;
  const { header } = reader;
  const stamped = (header.attributes & LOG_APPEND_TIME) !== 0;
  let at = reader.from;
  for (let i = 0; i < header.count; i++) {
    cursor.read(reader.bytes, at, reader.to);
    const timestamp = stamped ? header.maxTimestamp : header.baseTimestamp + cursor.timestampDelta;
    if (each({ offset: batch.baseOffset + cursor.offsetDelta, timestamp }, cursor, reader.bytes)) return;
    at = cursor.next;
  }
}

/** The first record at or after `timestamp` (ms) that can still be read; null if there is none. */
export function findByTimestamp(log: PartitionLog, timestamp: number): Placed | null {
  for (const batch of log.batches()) {
    if (batch.maxTimestamp < timestamp || batch.lastOffset < log.startOffset) continue;
    const found = findInBatch(batch, (p) => p.timestamp >= timestamp && p.offset >= log.startOffset);
    if (found !== null) return found;
  }
  return null;
}

/** The record with the greatest timestamp, the first of several; null in an empty log. */
export function findMaxTimestamp(log: PartitionLog): Placed | null {
  let newest: Batch | null = null;
  for (const batch of log.batches()) {
    if (newest === null || batch.maxTimestamp > newest.maxTimestamp) newest = batch;
  }
  const { maxTimestamp } = newest ?? { maxTimestamp: -1 };
  return newest === null ? null : findInBatch(newest, (place) => place.timestamp === maxTimestamp);
}

/** A batch that can't be opened is taken as one record at its base offset. */
function findInBatch(batch: Batch, wanted: (place: Placed) => boolean): Placed | null {
  let found: Placed | null = null;
  try {
    walk(batch, (place) => {
      if (wanted(place)) found = place;
      return found !== null;
    });
  } catch (error) {
    if (!(error instanceof RecordError)) throw error;
    return { offset: batch.baseOffset, timestamp: batch.maxTimestamp };
  }
  return found;
}

/**
 * All records of a log that can be read, in order.
 * @throws RecordError if a batch has a codec that we lack.
 */
export function storedRecords(partition: number, log: PartitionLog): StoredRow[] {
  return log.batches().flatMap((batch) => recordsOf(partition, log, batch));
}

/** Those of one batch of the log. @throws RecordError as `storedRecords` */
export function recordsOf(partition: number, log: PartitionLog, batch: Batch): StoredRow[] {
  const records: StoredRow[] = [];
  walk(batch, ({ offset, timestamp }, cursor, bytes) => {
    if (offset < log.startOffset) return false;
    const key = cursor.keyTo < 0 ? null : bytes.slice(cursor.keyFrom, cursor.keyTo);
    const value = cursor.valueTo < 0 ? null : bytes.slice(cursor.valueFrom, cursor.valueTo);
    // Plain arrays of bytes, so that they can be cloned to another thread.
    const headers = readHeaders(bytes, cursor).map(
      ([name, header]) => [name, header === null ? null : new Uint8Array(header)] as const,
    );
    records.push({ partition, offset, timestamp, key, value, headers });
    return false;
  });
  return records;
}

/** How many records `storedRecords` would give, as the headers of the batches tell it: none is opened. */
export function countRecords(log: PartitionLog): number {
  let count = 0;
  for (const batch of log.batches()) {
    const { bytes, baseOffset } = batch;
    if (magicAt(bytes, 0) < MAGIC) {
      count += recordsOf(0, log, batch).length;
      continue;
    }
    const header = readBatchHeader(bytes, 0, bytes.length);
    if ((header.attributes & CONTROL) !== 0) continue;
    count += header.count - Math.min(header.count, Math.max(0, log.startOffset - baseOffset));
  }
  return count;
}
