// Sets of characters in a regular expression: [a-z], \d, [[:alpha:]], and escapes. @thread mock
import { type Cursor, RegexError } from './regex_step.ts';

type Has = (code: number) => boolean;

const within =
  (from: string, to: string): Has =>
  (code) =>
    code >= from.charCodeAt(0) && code <= to.charCodeAt(0);

const DIGIT = within('0', '9');
const LOWER = within('a', 'z');
const UPPER = within('A', 'Z');
const ALPHA: Has = (code) => LOWER(code) || UPPER(code);
const SPACE: Has = (code) => code === 32 || (code >= 9 && code <= 13 && code !== 11);

/** A letter, a digit or an underscore. */
export const isWord: Has = (code) => ALPHA(code) || DIGIT(code) || code === 95;

const LETTERS: Readonly<Record<string, Has>> = { d: DIGIT, w: isWord, s: SPACE };

const NAMED: Readonly<Record<string, Has>> = {
  alnum: (code) => ALPHA(code) || DIGIT(code),
  alpha: ALPHA,
  ascii: (code) => code < 128,
  blank: (code) => code === 9 || code === 32,
  cntrl: (code) => code < 32 || code === 127,
  digit: DIGIT,
  graph: within('!', '~'),
  lower: LOWER,
  print: within(' ', '~'),
  punct: (code) => within('!', '~')(code) && !ALPHA(code) && !DIGIT(code),
  space: (code) => SPACE(code) || code === 11,
  upper: UPPER,
  word: isWord,
  xdigit: (code) => DIGIT(code) || within('a', 'f')(code) || within('A', 'F')(code),
};

const CONTROLS: Readonly<Record<string, number>> = { a: 7, t: 9, n: 10, v: 11, f: 12, r: 13 };

/** \d, \W and the like; null, and nothing is read, if something else stands here. */
export function classEscape(cursor: Cursor): Has | null {
  const letter = cursor.text[cursor.at + 1] ?? '';
  const lower = letter.toLowerCase();
  if (cursor.text[cursor.at] !== '\\' || !Object.hasOwn(LETTERS, lower)) return null;
  const has = LETTERS[lower];
  cursor.at += 2;
  return letter === lower ? has : (code) => !has(code);
}

/** The character that an escape stands for. @throws RegexError */
export function literalEscape(cursor: Cursor): number {
  const rest = cursor.text.slice(cursor.at, cursor.at + 12);
  if (rest.length < 2) throw new RegexError('trailing backslash at end of expression');
  const hex = /^\\x(?:\{([0-9a-fA-F]{1,6})\}|([0-9a-fA-F]{2}))/.exec(rest);
  if (hex !== null) {
    cursor.at += hex[0].length;
    return Number.parseInt(hex[1] ?? hex[2], 16);
  }
  const letter = rest[1];
  cursor.at += 2;
  if (Object.hasOwn(CONTROLS, letter)) return CONTROLS[letter];
  const code = letter.charCodeAt(0);
  if (code < 128 && !isWord(code)) return code;
  throw new RegexError('invalid escape sequence');
}

/** A set in brackets; the cursor stands on the first of them. @throws RegexError */
export function parseClass(cursor: Cursor): Has {
  cursor.at++;
  const negated = cursor.text[cursor.at] === '^';
  if (negated) cursor.at++;
  const parts: Has[] = [];
  for (let first = true; first || cursor.text[cursor.at] !== ']'; first = false) {
    if (cursor.at >= cursor.text.length) throw new RegexError('missing closing ]');
    parts.push(named(cursor) ?? classEscape(cursor) ?? range(cursor));
  }
  cursor.at++;
  const { folds } = cursor;
  const has: Has = (code) => parts.some((part) => part(code));
  const folded: Has = (code) => {
    const text = String.fromCharCode(code);
    return has(text.toLowerCase().charCodeAt(0)) || has(text.toUpperCase().charCodeAt(0));
  };
  const chosen = folds ? folded : has;
  return negated ? (code) => !chosen(code) : chosen;
}

function named(cursor: Cursor): Has | null {
  const found = /^\[:(\^?)(\w+):\]/.exec(cursor.text.slice(cursor.at, cursor.at + 16));
  if (found === null) return null;
  const has = Object.hasOwn(NAMED, found[2]) ? NAMED[found[2]] : undefined;
  if (has === undefined) throw new RegexError(`invalid character class range: \`${found[0]}\``);
  cursor.at += found[0].length;
  return found[1] === '^' ? (code) => !has(code) : has;
}

function range(cursor: Cursor): Has {
  const start = cursor.at;
  const from = one(cursor);
  if (cursor.text[cursor.at] !== '-' || cursor.text[cursor.at + 1] === ']' || cursor.at + 1 >= cursor.text.length) {
    return (code) => code === from;
  }
  cursor.at++;
  const to = one(cursor);
  if (from > to) {
    throw new RegexError(`invalid character class range: \`${cursor.text.slice(start, cursor.at)}\``);
  }
  return (code) => code >= from && code <= to;
}

function one(cursor: Cursor): number {
  if (cursor.at >= cursor.text.length) throw new RegexError('missing closing ]');
  if (cursor.text[cursor.at] === '\\') return literalEscape(cursor);
  return cursor.text.charCodeAt(cursor.at++);
}
