// The commands that documents show: those of blocks, and those that stand in running text. @thread any
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { labelOf } from './blocks.ts';
import { type Document, ROOT, spansOf } from './markdown.ts';

export interface Command {
  readonly file: string;
  readonly line: number;
  readonly words: readonly string[];
}

/** What is not looked at here, and why it need not be. */
const ALLOWED: Readonly<Record<string, string>> = {
  'npm ci': '.ci/run begins with it',
  'npm pack': 'scripts/check_package.mjs does it',
  'npm install': 'scripts/check_package.mjs installs the tarball, and what is to go beside it',
  'npx vitest': 'that is what runs this',
  'npx tsx': "a tool of the reader's own, for a Node that takes no TypeScript",
  'apt-get install': 'of the system',
};

/** The commands of a document's blocks, and those in running text that begin with npm, npx or node. */
export function commandsOf(document: Document): Command[] {
  const { file } = document;
  const inBlocks = document.blocks
    .filter((block) => labelOf(block).kind === 'commands')
    .flatMap((block) => lines(block.text).map(([text, i]) => ({ file, line: block.line + i, text })));
  const inText = spansOf(document).filter(({ text }) => /^(?:[A-Z_]+=\S+ )*(?:npm|npx|node) [\w./-]/.test(text));
  return [...inBlocks, ...inText].flatMap(({ line, text }) => parts(text).map((words) => ({ file, line, words })));
}

/** Commands, and the line that each begins in; one that ends with a backslash goes on in the next. */
function lines(text: string): [text: string, line: number][] {
  const found: [string, number][] = [];
  let goesOn = false;
  for (const [i, line] of text.split('\n').entries()) {
    const bare = line.replace(/(^|\s)#.*$/, '').trim();
    const command = bare.replace(/\\$/, '');
    if (goesOn) found.at(-1)![0] += command;
    else if (bare !== '') found.push([command, i]);
    goesOn = bare.endsWith('\\');
  }
  return found;
}

/** The commands of one line, without the variables that are set for them. */
function parts(text: string): string[][] {
  return text
    .split(/&&|\|\|?|;|&$/)
    .map((part) => part.trim().replace(/^(?:[A-Z_]+=\S+\s+)+/, ''))
    .filter((part) => part !== '')
    .map((part) => part.split(/\s+/));
}

/** What is wrong with a command, or null; the options of `rdkafka-ts` are left to `optionsOf`. */
export function problemOf({ file, words }: Command, document: Document): string | null {
  const [first = '', second = '', third = ''] = words;
  if (first === 'cd') return existsSync(join(ROOT, second)) ? null : `${second} is not there`;
  if (first === 'npm' && (second === 'run' || second === 'test'))
    return scriptProblem(second === 'run' ? third : second, file);
  if (first === 'npx' && second === 'rdkafka-mock')
    return "npx would fetch a stranger's package where ours is not installed";
  if (subcommandOf(words) !== null) return null;
  if (first === 'node') return nodeProblem(words.slice(1).find((word) => !word.startsWith('-')) ?? '', document);
  const known = ALLOWED[`${first} ${second}`] ?? ALLOWED[first];
  if (known === undefined) return `nothing here knows the command ${words.join(' ')}`;
  return words.map(tarballProblem).find((problem) => problem !== null) ?? null;
}

function scriptProblem(name: string, file: string): string | null {
  const scripts = (folder: string): object => {
    const path = join(ROOT, folder, 'package.json');
    return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as { scripts: object }).scripts : {};
  };
  return name in { ...scripts('.'), ...scripts(dirname(file)) } ? null : `no package.json has a script ${name}`;
}

function nodeProblem(path: string, { blocks }: Document): string | null {
  if (existsSync(join(ROOT, path))) return null;
  const saved = blocks.map(labelOf).some((label) => label.kind === 'run' && label.as === path);
  return saved ? null : `${path} is not there, and no block is to be saved by that name`;
}

function tarballProblem(word: string): string | null {
  if (!word.endsWith('.tgz')) return null;
  const { name, version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as Record<string, string>;
  return word.endsWith(`/${name}-${version}.tgz`) ? null : `npm pack makes ${name}-${version}.tgz, not ${word}`;
}

/** The subcommand of `rdkafka-ts` that is called, or null. */
export function subcommandOf(words: readonly string[]): string | null {
  const [first, second, third] = words;
  if (first === 'npx' && second === 'rdkafka-ts') return third ?? 'help';
  if (first === 'rdkafka-ts') return second ?? 'help';
  if (first === 'node' && second === 'dist/bin/rdkafka-ts.js') return third ?? 'help';
  return null;
}

export const optionsOf = (words: readonly string[]): string[] => words.filter((word) => /^--[a-z]/.test(word));
