import { describe, expect, test } from 'vitest';
import { RecordCursor, readHeaders } from '../../../src/records/record_reader.ts';
import { type RecordHeaders, writeRecord } from '../../../src/records/record_writer.ts';
import { Generator } from './generator.ts';

const HEADERS: RecordHeaders = [
  ['a', Buffer.from('1')],
  ['a', null],
  ['größe', Buffer.from('2')],
];

function aRecord(): Buffer {
  const buffer = Buffer.alloc(200);
  const end = writeRecord({ bytes: buffer, buffer }, 0, 5, 6, 'key', 'value', HEADERS);
  return buffer.subarray(0, end);
}

function read(record: Uint8Array, end: number = record.length): RecordCursor {
  const cursor = new RecordCursor();
  cursor.read(record, 0, end);
  return cursor;
}

/** A record whose length is right, around the given body. */
function around(...body: number[]): Uint8Array {
  return Uint8Array.of(body.length * 2, ...body);
}

describe('a good record', () => {
  test('a record of our own is read without checks to the same places', () => {
    const random = new Generator(23);
    const { attributes: _a, offsetDelta: _o, bodyFrom: _b, ...own } = new RecordCursor();
    const places = (cursor: RecordCursor) =>
      Object.fromEntries(Object.keys(own).map((name) => [name, cursor[name as keyof RecordCursor]]));
    const buffer = Buffer.alloc(100_000);
    for (let i = 0; i < 3000; i++) {
      const { timestamp = 0, key = null, value = null, headers = null } = random.record();
      const end = writeRecord({ bytes: buffer, buffer }, i % 9, timestamp, random.below(2 ** 31), key, value, headers);
      const [checked, unchecked] = [new RecordCursor(), new RecordCursor()];

      checked.read(buffer, i % 9, end);
      unchecked.readOwn(buffer, i % 9);

      expect(places(unchecked)).toEqual(places(checked));
    }
  });

  test('headers come as copies in order, duplicates and nulls kept', () => {
    const record = aRecord();

    const headers = readHeaders(record, read(record));
    record.fill(0);

    expect(headers).toEqual([
      ['a', Buffer.from('1')],
      ['a', null],
      ['größe', Buffer.from('2')],
    ]);
  });

  test('one cursor reads record after record', () => {
    const two = Buffer.concat([aRecord(), aRecord()]);
    const cursor = new RecordCursor();

    cursor.read(two, 0, two.length);
    const first = cursor.next;
    cursor.read(two, first, two.length);

    expect([first, cursor.next]).toEqual([two.length / 2, two.length]);
  });

  test('a timestamp delta beyond 2^53 is NaN and the rest is read', () => {
    const record = around(0, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 1, 4, 1, 2, 118, 0);

    const cursor = read(record);

    expect([cursor.timestampDelta, cursor.offsetDelta, cursor.keyTo]).toEqual([Number.NaN, 2, -1]);
  });
});

describe('a bad record names the field', () => {
  test.each([
    ['record length', Uint8Array.of()],
    ['record length', Uint8Array.of(0x80)],
    ['record length', Uint8Array.of(10, 0, 0, 0, 1, 1)],
    ['record length', Uint8Array.of(1, 0, 0, 0, 1, 1, 0)],
    ['record length', Uint8Array.of(14, 0, 0, 0, 1, 1, 0)],
    ['record timestampDelta', around(0, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80)],
    ['record offsetDelta', around(0, 0, 0x80, 0x80, 0x80, 0x80)],
    ['record offsetDelta', around(0, 0, 1, 1, 1, 0)],
    ['record key', around(0, 0, 0, 3, 1, 0)],
    ['record key', around(0, 0, 0, 8, 1, 0)],
    ['record value', around(0, 0, 0, 1, 8, 0)],
    ['record value', around(0, 0, 0, 0, 5, 0)],
    ['record headerCount', around(0, 0, 0, 1, 2, 118)],
    ['record headerCount', around(0, 0, 0, 1, 1, 1)],
    ['record headerCount', around(0, 0, 0, 1, 1, 2)],
    ['record headerCount', around(0, 0, 0, 1, 1, 0, 0)],
    ['record headerCount', around(0, 0, 0, 1, 1, 0xfe, 0xff, 0xff, 0xff, 0x0f)],
  ])('%s', (field, record) => {
    expect(() => read(record)).toThrow(expect.objectContaining({ name: 'RecordError', field, code: -199 }));
  });

  test.each([
    ['record headers[0].name', [2, 1, 0]],
    ['record headers[0].name', [2, 8, 1]],
    ['record headers[0].name', [2, 0x80, 0x80]],
    ['record headers[0].value', [2, 0, 2]],
    ['record headers[1].value', [4, 0, 1, 0, 3]],
    ['record headers', [2, 0, 1, 0]],
  ])('%s, when the headers are read', (field, tail) => {
    const record = around(0, 0, 0, 1, 1, ...tail);

    expect(() => readHeaders(record, read(record))).toThrow(expect.objectContaining({ field }));
  });
});

describe('any input', () => {
  test('no truncation of a record is taken for one', () => {
    const record = aRecord();

    for (let end = 0; end < record.length; end++) expect(() => read(record, end)).toThrow(/^record length/);
  });

  /** Whether the bytes are taken for a record; then everything in it lies within them. */
  function isRecord(bytes: Uint8Array): boolean {
    try {
      const cursor = read(bytes);
      const furthest = Math.max(cursor.keyTo, cursor.valueTo, cursor.headersFrom, cursor.headerCount);
      if (furthest > cursor.next || cursor.next > bytes.length) throw new Error('outside of the record');
      readHeaders(bytes, cursor);
      return true;
    } catch (error) {
      if ((error as Error).name !== 'RecordError') throw error;
      return false;
    }
  }

  test('random bytes give an error or fields that lie within them', () => {
    const random = new Generator(15);
    let errors = 0;
    for (let i = 0; i < 20_000; i++) {
      const bytes = random.bytes(24);
      if (bytes.length > 0) bytes[0] = (bytes.length - 1) * 2;

      if (!isRecord(bytes)) errors++;
    }
    expect(errors).toBeGreaterThan(10_000);
  });

  test('a damaged record gives an error or fields that lie within it', () => {
    const random = new Generator(17);
    const record = aRecord();
    let good = 0;
    for (let i = 0; i < 20_000; i++) {
      const damaged = Uint8Array.from(record);
      for (let damage = 1 + random.below(3); damage > 0; damage--)
        damaged[random.below(damaged.length)] = random.below(256);

      if (isRecord(damaged)) good++;
    }
    expect(good).toBeGreaterThan(1000);
    expect(good).toBeLessThan(19_000);
  });
});
