// From a text to a property's value, by librdkafka's rules: numbers by strtol and strtod, words whatever their case. @thread any
import { Pattern } from '../rd/pattern.ts';
import type {
  BoolRow,
  EnumRow,
  FlagsRow,
  FloatRow,
  InternalRow,
  IntRow,
  InvalidRow,
  PatternsRow,
  PointerRow,
  Row,
  StringRow,
} from './row_types.ts';
import { formatFloat } from './text.ts';

/** What a text gave: a new value (`changed`), an error, or both, as flags before a bad one stay. */
export interface Parsed {
  readonly changed: boolean;
  readonly value: unknown;
  readonly error: string | null;
}

function good(value: unknown): Parsed {
  return { changed: true, value, error: null };
}

function bad(error: string): Parsed {
  return { changed: false, value: undefined, error };
}

/**
 * The value that `text` stands for; '' must have become null before. `current` is what flags are added to.
 * Never throws; the error names the property.
 */
export function parseValue(
  row: Exclude<Row, { readonly type: 'alias' }>,
  text: string | null,
  current: unknown,
): Parsed {
  if (row.type !== 'invalid' && row.unsupported) {
    return bad(`configuration property "${row.name}" is unsupported here: ${row.unsupported}`);
  }
  return (PARSERS[row.type] as Parser)(row, text, current);
}

type Parser = (row: any, text: string | null, current: unknown) => Parsed;

const PARSERS = {
  string: parseString,
  kstring: parseString,
  patterns: parsePatterns,
  bool: parseBool,
  int: parseInt32,
  float: parseFloat64,
  enum: parseEnum,
  flags: parseFlags,
  pointer: parsePointer,
  internal: (row: InternalRow): Parsed => bad(`internal property "${row.name}" is not settable`),
  invalid: (row: InvalidRow): Parsed => bad(`property "${row.name}" is of the Java client: ${row.text}`),
} satisfies Record<Exclude<Row['type'], 'alias'>, unknown>;

function badValue(name: string, value?: string | null): Parsed {
  const shown = value === undefined ? '' : `: ${value ?? '(null)'}`;
  return bad(`invalid value for configuration property "${name}"${shown}`);
}

function parseString(row: StringRow, text: string | null): Parsed {
  const value = text === null || row.type === 'kstring' ? text : text.replace(/^[ \t\n\v\f\r]+/, '');
  if (row.valid && (value === null || !row.valid(value))) return badValue(row.name, value);
  return good(value ?? row.default);
}

/** Patterns are split at single commas; a double one is a comma of the pattern. */
function parsePatterns(row: PatternsRow, text: string | null): Parsed {
  for (const pattern of splitPatterns(text ?? '')) {
    try {
      new Pattern(pattern);
    } catch {
      return bad(`invalid pattern "${pattern}" for configuration property "${row.name}"`);
    }
  }
  return good(text);
}

/** `a,b,,c` are the patterns `a` and `b,c`. */
export function splitPatterns(text: string): string[] {
  return text === '' ? [] : text.split(/(?<!,),(?!,)/).map((pattern) => pattern.replaceAll(',,', ','));
}

function parseBool(row: BoolRow, text: string | null): Parsed {
  if (text === null) return bad(`bool property "${row.name}" can't be empty`);
  const word = text.toLowerCase();
  if (word === 'true' || word === 't' || word === '1') return good(true);
  if (word === 'false' || word === 'f' || word === '0') return good(false);
  return bad(`expected a bool for "${row.name}": true or false`);
}

function parseInt32(row: IntRow, text: string | null): Parsed {
  if (text === null) return bad(`integer property "${row.name}" can't be empty`);
  const value = strtol(text) ?? wordValue(row.words, text);
  if (value === undefined) return badValue(row.name);
  if (value < row.min || value > row.max) {
    return bad(`property "${row.name}": value ${value} is outside the range ${row.min}..${row.max}\n`);
  }
  return good(value);
}

function wordValue(words: IntRow['words'], text: string): number | undefined {
  const found = Object.entries(words ?? {}).find(([word]) => word.toLowerCase() === text.toLowerCase());
  return found?.[1];
}

function parseFloat64(row: FloatRow, text: string | null): Parsed {
  if (text === null) return bad(`float property "${row.name}" can't be empty`);
  const value = strtod(text);
  if (value === undefined || Number.isNaN(value)) return badValue(row.name);
  if (value < row.min || value > row.max) {
    const range = `${formatFloat(row.min)}..${formatFloat(row.max)}`;
    return bad(`property "${row.name}": value ${formatFloat(value)} is outside the range ${range}\n`);
  }
  return good(value);
}

function badWord(name: string, word: string): string {
  return `invalid value "${word}" for configuration property "${name}"`;
}

function parseEnum(row: EnumRow, text: string | null): Parsed {
  if (text === null) return bad(`property "${row.name}" can't be empty`);
  const word = text.replace(/^[ \t\n\v\f\r]+/, '');
  // librdkafka takes a value of nothing but blanks and leaves things as they are.
  if (word === '') return { changed: false, value: undefined, error: null };
  const lower = word.toLowerCase();
  const value =
    row.values.find((known) => known.toLowerCase() === lower) ??
    (Object.hasOwn(row.synonyms ?? {}, lower) ? row.synonyms?.[lower] : undefined);
  if (value !== undefined) return good(value);
  const { open } = row;
  const further = open !== undefined && word.startsWith(open.prefix) && open.valid(word.slice(open.prefix.length));
  return further ? good(word) : bad(badWord(row.name, word));
}

/** `a,+b,-c`: a and b are added to the current flags, c is taken away; what stands before a bad word has happened. */
function parseFlags(row: FlagsRow, text: string | null, current: unknown): Parsed {
  if (text === null) return bad(`property "${row.name}" can't be empty`);
  let value = current as number;
  let changed = false;
  for (const part of text.split(',')) {
    const [sign, word] = signed(part.replace(/^[ \t\n\v\f\r]+/, ''));
    if (word === '') continue;
    const known = row.values.find(([flag]) => flag === word.toLowerCase());
    const error = known ? refusal(row, known[0], word) : badWord(row.name, word);
    if (error !== null || !known) return { changed, value, error };
    value = sign === '-' ? value & ~known[1] : value | known[1];
    changed = true;
  }
  return { changed, value, error: null };
}

function signed(word: string): readonly [sign: string, word: string] {
  return word.startsWith('+') || word.startsWith('-') ? [word.charAt(0), word.slice(1)] : ['', word];
}

function refusal(row: FlagsRow, flag: string, word: string): string | null {
  const reason = row.refused?.[flag];
  return reason === undefined
    ? null
    : `unsupported value "${word}" for configuration property "${row.name}": ${reason}`;
}

function parsePointer(row: PointerRow, text: string | null): Parsed {
  return row.hidden ? good(text) : bad(`property "${row.name}" must be set by its own function`);
}

/** C's strtol with base 0: what follows the number is ignored; undefined where no number starts. */
export function strtol(text: string): number | undefined {
  const match = /^[ \t\n\v\f\r]*([+-]?)(0[xX][0-9a-fA-F]+|0[0-7]*|[1-9][0-9]*)/.exec(text);
  if (!match) return undefined;
  const [, sign, digits = ''] = match;
  const octal = /^0[0-7]+$/.test(digits);
  const value = octal ? Number.parseInt(digits, 8) : Number(digits);
  return sign === '-' && value !== 0 ? -value : value;
}

const FLOAT =
  /^[ \t\n\v\f\r]*([+-]?)(?:(inf(?:inity)?)|(nan)|0x([0-9a-f]*)(?:\.([0-9a-f]*))?(?:p([+-]?\d+))?|((?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?))/i;

/** C's strtod: what follows the number is ignored; undefined where no number starts. */
export function strtod(text: string): number | undefined {
  const match = FLOAT.exec(text);
  if (!match) return undefined;
  const [, sign, infinite, nan, whole, fraction = '', exponent = '0', decimal] = match;
  let value: number;
  if (infinite) value = Number.POSITIVE_INFINITY;
  else if (nan) value = Number.NaN;
  else if (decimal !== undefined) value = Number(decimal);
  else {
    const digits = (whole ?? '') + fraction;
    value = digits === '' ? 0 : Number.parseInt(digits, 16) * 2 ** (Number(exponent) - 4 * fraction.length);
  }
  return sign === '-' ? -value : value;
}
