import { expect, test } from 'vitest';
import { Lanes } from '../../../src/promise/lanes.ts';

test('the first of a lane may be begun, those behind it wait', () => {
  const lanes = new Lanes<number>();

  expect([lanes.enter('a', 1), lanes.enter('a', 2), lanes.enter('b', 3), lanes.enter('a', 4)]).toEqual([
    true,
    false,
    true,
    false,
  ]);
  expect(lanes.waiting).toBe(2);
});

test('who leaves a lane is told the next of it, in order', () => {
  const lanes = new Lanes<number>();
  for (const item of [1, 2, 3]) lanes.enter('a', item);

  expect([lanes.leave('a'), lanes.leave('a'), lanes.leave('a')]).toEqual([2, 3, undefined]);
  expect(lanes.waiting).toBe(0);
});

test('a lane that was left by all is free', () => {
  const lanes = new Lanes<number>();
  lanes.enter('a', 1);
  lanes.leave('a');

  expect(lanes.enter('a', 2)).toBe(true);
});

test('what is dropped never comes, and the lane stays taken by the one in work', () => {
  const lanes = new Lanes<number>();
  for (const item of [1, 2, 3, 4]) lanes.enter('a', item);
  for (const item of [5, 6]) lanes.enter('b', item);

  lanes.drop((item) => item % 2 === 0);

  expect(lanes.waiting).toBe(1);
  expect(lanes.enter('b', 7)).toBe(false);
  expect([lanes.leave('a'), lanes.leave('a')]).toEqual([3, undefined]);
  expect([lanes.leave('b'), lanes.leave('b')]).toEqual([7, undefined]);
  expect(lanes.waiting).toBe(0);
});

test('lanes are told apart by identity', () => {
  const lanes = new Lanes<number>();
  const [a, b] = [{}, {}];

  expect([lanes.enter(a, 1), lanes.enter(b, 2), lanes.enter(a, 3)]).toEqual([true, true, false]);
});
