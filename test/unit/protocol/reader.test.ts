import { describe, expect, test } from 'vitest';
import { ProtocolError, Reader, ZERO_UUID } from '../../../src/protocol/reader.ts';

const of = (...bytes: number[]): Reader => new Reader(Uint8Array.from(bytes));
const ff = (count: number): number[] => new Array(count).fill(0xff);

describe('integers', () => {
  test.each([
    ['int8', [0x80], -128],
    ['int16', [0xff, 0xfe], -2],
    ['uint16', [0xff, 0xfe], 65534],
    ['int32', [0x80, 0, 0, 0], -2147483648],
    ['uint32', [0x80, 0, 0, 1], 2147483649],
    ['int64', [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], -1],
    ['int64', [0, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], Number.MAX_SAFE_INTEGER],
    ['int64', [0xff, 0xe0, 0, 0, 0, 0, 0, 1], Number.MIN_SAFE_INTEGER],
    ['float64', [0x3f, 0xf8, 0, 0, 0, 0, 0, 0], 1.5],
    ['varint', [0x01], -1],
    ['varint', [0xff, 0xff, 0xff, 0xff, 0x0f], -2147483648],
    ['unsignedVarint', [0xac, 0x02], 300],
    ['unsignedVarint', [0xff, 0xff, 0xff, 0xff, 0x0f], 4294967295],
    ['varlong', [0x02], 1],
    ['varlong', [0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f], Number.MAX_SAFE_INTEGER],
    ['varlong', [0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1f], Number.MIN_SAFE_INTEGER],
  ] as const)('%s of %j is %d', (verb, bytes, value) => {
    const reader = of(...bytes);

    expect(reader[verb]()).toBe(value);
    expect(reader.left).toBe(0);
  });

  test('a 64-bit value that a number cannot hold is an error', () => {
    expect(() => of(0, 0x20, 0, 0, 0, 0, 0, 0).int64()).toThrow('a 64-bit value beyond 2^53-1');
    expect(() => of(...ff(9), 0x01).varlong()).toThrow('a 64-bit value beyond 2^53-1');
  });

  test('a varint ends after 5 bytes and a varlong after 10, whatever comes', () => {
    expect(() => of(...ff(20)).unsignedVarint()).toThrow('a varint of more than 32 bits');
    expect(() => of(...ff(20)).varint()).toThrow(ProtocolError);
    expect(() => of(...ff(20)).varlong()).toThrow('a varlong of more than 64 bits');
    expect(() => of(...ff(9), 0x02).varlong()).toThrow('a varlong of more than 64 bits');
  });

  test.each(['int8', 'bool', 'int16', 'int32', 'int64', 'float64', 'unsignedVarint', 'varlong', 'uuid'] as const)(
    '%s does not read past the end, though bytes follow there',
    (verb) => {
      const reader = new Reader(new Uint8Array(20).fill(0x80), 4, 4);

      expect(() => reader[verb]()).toThrow(ProtocolError);
    },
  );
});

describe('strings and bytes', () => {
  test('a string is read by its length', () => {
    expect(of(0, 3, 0x61, 0xc3, 0xb6, 0x62).string()).toBe('aö');
  });

  test('a compact string is read by its length plus one', () => {
    expect(of(4, 0x61, 0xc3, 0xb6, 0x62).string(true)).toBe('aö');
  });

  test('null is a value only where it is asked for', () => {
    expect(of(0xff, 0xff).nullableString()).toBeNull();
    expect(of(0).nullableString(true)).toBeNull();
    expect(of(...ff(4)).nullableBytes()).toBeNull();
    expect(() => of(0xff, 0xff).string()).toThrow('null where a string is required');
    expect(() => of(0).bytes(true)).toThrow('null where bytes are required');
  });

  test('a length beyond the end says how much is left', () => {
    expect(() => of(0x7f, 0xff, 1, 2).string()).toThrow('length 32767 exceeds the 2 bytes left');
    expect(() => of(0x7f, 0xff, 0xff, 0xff, 1).bytes()).toThrow('length 2147483647 exceeds the 1 bytes left');
  });

  test('a length below -1 is an error', () => {
    expect(() => of(0xff, 0xfe).nullableString()).toThrow('length -2');
    expect(() => of(0x80, 0, 0, 0).nullableBytes()).toThrow('length -2147483648');
  });

  test('bytes are a view of the input', () => {
    const input = Uint8Array.of(0, 0, 0, 2, 7, 8);

    const bytes = new Reader(input).bytes();

    input[4] = 9;
    expect([...bytes]).toEqual([9, 8]);
  });

  test('a uuid is printed as Kafka prints it', () => {
    expect(new Reader(new Uint8Array(16)).uuid()).toBe(ZERO_UUID);
  });
});

describe('counts', () => {
  test('a count is refused when its elements cannot be there', () => {
    expect(of(0, 0, 0, 2, 0, 0, 0, 0).count(false, 2)).toBe(2);
    expect(() => of(0, 0, 0, 3, 0, 0, 0, 0).count(false, 2)).toThrow(
      '3 elements of at least 2 bytes exceed the 4 bytes',
    );
  });

  test('even elements of no bytes are counted as one byte', () => {
    expect(() => of(0x7f, 0xff, 0xff, 0xff).count(false, 0)).toThrow(
      'elements of at least 1 bytes exceed the 0 bytes left',
    );
  });

  test('a count below -1 is an error', () => {
    expect(() => of(0xff, 0xff, 0xff, 0xfe).count(false, 1)).toThrow('count -2');
  });
});

describe('ProtocolError', () => {
  test('builds the path of the field from inside out', () => {
    const error = new ProtocolError('length 5').within('name').within(2).within('topics').of('Metadata response v9');

    expect(error.field).toBe('topics[2].name');
    expect(error.message).toBe('Metadata response v9: topics[2].name: length 5');
  });
});

test('a range outside of the bytes is refused', () => {
  expect(() => new Reader(new Uint8Array(4), 2, 5)).toThrow(RangeError);
});
