// Patterns as a tree: POSIX extended syntax as regcomp(REG_EXTENDED) of the GNU library reads it, with its \w \W \s \S \b
// \B \< \> \` \', and with \d, \D and (?:...) as librdkafka's bundled engine has them. Not there: back references. @thread any
import { ALNUM_, CLASSES, Letters, SPACE } from './pattern_letters.ts';

export class PatternError extends Error {
  override readonly name = 'PatternError';
}

/** What holds between two letters. */
export type Place = 'begin' | 'end' | 'wordStart' | 'wordEnd' | 'edge' | 'noEdge';

export type Node =
  | { readonly kind: 'letters'; readonly letters: Letters }
  | { readonly kind: 'place'; readonly place: Place }
  | { readonly kind: 'all'; readonly nodes: readonly Node[] }
  | { readonly kind: 'any'; readonly nodes: readonly Node[] }
  /** `most` may be Infinity. */
  | { readonly kind: 'repeat'; readonly node: Node; readonly least: number; readonly most: number };

const PLACES: Readonly<Record<string, Place>> = {
  b: 'edge',
  B: 'noEdge',
  '<': 'wordStart',
  '>': 'wordEnd',
  '`': 'begin',
  "'": 'end',
};
const SETS: Readonly<Record<string, Letters>> = {
  w: ALNUM_,
  W: ALNUM_.inverse(),
  s: SPACE,
  S: SPACE.inverse(),
  d: CLASSES.digit!,
  D: CLASSES.digit!.inverse(),
};
/** Of an interval, and of brackets in brackets: whoever nests deeper wants to harm. */
const MAX_REPEAT = 1000;
const MAX_DEPTH = 100;

class Parser {
  private readonly text: string;
  private at: number;
  private depth: number;

  constructor(text: string) {
    this.text = text;
    this.at = 0;
    this.depth = 0;
  }

  parse(): Node {
    const node = this.branches(false);
    if (this.at < this.text.length) throw this.error('does not end');
    return node;
  }

  private error(what: string): PatternError {
    return new PatternError(`pattern ${JSON.stringify(this.text)} at ${this.at}: ${what}`);
  }

  private next(): string {
    return this.text[this.at] ?? '';
  }

  private take(word: string): boolean {
    if (!this.text.startsWith(word, this.at)) return false;
    this.at += word.length;
    return true;
  }

  private branches(inGroup: boolean): Node {
    const nodes = [this.branch(inGroup)];
    while (this.take('|')) nodes.push(this.branch(inGroup));
    return nodes.length === 1 ? nodes[0]! : { kind: 'any', nodes };
  }

  private branch(inGroup: boolean): Node {
    const nodes: Node[] = [];
    while (this.at < this.text.length && this.next() !== '|' && !(inGroup && this.next() === ')')) {
      const atom = this.atom();
      nodes.push(atom.kind === 'place' ? atom : this.repeats(atom));
    }
    return { kind: 'all', nodes };
  }

  private atom(): Node {
    const letter = this.text[this.at++]!;
    switch (letter) {
      case '(':
        return this.group();
      case '[':
        return { kind: 'letters', letters: this.bracket() };
      case '.':
        return { kind: 'letters', letters: Letters.of('').inverse() };
      case '^':
        return { kind: 'place', place: 'begin' };
      case '$':
        return { kind: 'place', place: 'end' };
      case '\\':
        return this.escape();
      case '*':
      case '+':
      case '?':
      case '{':
        throw this.error(`nothing that ${letter} could repeat`);
      default:
        return { kind: 'letters', letters: Letters.of(letter) };
    }
  }

  private group(): Node {
    if (this.next() === '?' && !this.take('?:')) throw this.error('groups of this kind are not supported');
    if (++this.depth > MAX_DEPTH) throw this.error('too many groups in groups');
    const node = this.branches(true);
    if (!this.take(')')) throw this.error('( without )');
    this.depth--;
    return { kind: 'all', nodes: [node] };
  }

  private escape(): Node {
    const letter = this.text[this.at++];
    if (letter === undefined) throw this.error('ends with a backslash');
    if (letter >= '1' && letter <= '9') throw this.error('back references are not supported');
    if (Object.hasOwn(PLACES, letter)) return { kind: 'place', place: PLACES[letter]! };
    return { kind: 'letters', letters: SETS[letter] ?? Letters.of(letter) };
  }

  private repeats(atom: Node): Node {
    let node = atom;
    for (;;) {
      if (this.take('*')) node = { kind: 'repeat', node, least: 0, most: Number.POSITIVE_INFINITY };
      else if (this.take('+')) node = { kind: 'repeat', node, least: 1, most: Number.POSITIVE_INFINITY };
      else if (this.take('?')) node = { kind: 'repeat', node, least: 0, most: 1 };
      else if (this.take('{')) node = this.interval(node);
      else return node;
    }
  }

  private interval(node: Node): Node {
    const low = this.number();
    const comma = this.take(',');
    const high = comma ? this.number() : low;
    if (!this.take('}') || (low === null && !comma)) throw this.error('not an interval');
    const least = low ?? 0;
    const most = high ?? Number.POSITIVE_INFINITY;
    if (least > most) throw this.error('an interval from more to less');
    return { kind: 'repeat', node, least, most };
  }

  private number(): number | null {
    const [digits] = /^[0-9]{0,9}/.exec(this.text.slice(this.at, this.at + 9))!;
    if (digits === '') return null;
    this.at += digits.length;
    if (Number(digits) > MAX_REPEAT) throw this.error(`more than ${MAX_REPEAT} repetitions`);
    return Number(digits);
  }

  private bracket(): Letters {
    const inverse = this.take('^');
    const all = Letters.of('');
    const start = this.at;
    while (this.at === start || this.next() !== ']') {
      const item = this.bracketItem(start);
      if (typeof item !== 'string') all.addAll(item);
      else all.add(item, this.rangeEnd(item, start));
    }
    this.at++;
    return inverse ? all.inverse() : all;
  }

  /** One letter, or a class. */
  private bracketItem(start: number): string | Letters {
    if (this.at >= this.text.length) throw this.error('[ without ]');
    if (this.take('[:')) {
      const name = this.upTo(':]');
      if (!Object.hasOwn(CLASSES, name)) throw this.error(`no class of letters is called ${name}`);
      return CLASSES[name]!;
    }
    for (const mark of ['.', '=']) {
      if (!this.take(`[${mark}`)) continue;
      const letter = this.upTo(`${mark}]`);
      if (letter.length !== 1) throw this.error('not a single letter');
      return letter;
    }
    const letter = this.text[this.at]!;
    // As a letter of its own it is the first or the last.
    if (letter === '-' && this.at !== start && this.text[this.at + 1] !== ']')
      throw this.error('a range without start');
    this.at++;
    return letter;
  }

  private upTo(end: string): string {
    const at = this.text.indexOf(end, this.at);
    if (at < 0) throw this.error(`[ without ${end}`);
    const name = this.text.slice(this.at, at);
    this.at = at + end.length;
    return name;
  }

  private rangeEnd(from: string, start: number): string {
    if (this.next() !== '-' || this.text[this.at + 1] === ']' || this.at + 1 >= this.text.length) return from;
    this.at++;
    const to = this.next() === '-' ? this.text[this.at++]! : this.bracketItem(start);
    if (typeof to !== 'string' || to < from) throw this.error('not a range');
    return to;
  }
}

/** @throws PatternError */
export function parsePattern(text: string): Node {
  return new Parser(text).parse();
}
