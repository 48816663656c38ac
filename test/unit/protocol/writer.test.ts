import { describe, expect, test } from 'vitest';
import { Reader } from '../../../src/protocol/reader.ts';
import { Writer } from '../../../src/protocol/writer.ts';

describe('what one writes, the other reads', () => {
  test.each([
    ['int8', [-128, -1, 0, 127]],
    ['int16', [-32768, -1, 0, 32767]],
    ['uint16', [0, 65535]],
    ['int32', [-2147483648, -1, 0, 2147483647]],
    ['uint32', [0, 4294967295]],
    ['int64', [Number.MIN_SAFE_INTEGER, -4294967297, -4294967296, -1, 0, 4294967296, Number.MAX_SAFE_INTEGER]],
    ['float64', [-1.25, 0, 1e300]],
    ['varint', [-2147483648, -64, -1, 0, 63, 64, 2147483647]],
    ['unsignedVarint', [0, 127, 128, 4294967295]],
    ['varlong', [Number.MIN_SAFE_INTEGER, -65, -64, -1, 0, 63, 64, 2 ** 40, Number.MAX_SAFE_INTEGER]],
  ] as const)('%s', (verb, values) => {
    const writer = new Writer();

    for (const value of values) writer[verb](value);

    const reader = new Reader(writer.bytes());
    expect(values.map(() => reader[verb]())).toEqual(values);
    expect(reader.left).toBe(0);
  });

  test.each([false, true])('strings, bytes, their nulls and uuids, compact %s', (compact) => {
    const writer = new Writer();

    writer.string('größe', compact);
    writer.nullableString(null, compact);
    writer.blob(Uint8Array.of(1, 2), compact);
    writer.nullableBlob(null, compact);
    writer.uuid('fCOlN-YeQtG4BhCwEhBAxA');

    const reader = new Reader(writer.bytes());
    expect(reader.string(compact)).toBe('größe');
    expect(reader.nullableString(compact)).toBeNull();
    expect([...reader.bytes(compact)]).toEqual([1, 2]);
    expect(reader.nullableBytes(compact)).toBeNull();
    expect(reader.uuid()).toBe('fCOlN-YeQtG4BhCwEhBAxA');
  });
});

describe('memory', () => {
  test.each([0, 1, 15, 16, 17])('bytes are whole when the memory grows at byte %d', (lead) => {
    const writer = new Writer(16);

    for (let i = 0; i < lead; i++) writer.bool(true);
    writer.string('a string of more than sixteen bytes', true);
    writer.int64(1234567890123);

    const reader = new Reader(writer.bytes());
    reader.skip(lead);
    expect(reader.string(true)).toBe('a string of more than sixteen bytes');
    expect(reader.int64()).toBe(1234567890123);
  });

  test('every single byte survives growth', () => {
    const writer = new Writer(16);

    for (let i = 0; i < 1000; i++) writer.int8(i % 128);

    expect([...writer.bytes()]).toEqual(Array.from({ length: 1000 }, (_, i) => i % 128));
  });

  test.each([0, 127, 128, 20_000])('a size of %d is put before what it measures', (size) => {
    const writer = new Writer(16);
    writer.int8(7);
    const from = writer.position;

    writer.raw(new Uint8Array(size).fill(3));
    writer.sizeBefore(from);
    writer.int8(9);

    const reader = new Reader(writer.bytes(), 1);
    expect(reader.unsignedVarint()).toBe(size);
    expect(reader.source.subarray(reader.skip(size), reader.position).every((byte) => byte === 3)).toBe(true);
    expect(reader.int8()).toBe(9);
    expect(reader.left).toBe(0);
  });

  test('reset begins anew', () => {
    const writer = new Writer();
    writer.int32(1);

    writer.reset();
    writer.int8(5);

    expect([...writer.bytes()]).toEqual([5]);
  });
});

describe('a value that its type cannot hold is a RangeError', () => {
  test.each([
    ['int8', 128],
    ['int16', -32769],
    ['uint16', -1],
    ['int32', 2147483648],
    ['int32', 1.5],
    ['int32', Number.NaN],
    ['uint32', -1],
    ['int64', 2 ** 53],
    ['int64', 0.5],
    ['varint', 2147483648],
    ['unsignedVarint', 2 ** 32],
    ['varlong', Number.POSITIVE_INFINITY],
  ] as const)('%s of %d', (verb, value) => {
    expect(() => new Writer()[verb](value)).toThrow(RangeError);
  });

  test.each([
    '',
    'abc',
    'fCOlN-YeQtG4BhCwEhBAx',
    'fCOlN-YeQtG4BhCwEhBAxAA',
    'fCOlN+YeQtG4BhCwEhBAxA',
    'fCOlN-YeQtG4BhCwEhBAxB',
  ])('uuid of %j', (value) => {
    expect(() => new Writer().uuid(value)).toThrow(RangeError);
  });

  test('a string beyond 32767 bytes', () => {
    expect(() => new Writer().string('ö'.repeat(16_384))).toThrow('a string of 32768 bytes');
    expect(() => new Writer().string('a'.repeat(32_768), true)).toThrow(RangeError);
  });
});
