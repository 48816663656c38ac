// What documents name in running text is there: files, functions, properties.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { type Document, documents, placeOf, ROOT, readDocument, type Span, spansOf } from '../kit/docs/markdown.ts';
import { brokenLinks, isPath, isThere, placesOf, readRepository, unknownWords } from '../kit/docs/names.ts';

/** Paths that are nowhere in this repository, and why a document names them. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  'dist/': 'npm run build makes it',
  'results/': 'npm run bench makes it',
  '.ts': 'an ending',
  '@bokuweb/zstd-wasm': 'an npm package',
  'tests/NNNN-*': "librdkafka's",
  'src/rdkafka_request.c': "librdkafka's",
};
/** Words that are nowhere in this repository, and why a document has them as code. */
const FOREIGN: Readonly<Record<string, string>> = {
  lz4js: 'an npm package that is not used',
  re2js: 'an npm package that is not used',
};

const all = documents();
const repository = readRepository();

const pathsOf = (document: Document): Span[] => spansOf(document).filter(({ text }) => isPath(text));

const nowhere = (document: Document): string[] =>
  pathsOf(document)
    .filter(({ text }) => !(text in ELSEWHERE) && !isThere(text, document, repository))
    .map((span) => `${placeOf(span)}: ${span.text}`);

const unknown = (document: Document): string[] =>
  spansOf(document)
    .filter(({ text }) => !isPath(text))
    .flatMap((span) => unknownWords(span, document, repository).map((word) => `${placeOf(span)}: ${word}`))
    .filter((text) => !(text.split(': ')[1]! in FOREIGN));

const misplaced = (document: Document): string[] =>
  placesOf(document)
    .filter(({ path, name }) => {
      const file = repository.paths.find((one) => one === path || one === `src/${path}`);
      return file === undefined || !new RegExp(`\\b${name}\\b`).test(readFileSync(join(ROOT, file), 'utf8'));
    })
    .map(({ path, name }) => `${document.file}: ${name} in ${path}`);

test('every path is there', () => {
  expect(all.flatMap(pathsOf).length).toBeGreaterThan(100);
  expect(all.flatMap(nowhere)).toEqual([]);
});

test('a name that is said to be in a file is in it', () => {
  expect(all.flatMap(placesOf).length).toBeGreaterThan(3);
  expect(all.flatMap(misplaced)).toEqual([]);
});

test('every name is one that this repository knows', () => {
  expect(all.flatMap(unknown)).toEqual([]);
});

test('every link between documents leads somewhere', () => {
  expect(all.flatMap((document) => brokenLinks(document))).toEqual([]);
});

test('what is let through is still mentioned', () => {
  const spans = all.flatMap(spansOf).map(({ text }) => text);

  expect(Object.keys(ELSEWHERE).filter((path) => !spans.includes(path))).toEqual([]);
  expect(Object.keys(FOREIGN).filter((word) => !spans.some((text) => text.includes(word)))).toEqual([]);
});

test('the check sees what is wrong', () => {
  const document = readDocument(
    'docs/x.md',
    `Files: \`app/produce.ts\`, \`internals.md\`, \`test/mock/NNNN-name.test.ts\`, \`app/no_such_file.ts\`, \`no_room/\`.
Names: \`enqueue\`, \`noSuchFunction(rk)\`, \`dr_msg_cb\`, and \`mine\` of a block.
Links: [a](differences.md), [b](../README.md#licence), [c](none.md), [d](../README.md#no-such-chapter), [e](#x).
Places: \`app/produce.ts\`, \`enqueue\`; \`drain\` in \`app/produce.ts\`.

\`\`\`ts run
const mine = 1;
\`\`\`
`,
  );

  expect(nowhere(document)).toEqual(['docs/x.md:1: app/no_such_file.ts', 'docs/x.md:1: no_room/']);
  expect(unknown(document)).toEqual(['docs/x.md:2: noSuchFunction']);
  expect(brokenLinks(document)).toEqual(
    ['none.md', '../README.md#no-such-chapter', '#x'].map((to) => `docs/x.md: ${to}`),
  );
  expect(misplaced(document)).toEqual(['docs/x.md: drain in app/produce.ts']);
});
