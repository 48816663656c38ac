// Batches and murmur2 hashes that Kafka's Java client made (scripts/vectors/Records.java): we read them, and what we
// write is the same bytes.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { murmur2 } from '../../src/rd/murmur2.ts';
import { BatchReader } from '../../src/records/batch_reader.ts';
import { type BatchRecord, writeBatch } from '../../src/records/batch_writer.ts';
import { CONTROL_ABORT, CONTROL_COMMIT, CONTROL_LEADER_CHANGE, controlType } from '../../src/records/control.ts';
import { RecordCursor, readHeaders } from '../../src/records/record_reader.ts';

interface VectorRecord {
  timestamp: number | null;
  key: string | null;
  value: string | null;
  headers: [string, string | null][];
}

interface Vector {
  name: string;
  control: boolean;
  records: VectorRecord[];
  baseOffset: number;
  lastOffset: number;
  leaderEpoch: number;
  producerId: number;
  producerEpoch: number;
  baseSequence: number;
  compression: number;
  logAppendTime: boolean;
  transactional: boolean;
  checksum: number;
  maxTimestamp: number | null;
  bytes: string;
}

const vectors = lines<Vector>('batches.jsonl');
const hashes = lines<{ key: string; murmur2: number }>('murmur2.jsonl');

function lines<T>(file: string): T[] {
  const text = readFileSync(new URL(`./vectors/records/${file}`, import.meta.url), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as T);
}

function decoded(base64: string | null): Buffer | null {
  return base64 === null ? null : Buffer.from(base64, 'base64');
}

function readerOf(vector: Vector): BatchReader {
  const bytes = decoded(vector.bytes)!;
  return new BatchReader(bytes, 0, bytes.length, { checkCrcs: true, maxDecompressed: 1 << 20 });
}

/** Attributes of the batch by what Java says of it. */
function attributesOf(vector: Vector): number {
  const flags = (vector.logAppendTime ? 8 : 0) | (vector.transactional ? 16 : 0) | (vector.control ? 32 : 0);
  return vector.compression | flags;
}

/** What the cursor reads of all records, in the shape of the vector's. */
function read(vector: Vector): VectorRecord[] {
  const reader = readerOf(vector);
  const cursor = new RecordCursor();
  expect(reader.next()).toBe(true);
  const { header, bytes, to } = reader;
  let at = reader.from;
  const records: VectorRecord[] = [];
  for (let i = 0; i < header!.count; i++, at = cursor.next) {
    cursor.read(bytes, at, to);
    expect(cursor.offsetDelta).toBe(i);
    const timestamp = header!.baseTimestamp + cursor.timestampDelta;
    const part = (from: number, end: number) =>
      end < 0 ? null : Buffer.from(bytes.subarray(from, end)).toString('base64');
    records.push({
      timestamp: Number.isNaN(timestamp) ? null : timestamp,
      key: part(cursor.keyFrom, cursor.keyTo),
      value: part(cursor.valueFrom, cursor.valueTo),
      headers: readHeaders(bytes, cursor).map(([name, value]) => [
        Buffer.from(name).toString('base64'),
        value === null ? null : value.toString('base64'),
      ]),
    });
  }
  expect(at).toBe(to);
  expect(reader.next()).toBe(false);
  return records;
}

function write(vector: Vector, compression: number): Uint8Array {
  const records = vector.records.map(
    (record): BatchRecord => ({
      timestamp: record.timestamp!,
      key: decoded(record.key),
      value: decoded(record.value),
      headers: record.headers.map(([name, value]) => [decoded(name)!.toString(), decoded(value)]),
    }),
  );
  return writeBatch(records, {
    attributes: (attributesOf(vector) & ~7) | compression,
    baseOffset: vector.baseOffset,
    partitionLeaderEpoch: vector.leaderEpoch,
    producerId: vector.producerId,
    producerEpoch: vector.producerEpoch,
    baseSequence: vector.baseSequence,
    maxTimestamp: vector.maxTimestamp!,
  });
}

describe.each(vectors)('$name', (vector) => {
  test('its header says what Java says', () => {
    const reader = readerOf(vector);

    reader.next();

    expect(reader.header).toMatchObject({
      magic: 2,
      baseOffset: vector.baseOffset,
      lastOffsetDelta: vector.lastOffset - vector.baseOffset,
      partitionLeaderEpoch: vector.leaderEpoch,
      producerId: vector.producerId,
      producerEpoch: vector.producerEpoch,
      baseSequence: vector.baseSequence,
      attributes: attributesOf(vector),
      crc: vector.checksum,
      maxTimestamp: vector.maxTimestamp ?? Number.NaN,
    });
  });

  test('its records are the ones that Java was given', () => {
    expect(read(vector)).toEqual(vector.records);
  });
});

const exact = vectors.filter((vector) => vector.records.every((record) => record.timestamp !== null));

test.each(exact.filter((vector) => vector.compression === 0))('$name: our bytes are the same', (vector) => {
  expect(Buffer.from(write(vector, 0)).equals(decoded(vector.bytes)!)).toBe(true);
});

test.each(exact.filter((vector) => vector.compression === 1))(
  '$name: our records inside gzip are the same',
  (vector) => {
    const reader = readerOf(vector);
    reader.next();

    const plain = write(vector, 0).subarray(61);

    expect(Buffer.from(reader.bytes).equals(plain)).toBe(true);
  },
);

test.each([
  ['commit marker', CONTROL_COMMIT],
  ['abort marker', CONTROL_ABORT],
  ['leader change', CONTROL_LEADER_CHANGE],
])('%s is control type %i', (name, type) => {
  const reader = readerOf(vectors.find((vector) => vector.name === name)!);
  const cursor = new RecordCursor();
  reader.next();

  cursor.read(reader.bytes, reader.from, reader.to);

  expect(controlType(reader.bytes, cursor)).toBe(type);
});

test('murmur2 of every key is what Java computes', () => {
  expect(hashes.length).toBe(200);
  expect(hashes.map(({ key }) => murmur2(decoded(key)!) | 0)).toEqual(hashes.map((vector) => vector.murmur2));
});
