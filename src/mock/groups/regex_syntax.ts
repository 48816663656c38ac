// From the text of a regular expression to the steps of its automaton (regex.ts). @thread mock
import { classEscape, isWord, literalEscape, parseClass } from './regex_class.ts';
import { type Cursor, NO_CODE, RegexError, type Step } from './regex_step.ts';

/** RE2's own limit of a counted repetition, and ours of what all of them become. */
const MAX_REPEAT = 1000;
const MAX_STEPS = 5000;
const MAX_DEPTH = 200;

/** A piece of the automaton before it has its place: `emit` puts its steps behind those that are there. */
type Node = (steps: Step[]) => void;

const NOTHING: Node = () => {};

function put(steps: Step[], step: Step): Step {
  if (steps.length >= MAX_STEPS) throw new RegexError('expression too large');
  steps.push(step);
  return step;
}

const setNode = (has: (code: number) => boolean): Node => {
  return (steps) => void put(steps, { kind: 'set', has });
};

const assertNode = (holds: (before: number, after: number) => boolean): Node => {
  return (steps) => void put(steps, { kind: 'assert', holds });
};

const ANY = setNode((code) => code !== 10);
const BEGIN = assertNode((before) => before === NO_CODE);
const END = assertNode((_before, after) => after === NO_CODE);
const EDGE = assertNode((before, after) => isWord(before) !== isWord(after));
const NO_EDGE = assertNode((before, after) => isWord(before) === isWord(after));

const LETTER_ASSERTS: Readonly<Record<string, Node>> = { A: BEGIN, z: END, b: EDGE, B: NO_EDGE };

function literal(code: number, folds: boolean): Node {
  if (!folds) return setNode((other) => other === code);
  const low = String.fromCharCode(code).toLowerCase();
  return setNode((other) => String.fromCharCode(other).toLowerCase() === low);
}

function sequence(nodes: readonly Node[]): Node {
  return (steps) => {
    for (const node of nodes) node(steps);
  };
}

function either(one: Node, other: Node): Node {
  return (steps) => {
    const split = put(steps, { kind: 'split', to: steps.length + 1, or: 0 }) as { or: number };
    one(steps);
    const jump = put(steps, { kind: 'jump', to: 0 }) as { to: number };
    split.or = steps.length;
    other(steps);
    jump.to = steps.length;
  };
}

/** Any number of times, none too. */
function star(node: Node): Node {
  return (steps) => {
    const first = steps.length;
    const split = put(steps, { kind: 'split', to: first + 1, or: 0 }) as { or: number };
    node(steps);
    put(steps, { kind: 'jump', to: first });
    split.or = steps.length;
  };
}

function repeat(node: Node, from: number, to: number): Node {
  const least: Node[] = Array.from({ length: from }, () => node);
  if (to === Number.POSITIVE_INFINITY) return sequence([...least, star(node)]);
  let more: Node = NOTHING;
  for (let i = from; i < to; i++) more = either(sequence([node, more]), NOTHING);
  return sequence([...least, more]);
}

/** The steps of a whole expression. @throws RegexError */
export function parseRegex(source: string): readonly Step[] {
  const cursor: Cursor = { text: unquoted(source), at: 0, folds: false };
  const node = alternatives(cursor, 0);
  if (cursor.at < cursor.text.length) throw new RegexError('unexpected )');
  const steps: Step[] = [];
  node(steps);
  put(steps, { kind: 'match' });
  return steps;
}

/** Without \Q and \E: each character between them as an escape. */
function unquoted(source: string): string {
  return source.replace(/\\Q([\s\S]*?)(?:\\E|$)|\\[\s\S]/g, (found, quoted: string | undefined) =>
    quoted === undefined ? found : [...quoted].map((each) => `\\x{${each.codePointAt(0)?.toString(16)}}`).join(''),
  );
}

function alternatives(cursor: Cursor, depth: number): Node {
  if (depth > MAX_DEPTH) throw new RegexError('expression nests too deeply');
  let found = branch(cursor, depth);
  while (cursor.text[cursor.at] === '|') {
    cursor.at++;
    found = either(found, branch(cursor, depth));
  }
  return found;
}

function branch(cursor: Cursor, depth: number): Node {
  const nodes: Node[] = [];
  while (cursor.at < cursor.text.length && cursor.text[cursor.at] !== '|' && cursor.text[cursor.at] !== ')') {
    const from = cursor.at;
    const node = atom(cursor, depth);
    nodes.push(quantified(cursor, node, from));
  }
  return sequence(nodes);
}

function quantified(cursor: Cursor, node: Node, from: number): Node {
  const range = quantifier(cursor);
  if (range === null) return node;
  if (cursor.text[cursor.at] === '?') cursor.at++; // lazy: the same words fit
  if (quantifier(cursor) !== null) {
    throw new RegexError(`invalid nested repetition operator: \`${cursor.text.slice(from, cursor.at)}\``);
  }
  return repeat(node, range[0], range[1]);
}

/** The repetition that stands here; null, and nothing is read, if there is none. */
function quantifier(cursor: Cursor): readonly [from: number, to: number] | null {
  const mark = cursor.text[cursor.at];
  const simple = { '*': [0, Number.POSITIVE_INFINITY], '+': [1, Number.POSITIVE_INFINITY], '?': [0, 1] } as const;
  if (mark === '*' || mark === '+' || mark === '?') {
    cursor.at++;
    return simple[mark];
  }
  // What does not look like a count is taken literally, as in RE2.
  const counted = /^\{(\d{1,9})(,(\d{0,9}))?\}/.exec(cursor.text.slice(cursor.at, cursor.at + 24));
  if (mark !== '{' || counted === null) return null;
  const from = Number(counted[1]);
  const last = counted[3] === '' ? Number.POSITIVE_INFINITY : Number(counted[3]);
  const to = counted[2] === undefined ? from : last;
  const largest = to === Number.POSITIVE_INFINITY ? from : to;
  if (from > to || largest > MAX_REPEAT) throw new RegexError(`invalid repeat count: \`${counted[0]}\``);
  cursor.at += counted[0].length;
  return [from, to];
}

function atom(cursor: Cursor, depth: number): Node {
  const mark = cursor.text[cursor.at];
  if (mark === '*' || mark === '+' || mark === '?') {
    throw new RegexError(`missing argument to repetition operator: \`${mark}\``);
  }
  if (mark === '(') return group(cursor, depth);
  if (mark === '[') return setNode(parseClass(cursor));
  if (mark === '\\') return escaped(cursor);
  cursor.at++;
  if (mark === '.') return ANY;
  if (mark === '^') return BEGIN;
  if (mark === '$') return END;
  return literal(mark.charCodeAt(0), cursor.folds);
}

function escaped(cursor: Cursor): Node {
  const letter = cursor.text[cursor.at + 1] ?? '';
  const known = Object.hasOwn(LETTER_ASSERTS, letter) ? LETTER_ASSERTS[letter] : undefined;
  if (known !== undefined) {
    cursor.at += 2;
    return known;
  }
  const set = classEscape(cursor);
  return set === null ? literal(literalEscape(cursor), cursor.folds) : setNode(set);
}

function group(cursor: Cursor, depth: number): Node {
  const { folds } = cursor;
  cursor.at++;
  if (cursor.text[cursor.at] === '?') {
    const opening = /^\?(?:P?<\w+>|([imsU]*)(?:-([imsU]*))?([:)]))/.exec(cursor.text.slice(cursor.at));
    if (opening === null) throw new RegexError('invalid or unsupported Perl syntax');
    cursor.at += opening[0].length;
    if (opening[1]?.includes('i')) cursor.folds = true;
    if (opening[2]?.includes('i')) cursor.folds = false;
    // Flags without a body hold up to the end of the group around them.
    if (opening[3] === ')') return NOTHING;
  }
  const inner = alternatives(cursor, depth + 1);
  if (cursor.text[cursor.at] !== ')') throw new RegexError('missing closing )');
  cursor.at++;
  cursor.folds = folds;
  return inner;
}
