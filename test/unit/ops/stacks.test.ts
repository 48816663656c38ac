import { describe, expect, test } from 'vitest';
import { CLOSED, EMPTY, push, takeAll } from '../../../src/ops/stacks.ts';

/** A stack at word 0; node n has its link at word n. */
function aStack(): Int32Array {
  const words = new Int32Array(new SharedArrayBuffer(64));
  words[0] = EMPTY;
  return words;
}

function nodesOf(words: Int32Array, newest: number): number[] {
  const nodes: number[] = [];
  for (let node = newest; node !== EMPTY; node = words[node]!) nodes.push(node);
  return nodes;
}

describe('a stack', () => {
  test('is taken whole, newest first', () => {
    const words = aStack();
    for (const node of [1, 2, 3]) push(words, 0, node, words, node);

    expect(nodesOf(words, takeAll(words, 0))).toEqual([3, 2, 1]);
  });

  test('is empty after it was taken', () => {
    const words = aStack();
    push(words, 0, 1, words, 1);
    takeAll(words, 0);

    expect(takeAll(words, 0)).toBe(EMPTY);
  });

  test('that reads CLOSED answers no and is left as it is', () => {
    const words = aStack();
    words[0] = CLOSED;
    words[5] = 77;

    expect([push(words, 0, 5, words, 5), words[0], words[5]]).toEqual([false, CLOSED, 77]);
  });

  test('takes a node again that was taken before', () => {
    const words = aStack();
    push(words, 0, 1, words, 1);
    push(words, 0, 2, words, 2);
    takeAll(words, 0);
    push(words, 0, 1, words, 1);

    expect(nodesOf(words, takeAll(words, 0))).toEqual([1]);
  });
});
