import { expect, test } from 'vitest';
import { Lines } from '../../../src/program/lines.ts';

/** All lines of this input, given in pieces of `size` bytes. */
function linesOf(input: string, size: number): string[] {
  const lines = new Lines();
  const bytes = Buffer.from(input);
  const found: string[] = [];
  for (let from = 0; from < bytes.length; from += size) {
    lines.add(bytes.subarray(from, from + size));
    for (let line = lines.take(); line !== null; line = lines.take()) found.push(line);
  }
  const rest = lines.rest();
  return rest === null ? found : [...found, rest];
}

test.each([
  ['', []],
  ['\n', ['']],
  ['a', ['a']],
  ['a\n', ['a']],
  ['a\n\nb\r\nlast', ['a', '', 'b\r', 'last']],
  ['grün\n漢字\n🙂', ['grün', '漢字', '🙂']],
])('%j has these lines, however it comes', (input, expected) => {
  for (let size = 1; size <= 8; size++) expect(linesOf(input, size)).toEqual(expected);
});

test('a line of many pieces is put together once', () => {
  expect(linesOf(`${'x'.repeat(1_000_000)}\ny\n`, 100)).toEqual(['x'.repeat(1_000_000), 'y']);
});
