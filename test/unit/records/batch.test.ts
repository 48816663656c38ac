import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { crc32c } from '../../../src/rd/crc32c.ts';
import {
  CONTROL,
  HEADER_SIZE,
  headerCrc,
  LOG_APPEND_TIME,
  readBatchHeader,
  setBaseOffset,
  setCrc,
  setLogAppendTime,
  setPartitionLeaderEpoch,
  settleCrc,
} from '../../../src/records/batch_header.ts';
import { BatchReader, type BatchReaderOptions } from '../../../src/records/batch_reader.ts';
import { type BatchRecord, writeBatch } from '../../../src/records/batch_writer.ts';
import { CONTROL_ABORT, CONTROL_UNKNOWN, controlKey, controlType, markerValue } from '../../../src/records/control.ts';
import type { RecordError } from '../../../src/records/record_error.ts';
import { RecordCursor, readHeaders } from '../../../src/records/record_reader.ts';
import { Generator, hex } from './generator.ts';

const GZIP = 1;
const BAD_MSG = -199;
const BAD_COMPRESSION = -198;
const NOT_IMPLEMENTED = -170;
const OPTIONS: BatchReaderOptions = { checkCrcs: true, maxDecompressed: 1 << 20 };
const ONE: readonly BatchRecord[] = [{ timestamp: 1000, key: 'k', value: 'v' }];

function readerOf(bytes: Uint8Array, options: Partial<BatchReaderOptions> = {}): BatchReader {
  return new BatchReader(bytes, 0, bytes.length, { ...OPTIONS, ...options });
}

interface PlainRecord {
  timestamp: number;
  offsetDelta: number;
  key: string | null;
  value: string | null;
  headers: (string | null)[][];
}

/** Everything in all batches, in the shape of what was written. */
function recordsOf(bytes: Uint8Array): PlainRecord[] {
  const reader = readerOf(bytes);
  const cursor = new RecordCursor();
  const records: PlainRecord[] = [];
  while (reader.next()) {
    let at = reader.from;
    for (let i = 0; i < reader.header!.count; i++, at = cursor.next) {
      cursor.read(reader.bytes, at, reader.to);
      const { keyFrom, keyTo, valueFrom, valueTo } = cursor;
      records.push({
        timestamp: reader.header!.baseTimestamp + cursor.timestampDelta,
        offsetDelta: cursor.offsetDelta,
        key: keyTo < 0 ? null : hex(reader.bytes.subarray(keyFrom, keyTo)),
        value: valueTo < 0 ? null : hex(reader.bytes.subarray(valueFrom, valueTo)),
        headers: readHeaders(reader.bytes, cursor).map(([name, value]) => [hex(name), hex(value)]),
      });
    }
    expect(at).toBe(reader.to);
  }
  return records;
}

function expected(records: readonly BatchRecord[]): PlainRecord[] {
  return records.map((record, offsetDelta) => ({
    timestamp: record.timestamp ?? -1,
    offsetDelta,
    key: hex(record.key),
    value: hex(record.value),
    headers: (record.headers ?? []).map(([name, value]) => [hex(name), hex(value)]),
  }));
}

/** The error of the next batch. */
function failure(reader: BatchReader): RecordError {
  try {
    reader.next();
  } catch (error) {
    return error as RecordError;
  }
  throw new Error('no error');
}

/** The batch with other bytes at `at`, its checksum right again. */
function patched(batch: Uint8Array, at: number, ...bytes: number[]): Uint8Array {
  const copy = Uint8Array.from(batch);
  copy.set(bytes, at);
  settleCrc(copy, 0, copy.length);
  return copy;
}

describe('what is written is read', () => {
  test('random records, plain and gzip, over several batches', () => {
    for (let seed = 0; seed < 150; seed++) {
      const random = new Generator(seed);
      const lists = [random.records(8), random.records(8), random.records(8)];
      const batches = lists.map((records) => writeBatch(records, { attributes: random.below(2) }));

      const records = recordsOf(Buffer.concat(batches));

      expect(records, `seed ${seed}`).toEqual(lists.flatMap(expected));
    }
  });

  test('every header field comes back', () => {
    const options = {
      baseOffset: 2 ** 52 + 1,
      partitionLeaderEpoch: 2 ** 31 - 1,
      attributes: 0x30,
      producerId: 2 ** 40 + 3,
      producerEpoch: -2,
      baseSequence: 2 ** 31 - 2,
      maxTimestamp: 2 ** 45,
      lastOffsetDelta: 9,
    };

    const batch = writeBatch(ONE, options);

    expect(readBatchHeader(batch, 0, batch.length)).toEqual({
      ...options,
      batchLength: batch.length - 12,
      magic: 2,
      crc: crc32c(batch.subarray(21)),
      baseTimestamp: 1000,
      count: 1,
    });
  });

  test('a batch in the middle of other bytes, and one that compaction left empty', () => {
    const plain = writeBatch([], { baseOffset: 5, lastOffsetDelta: 3 });
    const empty = patched(plain, 22, GZIP);
    const bytes = Buffer.concat([Buffer.from('xx'), plain, empty, writeBatch(ONE), Buffer.from('xx')]);

    const reader = new BatchReader(bytes, 2, bytes.length - 2, OPTIONS);

    const places: unknown[] = [];
    while (reader.next()) places.push([reader.header!.count, reader.header!.lastOffsetDelta, reader.batchFrom]);
    expect(places).toEqual([
      [0, 3, 2],
      [0, 3, 2 + plain.length],
      [1, 0, 2 + plain.length + empty.length],
    ]);
  });

  test('offset and leader epoch change without a new checksum, the append time with one', () => {
    const batch = writeBatch(ONE);
    setBaseOffset(batch, 0, 2 ** 33);
    setPartitionLeaderEpoch(batch, 0, 77);
    expect(readerOf(batch).next()).toBe(true);

    setLogAppendTime(batch, 0, 5000);
    settleCrc(batch, 0, batch.length);
    const reader = readerOf(batch);

    expect(reader.next()).toBe(true);
    expect(reader.header).toMatchObject({ baseOffset: 2 ** 33, partitionLeaderEpoch: 77, maxTimestamp: 5000 });
    expect(reader.header!.attributes).toBe(LOG_APPEND_TIME);
  });

  test('a checksum chained from the header over pieces of records is the right one', () => {
    const batch = writeBatch([{ value: 'x'.repeat(500) }]);
    const right = readBatchHeader(batch, 0, batch.length).crc;

    const crc = [61, 200, 400].reduce(
      (seed, at, i) => crc32c(batch.subarray(at, [200, 400][i]), seed),
      headerCrc(batch, 0),
    );
    setCrc(batch, 0, crc);

    expect(crc).toBe(right);
    expect(readerOf(batch).next()).toBe(true);
  });

  test('a timestamp beyond 2^53 in the header is NaN, an offset beyond it an error', () => {
    const wildTime = patched(writeBatch(ONE), 27, 0x7f, 0xff);
    const wildOffset = patched(writeBatch(ONE), 0, 0x7f, 0xff);
    const reader = readerOf(wildTime);

    reader.next();

    expect(reader.header!.baseTimestamp).toBeNaN();
    expect(failure(readerOf(wildOffset))).toMatchObject({ field: 'baseOffset', code: BAD_MSG });
    expect(readBatchHeader(wildOffset, 0, 61).baseOffset).toBeNaN();
  });
});

describe('the end of the input', () => {
  test('an incomplete batch is left out and its bytes are counted', () => {
    const batch = writeBatch(ONE);
    const two = Buffer.concat([batch, batch]);

    for (let size = batch.length; size < two.length; size++) {
      const reader = readerOf(two.subarray(0, size));

      expect([reader.next(), reader.next(), reader.partial]).toEqual([true, false, size - batch.length]);
    }
  });

  test('an empty input has no batch', () => {
    const reader = readerOf(new Uint8Array(0));

    expect([reader.next(), reader.next(), reader.partial]).toEqual([false, false, 0]);
  });
});

describe('a bad batch', () => {
  test.each([
    ['batchLength', 'a length below its header', patched(writeBatch(ONE), 8, 0, 0, 0, 48)],
    ['batchLength', 'a negative length', patched(writeBatch(ONE), 8, 0x80, 0, 0, 0)],
    ['lastOffsetDelta', 'a negative last offset', patched(writeBatch(ONE), 23, 0xff, 0xff, 0xff, 0xff)],
    ['count', 'a negative count', patched(writeBatch(ONE), 57, 0xff, 0xff, 0xff, 0xff)],
    ['count', 'more records than bytes for them', patched(writeBatch(ONE), 57, 0, 0, 0, 2)],
    ['count', 'a count that no memory could hold', patched(writeBatch(ONE), 57, 0x7f, 0xff, 0xff, 0xff)],
    ['producerId', 'a producer beyond 2^53', patched(writeBatch(ONE), 43, 0x7f)],
  ])('%s: %s', (field, _what, batch) => {
    expect(failure(readerOf(batch))).toMatchObject({ name: 'RecordError', field, code: BAD_MSG });
  });

  test('a wrong checksum is an error only when asked for, and does not say which offset was last', () => {
    const batch = writeBatch(ONE, { baseOffset: 70 });
    batch[batch.length - 2]! ^= 1;

    expect(failure(readerOf(batch))).toMatchObject({ field: 'crc', code: BAD_MSG, baseOffset: 70, lastOffset: -1 });
    expect(readerOf(batch, { checkCrcs: false }).next()).toBe(true);
  });

  test.each([
    [5, 'codec 5: unknown'],
    [7, 'codec 7: unknown'],
  ])('codec %i, which Kafka has not, is not implemented and says so', (bits, text) => {
    const batch = patched(writeBatch(ONE, { baseOffset: 10, lastOffsetDelta: 4 }), 22, bits);

    const error = failure(readerOf(batch));

    expect(error).toMatchObject({ code: NOT_IMPLEMENTED, baseOffset: 10, lastOffset: 14 });
    expect(error.message).toBe(`attributes: ${text}`);
  });

  test('a magic that nobody knows is not implemented', () => {
    const batch = writeBatch(ONE, { baseOffset: 5 });
    batch[16] = 3;

    const error = failure(readerOf(batch));

    expect(error).toMatchObject({ field: 'magic', code: NOT_IMPLEMENTED, baseOffset: 5, message: 'magic: 3: unknown' });
  });

  test('a gzip stream that is broken or unfolds beyond the limit is bad compression', () => {
    const bomb = patched(Buffer.concat([writeBatch(ONE).subarray(0, 61), gzipSync(Buffer.alloc(3 << 20))]), 22, GZIP);
    new DataView(bomb.buffer).setInt32(8, bomb.length - 12);
    const broken = patched(writeBatch(ONE, { attributes: GZIP }), 70, 0xff, 0xff, 0xff);

    expect(failure(readerOf(bomb))).toMatchObject({ field: 'records', code: BAD_COMPRESSION });
    expect(failure(readerOf(broken))).toMatchObject({ field: 'records', code: BAD_COMPRESSION });
  });

  test('does not keep the next one from being read', () => {
    const bad = writeBatch(ONE);
    bad[17]! ^= 0xff;
    const reader = readerOf(Buffer.concat([bad, writeBatch(ONE, { baseOffset: 9 })]));

    const error = failure(reader);

    expect(error.field).toBe('crc');
    expect([reader.next(), reader.header!.baseOffset, reader.next()]).toEqual([true, 9, false]);
  });

  test('ends the input when its length is not to be believed', () => {
    const bad = patched(writeBatch(ONE), 8, 0, 0, 0, 0);
    const reader = readerOf(Buffer.concat([bad, writeBatch(ONE)]));

    failure(reader);

    expect(reader.next()).toBe(false);
  });
});

describe('control batches', () => {
  function typeOf(key: Uint8Array | null): number {
    const batch = writeBatch([{ key, value: markerValue(4) }], { attributes: CONTROL });
    const cursor = new RecordCursor();
    cursor.read(batch, HEADER_SIZE, batch.length);
    return controlType(batch, cursor);
  }

  test('a marker says what it is', () => {
    expect([0, 1, 2, 300].map((type) => typeOf(controlKey(type)))).toEqual([CONTROL_ABORT, 1, 2, 300]);
  });

  test('another version is unknown, a key of another size an error', () => {
    expect(typeOf(Uint8Array.of(0, 1, 9, 9, 9))).toBe(CONTROL_UNKNOWN);
    for (const key of [null, Uint8Array.of(0), Uint8Array.of(0, 0, 0), Uint8Array.of(0, 0, 0, 0, 0)]) {
      expect(() => typeOf(key)).toThrow(expect.objectContaining({ field: 'control record key' }));
    }
  });
});

describe('any input', () => {
  /** Reads everything there is; the number of errors, each a RecordError. */
  function readAll(bytes: Uint8Array, checkCrcs: boolean): number {
    const reader = readerOf(bytes, { checkCrcs });
    const cursor = new RecordCursor();
    let errors = 0;
    for (;;) {
      try {
        if (!reader.next()) return errors;
        let at = reader.from;
        for (let i = 0; i < reader.header!.count; i++, at = cursor.next) {
          cursor.read(reader.bytes, at, reader.to);
          readHeaders(reader.bytes, cursor);
        }
      } catch (error) {
        const { name, field, code } = error as RecordError;
        if (name !== 'RecordError' || field === '' || code >= 0) throw error;
        errors++;
      }
    }
  }

  const headers = [['h', Buffer.from('x')]] as const;
  const records = [{ key: 'k', value: 'v', headers }, { value: 'value' }];

  test.each([0, GZIP])('a flipped bit that the checksum covers is always seen (codec %i)', (attributes) => {
    const batch = writeBatch(records, { attributes });
    for (let bit = 17 * 8; bit < batch.length * 8; bit++) {
      const flipped = Uint8Array.from(batch);
      flipped[bit >> 3]! ^= 1 << (bit & 7);

      const error = failure(readerOf(flipped));

      expect(error).toMatchObject({ field: 'crc' });
    }
  });

  test.each([true, false])('every flipped bit gives values or errors (checksum checked: %s)', (checkCrcs) => {
    for (const attributes of [0, GZIP]) {
      const batch = writeBatch(records, { attributes });
      let errors = 0;
      for (let bit = 0; bit < batch.length * 8; bit++) {
        const flipped = Buffer.concat([batch, batch]);
        flipped[bit >> 3]! ^= 1 << (bit & 7);
        errors += readAll(flipped, checkCrcs);
      }
      expect(errors).toBeGreaterThan(20);
    }
  });

  test('random bytes and random damage give values or errors', () => {
    const random = new Generator(16);
    let errors = 0;
    for (let i = 0; i < 5000; i++) {
      const bytes = random.below(2) === 0 ? random.bytes(200) : Buffer.from(writeBatch(random.records(2)));
      for (let damage = random.below(6); damage > 0; damage--) bytes[random.below(bytes.length)] = random.below(256);
      if (bytes.length > 17 && random.below(2) === 0) bytes[16] = random.below(3);
      errors += readAll(bytes, random.below(2) === 0);
    }
    expect(errors).toBeGreaterThan(1000);
  });
});
