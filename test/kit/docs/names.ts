// Paths and names that documents mention in running text, looked up in the repository. @thread any
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { doors } from '../../../scripts/doors.mjs';
import { labelOf } from './blocks.ts';
import { type Document, proseOf, ROOT, type Span } from './markdown.ts';

const FOLDERS = ['.ci', 'bench', 'docs', 'examples', 'reference', 'scripts', 'src', 'test'];
const TEXT = /\.(?:ts|mts|mjs|cjs|json|tsv|sh|java|c)$/;
/** What is written about documents, and what scripts have made, proves nothing. */
const NO_PROOF = /^(?:test\/(?:unit\/kit|kit)?\/?docs\/|test\/golden\/vectors\/)|\.generated\.ts$/;

export interface Repository {
  /** Files and folders, folders with a slash at the end. */
  readonly paths: readonly string[];
  /** Every word of sources, tests, programs and tables. */
  readonly words: ReadonlySet<string>;
}

export function readRepository(): Repository {
  const paths = [...FOLDERS.flatMap((folder) => [`${folder}/`, ...under(folder)]), ...topFiles()];
  const words = new Set<string>();
  for (const path of [...paths, 'package.json'])
    if (TEXT.test(path) && !NO_PROOF.test(path))
      for (const word of readFileSync(join(ROOT, path), 'utf8').match(/\w+/g) ?? []) words.add(word);
  return { paths, words };
}

const topFiles = (): string[] =>
  readdirSync(ROOT, { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ name }) => name);

function under(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true })
    .filter(({ name }) => name !== 'node_modules')
    .flatMap((entry) => {
      const path = `${folder}/${entry.name}`;
      return entry.isDirectory() ? [`${path}/`, ...under(path)] : [path];
    });
}

/** Whether a span of code is a path: with a slash, or the name of a file. */
export function isPath(text: string): boolean {
  return /^[\w.@*-][\w.@*/-]*(?:<[\w ]+>)?$/.test(text) && /\/|\.(?:ts|mts|mjs|cjs|json|md|tsv|sh|java)$/.test(text);
}

/** Whether it leads somewhere: from the root, from src/, from the document, or, for a bare name, anywhere. */
export function isThere(path: string, { file, blocks }: Document, { paths }: Repository): boolean {
  if (blocks.map(labelOf).some((label) => label.kind === 'run' && label.as === path)) return true;
  if (/^rdkafka-ts\//.test(path)) return doors.includes(path.slice('rdkafka-ts/'.length));
  const pattern = path
    .replace(/<[^>]+>/, '*')
    .replace(/N{2,}([-_])name/, '*$1*')
    .replace(/N{2,}/, '*')
    .replace(/[.+?^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '[^/]*');
  const from = ['', 'src/', `${normalize(dirname(file))}/`];
  if (!path.slice(0, -1).includes('/')) from.push('(?:.*/)?');
  const found = new RegExp(`^(?:${from.join('|')})${pattern}/?$`);
  return paths.some((one) => found.test(one));
}

/** Names that a document says are in a file: "`main/a.ts`, `name`", "`name` in `main/a.ts`". */
export function placesOf(document: Document): { readonly path: string; readonly name: string }[] {
  const prose = proseOf(document).replaceAll('\n', ' ');
  const behind = [...prose.matchAll(/`([\w/]+\.m?ts)`,\s+`(\w+)`(?!\s+(?:in|of)\s+`)/g)].map((hit) => ({
    path: hit[1]!,
    name: hit[2]!,
  }));
  const before = [...prose.matchAll(/`(\w+)`\s+(?:in|of)\s+`([\w/]+\.m?ts)`/g)].map((hit) => ({
    path: hit[2]!,
    name: hit[1]!,
  }));
  return [...behind, ...before];
}

/** The words of a span of code that stand nowhere in the repository, nor in the document's own blocks. */
export function unknownWords({ text }: Span, document: Document, { words }: Repository): string[] {
  const own = new Set(document.blocks.flatMap((block) => block.text.match(/\w+/g) ?? []));
  return (text.match(/[A-Za-z_]\w{2,}/g) ?? []).filter((word) => !words.has(word) && !own.has(word));
}

/** Links that lead to no file or no chapter: `docs/x.md: y.md#z`. Those to other sites are not followed. */
export function brokenLinks(document: Document): string[] {
  const links = [...proseOf(document).matchAll(/\]\(([^)\s]+)\)/g)].map((hit) => hit[1]!);
  return links
    .filter((link) => !/^[a-z]+:/.test(link) && !leadsSomewhere(link, document))
    .map((link) => `${document.file}: ${link}`);
}

function leadsSomewhere(link: string, { file, text }: Document): boolean {
  const [path = '', anchor] = link.split('#');
  const target = join(ROOT, dirname(file), path);
  if (path !== '' && !existsSync(target)) return false;
  return anchor === undefined || anchorsOf(path === '' ? text : readFileSync(target, 'utf8')).includes(anchor);
}

/** As GitHub makes them of headings. */
const anchorsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.*)$/gm)].map((hit) =>
    hit[1]!
      .toLowerCase()
      .replace(/[^\w -]/g, '')
      .replaceAll(' ', '-'),
  );
