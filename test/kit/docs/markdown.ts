// What the documents hold: blocks of code, with what they say of themselves, and code in running text. @thread any
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT: string = fileURLToPath(new URL('../../../', import.meta.url));
/** Made by scripts, and checked by comparing with what they make. */
const GENERATED = /^(docs\/api\/|THIRD_PARTY\.md$)/;
const LEFT_OUT = new Set(['node_modules', 'dist', 'coverage', 'reference']);

export interface Block {
  /** From the root: `docs/tutorial.md`. */
  readonly file: string;
  /** Of its first line of code, from 1. */
  readonly line: number;
  /** The first word behind the fence; GitHub colours by it. */
  readonly language: string;
  /** The words behind it, which are for these tests. */
  readonly words: readonly string[];
  /** With a line break at its end. */
  readonly text: string;
  /** Whether nothing but empty lines stands between the block before and this one. */
  readonly follows: boolean;
}

export interface Document {
  readonly file: string;
  readonly text: string;
  readonly blocks: readonly Block[];
}

/** Every hand-written Markdown file of the repository. */
export function documents(): Document[] {
  return markdownFiles('')
    .filter((file) => !GENERATED.test(file))
    .map((file) => readDocument(file, readFileSync(join(ROOT, file), 'utf8')));
}

function markdownFiles(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter((entry) => !entry.name.startsWith('.') && !LEFT_OUT.has(entry.name))
    .flatMap((entry) => {
      const path = folder === '' ? entry.name : `${folder}/${entry.name}`;
      return entry.isDirectory() ? markdownFiles(path) : path.endsWith('.md') ? [path] : [];
    })
    .sort();
}

/** Blocks between fences of three or more backticks; one that is never closed goes to the end. */
export function readDocument(file: string, text: string): Document {
  const lines = text.split('\n');
  const blocks: Block[] = [];
  let end = -2; // the line after the last block
  for (let i = 0; i < lines.length; i++) {
    const [, indent, fence, info] = /^( *)(`{3,})\s*(.*)$/.exec(lines[i]!) ?? [];
    if (fence === undefined) continue;
    const [language = '', ...words] = info!.split(/\s+/);
    const last = lines.findIndex((line, at) => at > i && line.trim() === fence);
    const inner = lines.slice(i + 1, last < 0 ? undefined : last).map((line) => line.slice(indent!.length));
    const follows = end >= 0 && lines.slice(end, i).every((line) => line.trim() === '');
    blocks.push({ file, line: i + 2, language, words, text: inner.map((line) => `${line}\n`).join(''), follows });
    i = last < 0 ? lines.length : last;
    end = i + 1;
  }
  return { file, text, blocks };
}

/** The document without its blocks: their lines are empty. */
export function proseOf({ text, blocks }: Document): string {
  const lines = text.split('\n');
  for (const block of blocks) {
    const length = block.text.split('\n').length - 1;
    for (let i = block.line - 2; i <= block.line - 1 + length; i++) if (i < lines.length) lines[i] = '';
  }
  return lines.join('\n');
}

export interface Span {
  readonly file: string;
  readonly line: number;
  readonly text: string;
}

/** Code in running text: what stands between single backticks. */
export function spansOf(document: Document): Span[] {
  return proseOf(document)
    .split('\n')
    .flatMap((line, i) =>
      [...line.matchAll(/(?<!`)`([^`]+)`(?!`)/g)].map((hit) => ({ file: document.file, line: i + 1, text: hit[1]! })),
    );
}

export const placeOf = ({ file, line }: { readonly file: string; readonly line: number }): string => `${file}:${line}`;
