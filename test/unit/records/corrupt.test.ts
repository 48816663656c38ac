// Batches of every codec with one bit flipped: with checksums always an error, without them an error or data; in bounded
// memory, and what stands behind is still read.
import { beforeAll, describe, expect, test } from 'vitest';
import { codecBits } from '../../../src/compression/registry.ts';
import { BatchReader } from '../../../src/records/batch_reader.ts';
import { type BatchRecord, writeBatch } from '../../../src/records/batch_writer.ts';
import type { RecordError } from '../../../src/records/record_error.ts';
import { RecordCursor, readHeaders } from '../../../src/records/record_reader.ts';
import { Generator } from './generator.ts';

const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'];
const BAD_MSG = -199;
const LIMIT = 1 << 20;
const LENGTH_AT = 8;
const EPOCH_AT = 12;
const MAGIC_AT = 16;
const CRC_AT = 17;
/** What a codec may hold besides its output: tables, windows, the memory of a WebAssembly module. */
const MOST_MEMORY = 16 << 20;
const AFTER = writeBatch([{ value: 'after' }], { baseOffset: 900 });

/** Literals, near and far matches, keys, headers: some 500 bytes when compressed. */
function records(): BatchRecord[] {
  const random = new Generator(11);
  return Array.from({ length: 12 }, (_, i) => ({
    timestamp: 1_760_000_000_000 + i * 37,
    key: `user-${random.below(50)}`,
    value: `${'ab'.repeat(random.below(120))}{"id":${i},"price":${random.below(10_000)}}${random.below(2 ** 31)}`,
    headers: i % 4 === 0 ? [['trace', random.bytes(20)] as const] : null,
  }));
}

interface Outcome {
  errors: RecordError[];
  records: number;
  /** Bytes of the largest batch, decompressed. */
  largest: number;
  /** The batch behind was read. */
  after: boolean;
  /** Bytes that were taken and not given back. */
  memory: number;
}

function held(): number {
  const { arrayBuffers, external } = process.memoryUsage();
  return Math.max(arrayBuffers, external);
}

/** Everything up to the end of the input, errors included; anything but a RecordError is thrown. */
function readAll(bytes: Uint8Array, checkCrcs: boolean): Outcome {
  const before = held();
  const outcome: Outcome = { errors: [], records: 0, largest: 0, after: false, memory: 0 };
  const reader = new BatchReader(bytes, 0, bytes.length, { checkCrcs, maxDecompressed: LIMIT });
  for (;;) {
    try {
      if (!reader.next()) break;
      if (reader.header!.baseOffset === 900) outcome.after = true;
      outcome.largest = Math.max(outcome.largest, reader.to - reader.from);
      outcome.records += walk(reader);
    } catch (error) {
      const wrong = error as RecordError;
      if (wrong.name !== 'RecordError' || wrong.field === '' || wrong.code >= 0) throw error;
      outcome.errors.push(wrong);
    }
  }
  outcome.memory = held() - before;
  return outcome;
}

function walk(reader: BatchReader): number {
  const cursor = new RecordCursor();
  const { count } = reader.header!;
  for (let i = 0, at = reader.from; i < count; i++, at = cursor.next) {
    cursor.read(reader.bytes, at, reader.to);
    readHeaders(reader.bytes, cursor);
  }
  return count;
}

type Flip = Outcome & { bit: number };

/** What comes of each flipped bit of the batch, with a good batch behind it. */
function flips(batch: Uint8Array, checkCrcs: boolean): Flip[] {
  return Array.from({ length: batch.length * 8 }, (_, bit) => {
    const bytes = Buffer.concat([batch, AFTER]);
    bytes[bit >> 3]! ^= 1 << (bit & 7);
    return { bit, ...readAll(bytes, checkCrcs) };
  });
}

describe.each(CODECS)('%s', (codec) => {
  const batch = writeBatch(records(), { attributes: codecBits(codec), baseOffset: 70 });
  let strict: Flip[] = [];
  let loose: Flip[] = [];
  beforeAll(() => {
    strict = flips(batch, true);
    loose = flips(batch, false);
  });

  test('the batch is good, compressed as it says, and long enough to be worth it', () => {
    const outcome = readAll(Buffer.concat([batch, AFTER]), true);

    expect([outcome.errors, outcome.records, outcome.after]).toEqual([[], 13, true]);
    expect(batch.length).toBeGreaterThan(400);
    expect(batch.length < outcome.largest).toBe(codec !== 'none');
  });

  test('with checksums every flipped bit of checksum and content is an error, and what follows is read', () => {
    const covered = strict.slice(CRC_AT * 8);

    const wrong = covered.filter(({ errors, records: count, after }) => {
      const [error] = errors;
      if (errors.length !== 1 || error!.field !== 'crc' || error!.code !== BAD_MSG || error!.baseOffset !== 70)
        return true;
      return count !== 1 || !after;
    });
    expect(wrong.map(({ bit }) => bit)).toEqual([]);
  });

  test('without them each is an error or data within the limit, and what follows is read', () => {
    const covered = loose.slice(CRC_AT * 8);

    const wrong = covered.filter(({ after, largest }) => !after || largest > LIMIT);
    expect(wrong.map(({ bit }) => bit)).toEqual([]);
    expect(covered.filter(({ errors }) => errors.length > 0).length).toBeGreaterThan(100);
  });

  test('a flipped bit in front of that ends the input or is an error, but for what the broker writes', () => {
    for (const { bit, errors, after } of [...strict.slice(0, CRC_AT * 8), ...loose.slice(0, CRC_AT * 8)]) {
      const brokers = bit < LENGTH_AT * 8 || (bit >= EPOCH_AT * 8 && bit < MAGIC_AT * 8);
      // Where the length is wrong nothing behind can be found.
      expect([bit, brokers ? after : errors.length > 0 || !after]).toEqual([bit, true]);
    }
  });

  test('no flipped bit takes memory beyond the limit and what the codec works in', () => {
    const most = Math.max(...strict.map(({ memory }) => memory), ...loose.map(({ memory }) => memory));

    expect(most).toBeLessThan(LIMIT + MOST_MEMORY);
  });
});
