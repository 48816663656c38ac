// What a block says of itself, and whether that is so: CONTRIBUTING.md, "Code in documents". @thread any
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Block, type Document, ROOT } from './markdown.ts';

export type Label =
  /** A whole program, which is run. */
  | { readonly kind: 'run'; readonly from: string | null; readonly as: string | null }
  /** A piece of a file, word for word. */
  | { readonly kind: 'from'; readonly from: string }
  /** Goes on with the block before it; checked by the compiler. */
  | { readonly kind: 'continues' }
  /** A test file, which vitest runs. */
  | { readonly kind: 'vitest' }
  /** Commands. */
  | { readonly kind: 'commands' }
  /** C beside its port: only its names are looked up. */
  | { readonly kind: 'c' }
  /** A drawing, or what a program writes. */
  | { readonly kind: 'plain' }
  | { readonly kind: 'wrong'; readonly why: string };

const RUNS = new Set(['ts', 'js']);

export function labelOf(block: Block): Label {
  const { language, words } = block;
  if (language === '' || language === 'text') return words.length > 0 ? wrong('says nothing') : { kind: 'plain' };
  if (language === 'sh') return words.length > 0 ? wrong('of commands takes no label') : { kind: 'commands' };
  if (language === 'c' && words.length === 0) return { kind: 'c' };
  const [first, ...rest] = words;
  if (first === 'from' && rest.length === 1) return { kind: 'from', from: rest[0]! };
  if (!RUNS.has(language)) return wrong(`of ${language} must say "from <file>"`);
  if (first === 'run') return runLabel(rest);
  if (rest.length === 0 && first === 'continues') return { kind: 'continues' };
  if (rest.length === 0 && first === 'vitest') return { kind: 'vitest' };
  return wrong('must say "run", "from <file>", "continues" or "vitest"');
}

const wrong = (why: string): Label => ({ kind: 'wrong', why: `a block ${why}` });

function runLabel(words: readonly string[]): Label {
  const given = new Map<string, string>();
  for (let i = 0; i < words.length; i += 2) {
    const [key, value] = [words[i]!, words[i + 1]];
    if (!['from', 'as'].includes(key) || value === undefined || given.has(key))
      return wrong('may say "run [from <file>] [as <name>]"');
    given.set(key, value);
  }
  return { kind: 'run', from: given.get('from') ?? null, as: given.get('as') ?? null };
}

const isCode =
  /^\s*(?:import |export |const |let |var |async |await |function |class |return\b|if \(|for \(|while \(|#include|(?:npm|npx|node|git|cd) |\$ )|[;{]\s*$/;

/** What is wrong with a block that takes no more than to look at it, or null. */
export function problemOf(block: Block): string | null {
  const label = labelOf(block);
  if (label.kind === 'wrong') return label.why;
  if (label.kind === 'plain') {
    const line = block.text.split('\n').find((one) => isCode.test(one));
    return line === undefined ? null : `this looks like code, which needs a language and a label: ${line.trim()}`;
  }
  if (label.kind === 'c') return namesProblem(block.text);
  const from = 'from' in label ? label.from : null;
  return from === null ? null : quoteProblem(block.text, from, label.kind === 'run');
}

/** Whether `text` stands in that file line for line; or is all of it. */
function quoteProblem(text: string, path: string, whole: boolean): string | null {
  if (path.startsWith('/') || path.includes('..')) return `${path} is not a path from the root`;
  if (!existsSync(join(ROOT, path))) return `${path} is not there`;
  const source = readFileSync(join(ROOT, path), 'utf8');
  if (text.trim() === '') return 'it quotes nothing';
  if (whole) return source === text ? null : `it is not ${path}, word for word`;
  return `\n${source}`.includes(`\n${text}`) ? null : `it does not stand in ${path}, word for word`;
}

/** A name of C that librdkafka has not. */
function namesProblem(text: string): string | null {
  const known = new Set(
    ['functions', 'constants', 'structs'].flatMap(
      (table) => readFileSync(join(ROOT, `reference/${table}.tsv`), 'utf8').match(/\b(?:rd_kafka|RD_KAFKA)_\w+/g) ?? [],
    ),
  );
  const names = text.match(/\b(?:rd_kafka|RD_KAFKA)_\w+/g) ?? [];
  const unknown = names.filter((name) => !known.has(name));
  return unknown.length === 0 ? null : `librdkafka has no ${unknown.join(', ')}`;
}

/** Code that hides in indented lines, which Markdown shows as a block as well: their numbers. */
export function indentedCode({ text }: Document): number[] {
  const lines = text.split('\n');
  let fenced = false;
  return lines.flatMap((line, i) => {
    if (/^ *`{3,}/.test(line)) fenced = !fenced;
    const begins = /^ {4,}\S/.test(line) && (lines[i - 1] ?? '').trim() === '';
    return begins && !fenced ? [i + 1] : [];
  });
}

const normal = (line: string): string =>
  line
    .trim()
    .replace(/\d[\d,.]*/g, '0')
    .replace(/\s+/g, ' ');

/** Whether a program wrote what a document shows: numbers may differ, a line of `...` stands for any number of lines. */
export function isOutput(shown: string, written: string): boolean {
  const pattern = shown
    .trimEnd()
    .split('\n')
    .map(normal)
    .map((line) => (line === '...' ? '(?:[^\\n]*\\n)*?' : `${line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}\\n`))
    .join('');
  return new RegExp(`^${pattern}$`).test(`${written.trimEnd().split('\n').map(normal).join('\n')}\n`);
}

/** Whether each line that a document shows is among those that a program wrote, where their order depends on time. */
export function hasLines(shown: string, written: string): boolean {
  const lines = new Set(written.split('\n').map(normal));
  const wanted = shown.trimEnd().split('\n').map(normal);
  return wanted.every((line) => line === '...' || lines.has(line));
}
