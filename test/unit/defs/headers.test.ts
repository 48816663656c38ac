import { describe, expect, test } from 'vitest';
import { HeaderList, headersFrom } from '../../../src/defs/headers.ts';

describe('headersFrom', () => {
  test('takes pairs in their order and keeps duplicates', () => {
    const headers = headersFrom('f', 'headers', [
      ['a', '1'],
      ['b', null],
      ['a', new Uint8Array([2])],
    ]);

    expect(headers?.list).toEqual([
      ['a', Buffer.from('1')],
      ['b', null],
      ['a', Buffer.from([2])],
    ]);
  });

  test('takes an object, where an array gives several headers of one name', () => {
    const headers = headersFrom('f', 'headers', { trace: ['x', 'y'], empty: '', none: null });

    expect(headers?.list).toEqual([
      ['trace', Buffer.from('x')],
      ['trace', Buffer.from('y')],
      ['empty', Buffer.alloc(0)],
      ['none', null],
    ]);
  });

  test('takes a Map', () => {
    expect(headersFrom('f', 'headers', new Map([['k', 'v']]))?.list).toEqual([['k', Buffer.from('v')]]);
  });

  test('copies bytes: writing to them afterwards changes nothing', () => {
    const bytes = new Uint8Array([1]);
    const headers = headersFrom('f', 'headers', [['a', bytes]]);

    bytes[0] = 9;

    expect(headers?.list[0]?.[1]).toEqual(Buffer.from([1]));
  });

  test('gives a header list back as it is, and null for nothing', () => {
    const list = new HeaderList();

    expect(headersFrom('f', 'headers', list)).toBe(list);
    expect(headersFrom('f', 'headers', null)).toBeNull();
    expect(headersFrom('f', 'headers', undefined)).toBeNull();
  });

  test.each([[5], ['text'], [[5]], [{ a: 5 }], [[[5, 'v']]], [[['a\0', 'v']]]])('refuses %j', (input) => {
    expect(() => headersFrom('f', 'h', input as never)).toThrow(TypeError);
  });
});

test('a list that was taken over gives its headers to a list of its own and refuses to be used', () => {
  const mine = new HeaderList();
  mine.add('a', Buffer.from('1'));

  const theirs = mine.takeOver();
  theirs.add('b', null);

  expect(theirs.list.map(([name]) => name)).toEqual(['a', 'b']);
  expect(mine.list.map(([name]) => name)).toEqual(['a']);
});
