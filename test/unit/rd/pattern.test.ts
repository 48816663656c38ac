import { describe, expect, test } from 'vitest';
import { Pattern, PatternError } from '../../../src/rd/pattern.ts';

describe('a pattern', () => {
  // What regcomp(REG_EXTENDED) of the GNU library says, but for the last four.
  test.each<[string, string, boolean]>([
    ['^abc', 'abcd', true],
    ['^abc', 'xabc', false],
    ['abc', 'xabcx', true],
    ['^a|b', 'xb', true],
    ['^(a|b)$', 'b', true],
    ['^a.c$', 'a-c', true],
    ['^a*$', '', true],
    ['^a+$', '', false],
    ['^ab?c$', 'ac', true],
    ['^a{2}$', 'aa', true],
    ['^a{2,}$', 'aaaa', true],
    ['^a{,2}$', 'aaa', false],
    ['^a{1,3}$', 'aaa', true],
    ['^(ab){2}$', 'abab', true],
    ['^(ab|c)*$', 'abcab', true],
    ['^[a-c]+$', 'abcabc', true],
    ['^[^a-c]+$', 'xyz', true],
    ['^[]a]$', ']', true],
    ['^[^]a]$', ']', false],
    ['^[a-]$', '-', true],
    ['^[a\\]$', '\\', true],
    ['^[[:digit:][:upper:]]+$', '1A', true],
    ['^[[.a.][=b=]]+$', 'ab', true],
    ['^a\\.b$', 'axb', false],
    ['^\\w+$', 'a_1', true],
    ['^\\W$', '-', true],
    ['a\\b', 'a-', true],
    ['\\<b', 'a b', true],
    ['a\\>', 'ab', false],
    ['a$|^b', 'xa', true],
    ['a)', 'a)', true],
    ['^a+?$', '', true],
    ['^()$', '', true],
    ['a}', 'a}', true],
    ['^\\d+$', '123', true],
    ['^\\D$', '1', false],
    ['^(?:ab)+$', 'abab', true],
    ['^é$', 'é', true],
  ])('%j against %j is %j', (pattern, text, matches) => {
    expect(new Pattern(pattern).matches(text)).toBe(matches);
  });

  test.each([
    ['^a[b'],
    ['^(a'],
    ['^*'],
    ['a|*'],
    ['^a{2,1}'],
    ['^a{'],
    ['^a{x}'],
    ['^[b-a]'],
    ['^[a-c-e]'],
    ['^[[:foo:]]'],
    ['^[[.ab.]]'],
    ['\\'],
    ['^(a)\\1'],
    ['^(?=a)'],
    ['^(?!a)'],
    ['^a{1001}'],
    ['^(a{1000}){1000}'],
    [`^${'('.repeat(200)}${')'.repeat(200)}`],
  ])('%j is refused', (pattern) => {
    expect(() => new Pattern(pattern)).toThrow(PatternError);
  });

  test('says where it is broken', () => {
    expect(() => new Pattern('^ab[c')).toThrow('pattern "^ab[c" at 5: [ without ]');
  });

  test.each([['^(a+)+$'], ['^(a|a)*$'], ['^(a*)*b$'], ['^((a{1,10}){1,10}){1,10}$'], ['^(a?){200}a{200}$']])(
    '%j does not take ever longer with the length of the text',
    (pattern) => {
      const slow = new Pattern(pattern);

      // Of each of these a backtracking engine would not live to see the end.
      expect(slow.matches(`${'a'.repeat(249)}!`)).toBe(false);
    },
  );

  test('may be asked again and again', () => {
    const pattern = new Pattern('a+b');

    const answers = ['aab', 'aac', 'b', 'ab'].map((text) => pattern.matches(text));

    expect(answers).toEqual([true, false, false, true]);
  });
});
