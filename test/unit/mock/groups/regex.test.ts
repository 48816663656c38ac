import { performance } from 'node:perf_hooks';
import { expect, test } from 'vitest';
import { Regex } from '../../../../src/mock/groups/regex.ts';

const matches = (source: string, ...texts: string[]): string[] => {
  const regex = new Regex(source);
  return texts.filter((text) => regex.matches(text));
};

const problem = (source: string): string => {
  try {
    new Regex(source);
    return '';
  } catch (error) {
    return (error as Error).name === 'RegexError' ? (error as Error).message : String(error);
  }
};

test('a regex fits the whole name or not at all', () => {
  expect(matches('ab', 'ab', 'abc', 'cab', '')).toEqual(['ab']);
});

test('the empty regex fits the empty name only', () => {
  expect(matches('', '', 'a')).toEqual(['']);
});

test('alternatives, groups and repetitions fit as everywhere', () => {
  expect(matches('(a|b)+c?', 'a', 'abba', 'abc', 'c', 'abcc')).toEqual(['a', 'abba', 'abc']);
  expect(matches('(?:ab){2,3}', 'ab', 'abab', 'ababab', 'abababab')).toEqual(['abab', 'ababab']);
  expect(matches('a{2}', 'a', 'aa', 'aaa')).toEqual(['aa']);
  expect(matches('a{1,}?', '', 'a', 'aaaa')).toEqual(['a', 'aaaa']);
  expect(matches('(?P<x>a)(?<y>b)', 'ab')).toEqual(['ab']);
  expect(matches('a||b', 'a', '', 'b')).toEqual(['a', '', 'b']);
});

test('sets of characters fit as everywhere', () => {
  expect(matches('[a-c_]', 'a', 'b', 'd', '_')).toEqual(['a', 'b', '_']);
  expect(matches('[^a-c]', 'a', 'd', '.')).toEqual(['d', '.']);
  expect(matches('[]a-]+', ']', 'a-', 'b')).toEqual([']', 'a-']);
  expect(matches('[\\d\\-]', '7', '-', '\\')).toEqual(['7', '-']);
  expect(matches('[[:^alpha:]]', 'a', '1')).toEqual(['1']);
  expect(matches('\\S\\W', 'a.', 'ab', ' .')).toEqual(['a.']);
});

test('anchors and word edges are kept', () => {
  expect(matches('^a$', 'a', 'ab')).toEqual(['a']);
  expect(matches('a^b', 'ab')).toEqual([]);
  expect(matches('a\\b.*', 'a', 'a.b', 'ab')).toEqual(['a', 'a.b']);
  expect(matches('a\\B.*', 'a', 'a.b', 'ab')).toEqual(['ab']);
});

test('letters of both cases are the same where it says so', () => {
  expect(matches('(?i)a[b]', 'ab', 'AB', 'Ab')).toEqual(['ab', 'AB', 'Ab']);
  expect(matches('(?i:a)b', 'Ab', 'AB')).toEqual(['Ab']);
  expect(matches('((?i)a)b', 'Ab', 'AB')).toEqual(['Ab']);
});

test('braces that are no count stand for themselves', () => {
  expect(matches('a{b', 'a{b')).toEqual(['a{b']);
  expect(matches('a{,2}', 'a{,2}', 'aa')).toEqual(['a{,2}']);
});

test('escapes give the character that they name', () => {
  expect(matches('\\x41\\x{42}\\.', 'AB.', 'ABC')).toEqual(['AB.']);
  expect(matches('\\Qa.(\\E+', 'a.(', 'a.((', 'ab(')).toEqual(['a.(', 'a.((']);
});

test('what RE2 does not take is refused with the reason', () => {
  const wrong = [
    '(',
    ')',
    'a)',
    '[a',
    '[b-a]',
    '*a',
    'a**',
    'a+*',
    '(?=a)',
    '(a)\\1',
    '\\',
    '\\pL',
    'a{3,2}',
    '[[:x:]]',
  ];

  expect(wrong.map(problem).filter((text) => text === '' || text.includes('Error'))).toEqual([]);
});

test('an expression that would become huge is refused', () => {
  expect(problem('a{1001}')).toContain('repeat count');
  expect(problem('((a{1000}){1000}){1000}')).toContain('too large');
  expect(problem('('.repeat(10_000))).toContain('deeply');
});

test('no name makes a regex take long, whatever backtracking would do', () => {
  const regex = new Regex('(a+)+(a*)*(a|aa)+b');
  const start = performance.now();

  expect(regex.matches('a'.repeat(249))).toBe(false);

  // Backtracking would take longer than the universe is old.
  expect(performance.now() - start).toBeLessThan(15_000);
});
