import { describe, expect, test } from 'vitest';
import * as api from '../../../src/api/headers.ts';
import { out } from '../../../src/defs/out.ts';
import type { rd_kafka_headers_t } from '../../../src/defs/types.ts';

const NOENT = -156;

function filled(...pairs: [string, string | null][]): rd_kafka_headers_t {
  const headers = api.headers_new(8);
  for (const [name, value] of pairs) api.header_add(headers, name, value);
  return headers;
}

function all(headers: rd_kafka_headers_t): [string, string | null][] {
  return Array.from({ length: api.header_cnt(headers) }, (_, i) => {
    const [name, value] = [out<string>(), out<Buffer | null>()];
    api.header_get_all(headers, i, name, value);
    return [name.value, value.value?.toString() ?? null];
  });
}

test('headers keep their order, duplicates, null and empty values', () => {
  const headers = filled(['b', '1'], ['a', ''], ['b', null]);

  expect(all(headers)).toEqual([
    ['b', '1'],
    ['a', ''],
    ['b', null],
  ]);
});

test('a value is copied when it is added', () => {
  const [headers, bytes, value] = [api.headers_new(), new Uint8Array([1]), out<Buffer | null>()];
  api.header_add(headers, 'n', bytes);

  bytes[0] = 9;

  api.header_get_last(headers, 'n', value);
  expect(value.value).toEqual(Buffer.from([1]));
});

describe('finding', () => {
  test('get_last gives the newest, get the idx-th of that name', () => {
    const headers = filled(['a', '1'], ['b', '2'], ['a', '3']);
    const value = out<Buffer | null>();

    expect(api.header_get_last(headers, 'a', value)).toBe(0);
    expect(String(value.value)).toBe('3');
    expect(api.header_get(headers, 0, 'a', value)).toBe(0);
    expect(String(value.value)).toBe('1');
    expect(api.header_get(headers, 1, 'a', value)).toBe(0);
    expect(String(value.value)).toBe('3');
  });

  test('what is not there gives _NOENT and leaves the out-parameters alone', () => {
    const [headers, value, name] = [filled(['a', '1']), out<Buffer | null>(Buffer.from('old')), out('old')];

    expect(api.header_get_last(headers, 'b', value)).toBe(NOENT);
    expect(api.header_get(headers, 1, 'a', value)).toBe(NOENT);
    expect(api.header_get_all(headers, 1, name, value)).toBe(NOENT);

    expect([name.value, String(value.value)]).toEqual(['old', 'old']);
  });
});

test('remove takes every header of that name, _NOENT when there is none', () => {
  const headers = filled(['a', '1'], ['b', '2'], ['a', '3']);

  expect(api.header_remove(headers, 'a')).toBe(0);
  expect(api.header_remove(headers, 'a')).toBe(NOENT);

  expect(all(headers)).toEqual([['b', '2']]);
});

test('a copy lives by itself', () => {
  const headers = filled(['a', '1']);
  const copy = api.headers_copy(headers);

  api.header_add(headers, 'b', '2');
  api.headers_destroy(headers);

  expect(all(copy)).toEqual([['a', '1']]);
});

test('a destroyed list refuses everything, but dispose is silent', () => {
  const headers = filled(['a', '1']);
  api.headers_destroy(headers);

  expect(() => api.header_cnt(headers)).toThrow(expect.objectContaining({ code: 'ERR_RDKAFKA_DESTROYED' }));
  expect(() => api.headers_destroy(headers)).toThrow('headers_destroy: hdrs has been destroyed');
  expect(() => headers[Symbol.dispose]()).not.toThrow();
});

test('misuse throws and changes nothing', () => {
  const headers = filled(['a', '1']);

  expect(() => api.header_add(headers, 'a\0b', 'v')).toThrow(TypeError);
  expect(() => api.header_add(headers, 'a', 5 as never)).toThrow('header_add: value must be a Uint8Array');
  expect(() => api.header_add({} as never, 'a', 'v')).toThrow('header_add: hdrs must be a rd_kafka_headers_t');
  expect(() => api.header_get(headers, -1, 'a', null)).toThrow(RangeError);

  expect(api.header_cnt(headers)).toBe(1);
});
