import { describe, expect, test } from 'vitest';
import { mem_calloc, mem_free, mem_malloc } from '../../../src/api/mem.ts';
import * as api from '../../../src/api/uuid.ts';

describe('uuid', () => {
  test('gives its halves back, signed', () => {
    const uuid = api.Uuid_new(-1n, 2n ** 63n - 1n);

    expect(api.Uuid_most_significant_bits(uuid)).toBe(-1n);
    expect(api.Uuid_least_significant_bits(uuid)).toBe(2n ** 63n - 1n);
    expect(api.Uuid_base64str(uuid)).toBe('__________9__________w');
  });

  test('a copy outlives it', () => {
    const uuid = api.Uuid_new(1n, 2n);
    const copy = api.Uuid_copy(uuid);
    api.Uuid_destroy(uuid);

    expect(api.Uuid_base64str(copy)).toBe('AAAAAAAAAAEAAAAAAAAAAg');
    expect(() => api.Uuid_base64str(uuid)).toThrow(expect.objectContaining({ code: 'ERR_RDKAFKA_DESTROYED' }));
  });

  test('a half is a bigint of 64 bits', () => {
    expect(() => api.Uuid_new(1 as never, 0n)).toThrow('Uuid_new: most_significant_bits must be a bigint');
    expect(() => api.Uuid_new(0n, 2n ** 63n)).toThrow(RangeError);
  });
});

describe('mem', () => {
  test('gives Buffers of zeros of that size', () => {
    expect(mem_calloc(null, 3, 4)).toEqual(Buffer.alloc(12));
    expect(mem_malloc(null, 5)).toEqual(Buffer.alloc(5));
    expect(mem_malloc(null, 0)).toHaveLength(0);
  });

  test('a size that cannot be is a RangeError', () => {
    expect(() => mem_malloc(null, -1)).toThrow(RangeError);
    expect(() => mem_calloc(null, 2 ** 40, 2 ** 40)).toThrow(RangeError);
  });

  test('free takes anything', () => {
    expect(() => mem_free(null, 'whatever')).not.toThrow();
  });

  test('the handle is one or null', () => {
    expect(() => mem_malloc({} as never, 1)).toThrow('mem_malloc: rk must be a rd_kafka_t, not an object');
  });
});
