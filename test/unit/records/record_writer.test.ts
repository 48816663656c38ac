import { describe, expect, test } from 'vitest';
import { RecordCursor, readHeaders } from '../../../src/records/record_reader.ts';
import {
  type Bytes,
  exactSize,
  type RecordHeaders,
  type RecordTarget,
  recordBound,
  rewriteRecord,
  writeRecord,
} from '../../../src/records/record_writer.ts';
import { Generator, hex } from './generator.ts';

const SIZE = 1 << 16;
const UNTOUCHED = 0xa5;
const BLANK = Buffer.alloc(SIZE, UNTOUCHED);

function aTarget(): RecordTarget {
  const memory = new SharedArrayBuffer(SIZE);
  const bytes = new Uint8Array(memory).fill(UNTOUCHED);
  return { bytes, buffer: Buffer.from(memory) };
}

/** The record written alone at 100, and a check that nothing around it was touched. */
function write(
  timestampDelta: number,
  offsetDelta: number,
  key: Bytes,
  value: Bytes,
  headers: RecordHeaders | null,
): Buffer {
  const target = aTarget();
  const end = writeRecord(target, 100, timestampDelta, offsetDelta, key, value, headers);
  expect(
    BLANK.equals(
      Buffer.concat([target.buffer.subarray(0, 100), BLANK.subarray(100, end), target.buffer.subarray(end)]),
    ),
  ).toBe(true);
  return Buffer.from(target.bytes.subarray(100, end));
}

function read(record: Uint8Array): RecordCursor {
  const cursor = new RecordCursor();
  cursor.read(record, 0, record.length);
  return cursor;
}

describe('writeRecord', () => {
  test('the smallest record is seven bytes', () => {
    expect([...write(0, 0, null, null, null)]).toEqual([12, 0, 0, 0, 1, 1, 0]);
  });

  test('null and empty differ, for key, value and header value', () => {
    const headers: RecordHeaders = [
      ['n', null],
      ['e', new Uint8Array(0)],
    ];

    const nothing = write(0, 0, null, null, headers);
    const empty = write(0, 0, '', new Uint8Array(0), headers);

    expect([...nothing]).toEqual([24, 0, 0, 0, 1, 1, 4, 2, 110, 1, 2, 101, 0]);
    expect([...empty]).toEqual([24, 0, 0, 0, 0, 0, 4, 2, 110, 1, 2, 101, 0]);
  });

  test('a string and its UTF-8 bytes give the same record', () => {
    for (const text of ['', 'a', 'ü', 'x'.repeat(17), 'ü'.repeat(40), '€'.repeat(3000), '🔑'.repeat(2048), '\udc00x']) {
      const bytes = Buffer.from(text);

      const asText = write(-5, 300, text, text, [[text, bytes]]);
      const asBytes = write(-5, 300, bytes, bytes, [[bytes, bytes]]);

      expect(asText.equals(asBytes)).toBe(true);
    }
  });

  test('lengths are right around every change of their own size', () => {
    for (const edge of [50, 64, 128, 8170, 8192, 16384]) {
      for (let size = edge - 12; size < edge + 4; size++) {
        for (const value of ['x'.repeat(size), `${'x'.repeat(size - 2)}ü`, new Uint8Array(size)]) {
          const record = write(1, 1, null, value, null);

          const cursor = read(record);

          expect(record.length).toBe(exactSize(1, 1, null, value, null));
          expect(hex(record.subarray(cursor.valueFrom, cursor.valueTo))).toBe(hex(value));
        }
      }
    }
  });

  test('a record of random parts comes back as it was, fills its exact size and stays within its bound', () => {
    for (let seed = 0; seed < 500; seed++) {
      const random = new Generator(seed);
      const { key = null, value = null, headers = null } = random.record();
      const timestampDelta = random.integer(53);
      const offsetDelta = Math.abs(random.integer(30));

      const record = write(timestampDelta, offsetDelta, key, value, headers);
      const cursor = read(record);

      expect(record.length, `seed ${seed}`).toBe(exactSize(timestampDelta, offsetDelta, key, value, headers));
      expect(record.length).toBeLessThanOrEqual(recordBound(key, value, headers));
      expect([cursor.timestampDelta, cursor.offsetDelta, cursor.next]).toEqual([
        timestampDelta,
        offsetDelta,
        record.length,
      ]);
      expect(cursor.keyTo < 0 ? null : hex(record.subarray(cursor.keyFrom, cursor.keyTo))).toBe(hex(key));
      expect(cursor.valueTo < 0 ? null : hex(record.subarray(cursor.valueFrom, cursor.valueTo))).toBe(hex(value));
      expect(readHeaders(record, cursor).map(([name, each]) => [hex(name), hex(each)])).toEqual(
        (headers ?? []).map(([name, each]) => [hex(name), hex(each)]),
      );
    }
  });

  test('it fits into room of exactly its size, even when lengths had to be widened', () => {
    const value = `${'x'.repeat(8180)}üüüüüü`;
    const size = exactSize(0, 0, 'ü'.repeat(63), value, null);
    const buffer = Buffer.from(new SharedArrayBuffer(size));

    const end = writeRecord({ bytes: new Uint8Array(buffer.buffer), buffer }, 0, 0, 0, 'ü'.repeat(63), value, null);

    expect(end).toBe(size);
    expect(read(buffer).valueTo - read(buffer).valueFrom).toBe(Buffer.byteLength(value));
  });

  test('records follow one another without a gap', () => {
    const target = aTarget();
    let at = 0;
    for (let i = 0; i < 500; i++) at = writeRecord(target, at, i, i, `key ${i}`, Buffer.from(`value ${i}`), null);
    const cursor = new RecordCursor();
    const keys: string[] = [];

    for (let from = 0; from < at; from = cursor.next) {
      cursor.read(target.bytes, from, at);
      keys.push(target.buffer.toString('utf8', cursor.keyFrom, cursor.keyTo));
    }

    expect(keys).toEqual(Array.from({ length: 500 }, (_, i) => `key ${i}`));
  });
});

test('rewriteRecord gives what writeRecord gives for the new deltas', () => {
  for (let seed = 0; seed < 300; seed++) {
    const random = new Generator(seed);
    const { key = null, value = null, headers = null } = random.record();
    const original = write(random.integer(40), 7, key, value, headers);
    const [timestampDelta, offsetDelta] = [random.integer(40), random.below(100_000)];
    const target = aTarget();
    const cursor = read(original);

    const end = rewriteRecord(target, 5, timestampDelta, offsetDelta, original, cursor.bodyFrom, cursor.next);

    const expected = write(timestampDelta, offsetDelta, key, value, headers);
    expect(Buffer.from(target.bytes.subarray(5, end)).equals(expected)).toBe(true);
  }
});
