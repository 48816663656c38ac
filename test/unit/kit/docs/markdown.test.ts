import { expect, test } from 'vitest';
import { proseOf, readDocument, spansOf } from '../../../kit/docs/markdown.ts';

const FENCE = '```';
const TEXT = `# Title with \`code\`

${FENCE}ts run as x.mjs
const a = \`b\`;
${FENCE}

${FENCE}
a
${FENCE}
and text
- an item:
  ${FENCE}sh
  npm test
  ${FENCE}
${FENCE}${FENCE}
${FENCE}ts
${FENCE}
${FENCE}${FENCE}
the \`end\`
`;

test('blocks have their line, their label and what stands in them without its indent', () => {
  const { blocks } = readDocument('x.md', TEXT);

  expect(blocks.map(({ line, language, words, text }) => [line, language, words.join(' '), text])).toEqual([
    [4, 'ts', 'run as x.mjs', 'const a = `b`;\n'],
    [8, '', '', 'a\n'],
    [13, 'sh', '', 'npm test\n'],
    [16, '', '', '```ts\n```\n'],
  ]);
});

test('a block follows the one before when only empty lines are between them', () => {
  expect(readDocument('x.md', TEXT).blocks.map(({ follows }) => follows)).toEqual([false, true, false, true]);
});

test('code in running text has its line, and none of the blocks is in it', () => {
  const document = readDocument('x.md', TEXT);

  expect(spansOf(document).map(({ line, text }) => [line, text])).toEqual([
    [1, 'code'],
    [19, 'end'],
  ]);
  expect(proseOf(document).split('\n')).toHaveLength(TEXT.split('\n').length);
});

test('a block that nobody closes goes to the end', () => {
  expect(readDocument('x.md', `${FENCE}ts run\na\nb\n`).blocks[0]?.text).toBe('a\nb\n\n');
});
