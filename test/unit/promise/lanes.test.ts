// Lanes of `each`: one of each at a time, in order.
import { expect, test } from 'vitest';
import { Lanes } from '../../../src/promise/lanes.ts';

test('one of a lane is begun at a time, in the order of entering, and lanes do not hinder each other', () => {
  const lanes = new Lanes<number>();
  expect([lanes.enter('a', 1), lanes.enter('a', 2), lanes.enter('b', 3), lanes.enter('a', 4)]).toEqual([
    true,
    false,
    true,
    false,
  ]);
  expect(lanes.waiting).toBe(2);
  expect(lanes.leave('b')).toBe(undefined);
  expect([lanes.leave('a'), lanes.leave('a'), lanes.waiting]).toEqual([2, 4, 0]);
  expect(lanes.leave('a')).toBe(undefined);
});

test('a lane that was left is free again, whether something had waited in it or not', () => {
  const lanes = new Lanes<number>();
  for (const waits of [false, true]) {
    expect(lanes.enter('a', 1)).toBe(true);
    if (waits) expect(lanes.enter('a', 2)).toBe(false);
    if (waits) expect(lanes.leave('a')).toBe(2);
    expect(lanes.leave('a')).toBe(undefined);
  }
  expect(lanes.enter('a', 3)).toBe(true);
});

test('what is dropped never begins, and what is not keeps its order; a lane in work stays in work', () => {
  const lanes = new Lanes<number>();
  for (const item of [1, 2, 3, 4, 5]) lanes.enter('a', item);
  lanes.enter('b', 6);
  lanes.drop((item) => item % 2 === 0);
  expect(lanes.waiting).toBe(2);
  expect(lanes.enter('b', 7)).toBe(false);
  expect([lanes.leave('a'), lanes.leave('a'), lanes.leave('a')]).toEqual([3, 5, undefined]);
  expect(lanes.leave('b')).toBe(7);
});
