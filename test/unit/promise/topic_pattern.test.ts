import { describe, expect, test } from 'vitest';
import { topicPattern } from '../../../src/promise/topic_pattern.ts';
import { Pattern } from '../../../src/rd/pattern.ts';

const of = (topic: unknown): string => topicPattern('consumer_new', 'conf.topics[0]', topic);

const NAMES = ['orders', 'orders-1', 'orders.eu', 'my-orders', 'a_b', 'A9', 'z', '-', '.', '42', 'abc', 'w', 'd', '_'];

describe('a string', () => {
  test('stays as it is, a pattern too', () => {
    expect(['orders', '^orders-.*', '^\\d[\\d]'].map(of)).toEqual(['orders', '^orders-.*', '^\\d[\\d]']);
  });
});

describe('a RegExp', () => {
  for (const regex of [
    /orders/,
    /^orders$/,
    /^orders/,
    /-1$/,
    /^a|z$/,
    /^(?:orders|z)$/,
    /\d/,
    /^\w+$/,
    /\./,
    /[\w.-]+/,
    /^[\w]$/,
    /^[\d]+$/,
    /^[^\d]+$/,
    /^[a\-z]+$/,
    /^[-.]$/,
    /^[\w-]+$/,
    /^[^\w-]+$/,
    /^[a-c]{3}$/,
    /o.*?s/,
    /\bmy\b/,
    /orders/g,
    /orders/u,
    /(?:)/,
    /./,
  ])
    test(`${regex} matches the names that it matches in JavaScript`, () => {
      const text = of(regex);

      expect(text).toMatch(/^\^/);
      const pattern = new Pattern(text);
      const wanted = NAMES.filter((name) => new RegExp(regex.source).test(name));
      expect(NAMES.filter((name) => pattern.matches(name))).toEqual(wanted);
      // The coordinator of a KIP-848 group wants the whole name; of what is used here RE2 means what JavaScript does.
      expect(NAMES.filter((name) => new RegExp(`^(?:${text})$`).test(name))).toEqual(wanted);
    });

  for (const flag of ['i', 'm', 's', 'y', 'v'])
    test(`is refused with the flag ${flag}`, () => {
      const regex = new RegExp('a', flag);
      expect(() => of(regex)).toThrow(TypeError);
      expect(() => of(regex)).toThrow(
        'consumer_new: conf.topics[0] must be a RegExp without the flags i, m, s, v and y',
      );
    });

  for (const regex of [
    /(?=a)a/,
    /(?<!a)b/,
    /(?<name>a)/,
    /(a)\1/,
    /\u0041/,
    /\x41/,
    /\p{L}/u,
    /\t/,
    /[\s]/,
    /[\]]/,
    /[\u0041]/,
  ])
    test(`is refused for what only JavaScript has: ${regex}`, () => {
      expect(() => of(regex)).toThrow(TypeError);
      expect(() => of(regex)).toThrow(
        /^consumer_new: conf\.topics\[0\] must be a regular expression that POSIX and RE2/,
      );
    });
});

test('what is neither is refused', () => {
  for (const topic of [5, null, undefined, {}, ['a']]) expect(() => of(topic)).toThrow(TypeError);
});
