// Regular expressions of JavaScript as patterns of a subscription. @thread any
import { types } from 'node:util';

import { checkString, typeError } from '../rd/check.ts';
import { Pattern } from '../rd/pattern.ts';

/** A name or pattern stays as it is. Of a RegExp the flags that change what it means are refused, so is what POSIX lacks. */
export function topicPattern(fn: string, param: string, topic: unknown): string {
  if (!types.isRegExp(topic)) return checkString(fn, param, topic);
  const { source, flags } = topic;
  if (/[ims]/.test(flags)) throw new TypeError(`${fn}: ${param} must be a RegExp without the flags i, m and s`);
  // Classic groups look for a match anywhere, the coordinator of a KIP-848 group wants the whole name: this is both.
  const text = `^.*(${source}).*$`;
  try {
    new Pattern(text);
  } catch (error) {
    throw typeError(
      fn,
      param,
      `a regular expression that POSIX and RE2 know too (${(error as Error).message}); a string that begins with ^ goes to the broker as it is`,
      topic,
    );
  }
  return text;
}
