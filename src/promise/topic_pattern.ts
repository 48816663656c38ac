// Regular expressions of JavaScript as patterns of a subscription. @thread any
import { types } from 'node:util';

import { checkString, typeError } from '../rd/check.ts';
import { Pattern } from '../rd/pattern.ts';

/** In brackets POSIX has no escapes, and letters of a topic's name are all that is asked about. */
const IN_BRACKETS: Readonly<Record<string, string>> = { d: '0-9', w: 'A-Za-z0-9_' };

/**
 * A name or pattern stays as it is. Of a RegExp the flags that change what it means are refused, so is what POSIX and RE2
 * lack or read in another way.
 */
export function topicPattern(fn: string, param: string, topic: unknown): string {
  if (!types.isRegExp(topic)) return checkString(fn, param, topic);
  const { source, flags } = topic;
  if (/[imsvy]/.test(flags)) throw new TypeError(`${fn}: ${param} must be a RegExp without the flags i, m, s, v and y`);
  try {
    // Classic groups look for a match anywhere, the coordinator of a KIP-848 group wants the whole name: this is both.
    const text = `^.*(${translated(source)}).*$`;
    new Pattern(text);
    return text;
  } catch (error) {
    throw typeError(
      fn,
      param,
      `a regular expression that POSIX and RE2 know too (${(error as Error).message}); a string that begins with ^ goes to the broker as it is`,
      topic,
    );
  }
}

function translated(source: string): string {
  return source.replace(/\\(.)|\[((?:[^\]\\]|\\.)*)\]/gs, (all: string, letter?: string, inside?: string) => {
    if (letter === undefined) return brackets(inside!);
    if (/[0-9A-Za-z]/.test(letter) && !'dDwWsSbB'.includes(letter)) throw new Error(`${all} is JavaScript's alone`);
    return all;
  });
}

/** Without escapes: what stands for a - goes last, where it means itself. */
function brackets(inside: string): string {
  const not = inside.startsWith('^');
  if (!inside.includes('\\')) return `[${inside}]`;
  let dash = '';
  const plain = inside.slice(not ? 1 : 0).replace(/\\(.)/gs, (all: string, letter: string) => {
    if (letter === '-') {
      dash = '-';
      return '';
    }
    const known = IN_BRACKETS[letter] ?? letter;
    if (known === letter && /[0-9A-Za-z^\]\\[]/.test(letter)) throw new Error(`${all} in [] is JavaScript's alone`);
    return known;
  });
  return `[${not ? '^' : ''}${plain}${dash}]`;
}
