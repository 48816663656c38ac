import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { hasLines, indentedCode, isOutput, labelOf, problemOf } from '../../../kit/docs/blocks.ts';
import { type Block, readDocument } from '../../../kit/docs/markdown.ts';

const FIRST = 'examples/first.ts';
const first = readFileSync(FIRST, 'utf8');

const block = (info: string, text: string): Block =>
  readDocument('x.md', `\`\`\`\`${info}\n${text}\`\`\`\`\n`).blocks[0] as Block;

test.each([
  ['ts run', { kind: 'run', from: null, as: null }],
  ['js run as a.cjs', { kind: 'run', from: null, as: 'a.cjs' }],
  ['ts run from examples/first.ts as b.mjs', { kind: 'run', from: 'examples/first.ts', as: 'b.mjs' }],
  ['ts from examples/first.ts', { kind: 'from', from: 'examples/first.ts' }],
  ['json from package.json', { kind: 'from', from: 'package.json' }],
  ['ts continues', { kind: 'continues' }],
  ['ts vitest', { kind: 'vitest' }],
  ['sh', { kind: 'commands' }],
  ['c', { kind: 'c' }],
  ['', { kind: 'plain' }],
])('%j is a label', (info, label) => {
  expect(labelOf(block(info, 'x\n'))).toEqual(label);
});

test.each([
  'ts',
  'ts runs',
  'ts run twice',
  'ts run as a.ts as b.ts',
  'ts continues from x',
  'ts from',
  'sh run',
  'json',
  'yaml run',
  'typescript run',
  'text from x',
])('%j is none', (info) => {
  expect(problemOf(block(info, 'x\n'))).toMatch(/^a block /);
});

test('a quote stands in its file from the beginning of a line, word for word', () => {
  const [line, ...rest] = first.split('\n').slice(4, 8);

  expect(problemOf(block(`ts from ${FIRST}`, `${[line, ...rest].join('\n')}\n`))).toBeNull();
  expect(problemOf(block(`ts from ${FIRST}`, `${line!.slice(1)}\n`))).toContain('does not stand in');
  expect(problemOf(block(`ts from ${FIRST}`, `${line} \n`))).toContain('does not stand in');
  expect(problemOf(block(`ts from ${FIRST}`, '\n'))).toContain('nothing');
  expect(problemOf(block('ts from examples/none.ts', 'x\n'))).toContain('is not there');
  expect(problemOf(block('ts from ../x.ts', 'x\n'))).toContain('not a path from the root');
});

test('a program that is run from a file is all of it', () => {
  expect(problemOf(block(`ts run from ${FIRST}`, first))).toBeNull();
  expect(problemOf(block(`ts run from ${FIRST}`, first.replace(/.*\n/, '')))).toContain('is not examples/first.ts');
});

test.each([
  "import x from 'y'",
  'const a = 1',
  '  await flush(rk)',
  'poll(rk, 0);',
  'npm test',
  '$ ls',
  'if (a) {',
  '#include <rdkafka.h>',
])('%j is no drawing', (line) => {
  expect(problemOf(block('', `a drawing\n${line}\n`))).toContain('looks like code');
});

test('a drawing is one', () => {
  expect(problemOf(block('', ' app (yours)  ──►  main\n 1. producev copies; the batch goes\n'))).toBeNull();
});

test('indented code is found, lists are not taken for it', () => {
  const text = 'text\n\n    const a = 1;\n\n- item\n    goes on\n\n```\n\n    inside\n```\n';

  expect(indentedCode(readDocument('x.md', text))).toEqual([3]);
});

test('an output is the same but for numbers and what stands for left out lines', () => {
  expect(isOutput('delivered to a [3] at offset 0\n', 'delivered to a [1] at offset 12\n')).toBe(true);
  expect(isOutput('delivered to a [3] at offset 0\n', 'delivered to b [3] at offset 0\n')).toBe(false);
  expect(isOutput('a\n', 'a\nb\n')).toBe(false);
  expect(isOutput('a\nb\n', 'a\n')).toBe(false);
  expect(isOutput('a\n...\nd\n', 'a\nb\nc\nd\n')).toBe(true);
  expect(isOutput('a\n...\nd\n', 'a\nd\n')).toBe(true);
  expect(isOutput('a\n...\nd\n', 'a\nb\n')).toBe(false);
  expect(isOutput('1,234 (5.5/s)\n', '99 (0/s)\n')).toBe(true);
  expect(isOutput('a (b)\n', 'a b\n')).toBe(false);
});

test('lines are found among others', () => {
  expect(hasLines('b 7\n...\n  1.2 s  a\n', 'x\n  22.0 s  a\ny\nb 1\n')).toBe(true);
  expect(hasLines('a\nc\n', 'a\nb\n')).toBe(false);
});

test('C has no names that librdkafka has not', () => {
  const text = 'rd_kafka_t *rk = rd_kafka_new(RD_KAFKA_PRODUCER, conf, errstr, sizeof(errstr));\n';

  expect(problemOf(block('c', text))).toBeNull();
  expect(problemOf(block('c', `${text}rd_kafka_produce_all(rk);\n`))).toContain('rd_kafka_produce_all');
});
