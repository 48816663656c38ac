import { describe, expect, test } from 'vitest';
import {
  readUnsignedVarint,
  readVarint,
  readVarlong,
  unsignedVarintSize,
  varintSize,
  varlongSize,
  writeUnsignedVarint,
  writeVarint,
  writeVarlong,
} from '../../../src/rd/varint.ts';
import { Generator } from '../records/generator.ts';

/** 64-bit zigzag by BigInt, the slow and obvious way. */
function reference(value: bigint): number[] {
  let bits = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  const bytes: number[] = [];
  while (bits > 0x7fn) {
    bytes.push(Number(bits & 0x7fn) | 0x80);
    bits >>= 7n;
  }
  bytes.push(Number(bits));
  return bytes;
}

function written(write: (u8: Uint8Array, at: number, value: number) => number, value: number): number[] {
  const u8 = new Uint8Array(16);
  return [...u8.subarray(3, write(u8, 3, value))];
}

const EDGES = [0, 1, -1, 63, 64, -64, -65, 8191, 8192, 2 ** 20, 2 ** 27 - 1, 2 ** 27, 2 ** 30, 2 ** 31 - 1, -(2 ** 31)];
const WIDE_EDGES = [...EDGES, 2 ** 31, -(2 ** 31) - 1, 2 ** 32, 2 ** 34, 13 * 86_400_000, -13 * 86_400_000, 2 ** 48];
const WIDEST = [2 ** 53 - 1, -(2 ** 53) + 1, 2 ** 53, -(2 ** 53)];

describe('varint', () => {
  test('an int32 is written as zigzag in as few bytes as varintSize says', () => {
    const random = new Generator(1);
    const values = [...EDGES, ...Array.from({ length: 2000 }, () => random.integer(31))];

    const bytes = values.map((value) => written(writeVarint, value));

    expect(bytes).toEqual(values.map((value) => reference(BigInt(value))));
    expect(values.map(varintSize)).toEqual(bytes.map((each) => each.length));
  });

  test('what was written as int32 is read back', () => {
    const random = new Generator(2);
    const values = [...EDGES, ...Array.from({ length: 2000 }, () => random.integer(31))];

    const read = values.map((value) => readVarint(Uint8Array.from(written(writeVarint, value)), { at: 0 }, 16));

    expect(read).toEqual(values);
  });

  test('the cursor stands behind what was read', () => {
    const cursor = { at: 1 };

    readVarint(Uint8Array.of(9, 0x80, 0x01, 9), cursor, 4);

    expect(cursor.at).toBe(3);
  });

  test('an int32 of more than five bytes or 32 bits fails', () => {
    const inputs = [
      [0x80, 0x80, 0x80, 0x80, 0x80, 0x01],
      [0xff, 0xff, 0xff, 0xff, 0x1f],
      [0xff, 0xff, 0xff, 0xff, 0x80],
    ];

    const ends = inputs.map((input) => {
      const cursor = { at: 0 };
      readVarint(Uint8Array.from(input), cursor, input.length);
      return cursor.at;
    });

    expect(ends).toEqual([-1, -1, -1]);
  });

  test('every truncation fails, and the failure sticks', () => {
    const bytes = Uint8Array.from(written(writeVarint, -(2 ** 31)));
    for (let end = 0; end < bytes.length; end++) {
      const cursor = { at: 0 };

      readVarint(bytes, cursor, end);
      const again = readVarint(bytes, cursor, bytes.length);

      expect([cursor.at, again]).toEqual([-1, 0]);
    }
  });

  test('a longer form of a small number is read like the short one', () => {
    expect(readVarint(Uint8Array.of(0x82, 0x80, 0x00), { at: 0 }, 3)).toBe(1);
  });

  test('unsigned numbers up to 2^32 - 1 come back', () => {
    const values = [0, 1, 127, 128, 16383, 16384, 2 ** 21, 2 ** 28 - 1, 2 ** 28, 2 ** 31, 2 ** 32 - 1];

    const bytes = values.map((value) => written(writeUnsignedVarint, value));

    expect(bytes.map((each) => readUnsignedVarint(Uint8Array.from(each), { at: 0 }, 5))).toEqual(values);
    expect(values.map(unsignedVarintSize)).toEqual(bytes.map((each) => each.length));
  });
});

describe('varlong', () => {
  test('integers up to +-2^53 are written as 64-bit zigzag in as few bytes as varlongSize says', () => {
    const random = new Generator(3);
    const values = [...WIDE_EDGES, ...WIDEST, ...Array.from({ length: 5000 }, () => random.integer(53))];

    const bytes = values.map((value) => written(writeVarlong, value));

    expect(bytes).toEqual(values.map((value) => reference(BigInt(value))));
    expect(values.map(varlongSize)).toEqual(bytes.map((each) => each.length));
  });

  // The vectors of librdkafka's own unit test (rdvarint.c), as published.
  test.each([
    [0, '00'],
    [1, '02'],
    [-1, '01'],
    [23, '2e'],
    [-23, '2d'],
    [253, 'fa03'],
    [1234567890101112, 'f08dd3c8a7b5b104'],
    [-1234567890101112, 'ef8dd3c8a7b5b104'],
  ])('%i is %s, there and back, and nothing less than that is read', (value, hex) => {
    const bytes = written(writeVarlong, value);
    const [whole, part] = [{ at: 0 }, { at: 0 }];

    const read = readVarlong(Uint8Array.from([...bytes, 0xff]), whole, bytes.length + 1);
    readVarlong(Uint8Array.from(bytes), part, bytes.length - 1);

    expect(Buffer.from(bytes).toString('hex')).toBe(hex);
    expect([read, whole.at, part.at]).toEqual([value, bytes.length, -1]);
  });

  test('what was written is read back up to +-(2^53 - 1)', () => {
    const random = new Generator(4);
    const values = [...WIDE_EDGES, 2 ** 53 - 1, 1 - 2 ** 53, ...Array.from({ length: 5000 }, () => random.integer(53))];
    const safe = values.filter(Number.isSafeInteger);

    const read = safe.map((value) => readVarlong(Uint8Array.from(written(writeVarlong, value)), { at: 0 }, 16));

    expect(read).toEqual(safe);
  });

  test('a value beyond +-(2^53 - 1) gives NaN and is passed', () => {
    const values = [2n ** 53n, -(2n ** 53n), 2n ** 53n + 1n, 2n ** 62n, 2n ** 63n - 1n, -(2n ** 63n)];

    const read = values.map((value) => {
      const bytes = Uint8Array.from(reference(value));
      const cursor = { at: 0 };
      return [readVarlong(bytes, cursor, bytes.length), cursor.at === bytes.length];
    });

    expect(read).toEqual(values.map(() => [Number.NaN, true]));
  });

  test('more than ten bytes or 64 bits fails, and so does every truncation', () => {
    const longest = [...new Array<number>(9).fill(0xff), 0x01];
    const inputs = [
      [...new Array<number>(9).fill(0x80), 0x02],
      [...new Array<number>(10).fill(0x80), 0x01],
      ...Array.from({ length: 10 }, (_, size) => longest.slice(0, size)),
    ];

    const ends = inputs.map((input) => {
      const cursor = { at: 0 };
      readVarlong(Uint8Array.from(input), cursor, input.length);
      return cursor.at;
    });

    expect(ends).toEqual(inputs.map(() => -1));
  });

  test('ten bytes that end in time are accepted', () => {
    expect(readVarlong(Uint8Array.of(0x82, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0), { at: 0 }, 10)).toBe(1);
  });
});
