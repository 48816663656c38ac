import { expect, test } from 'vitest';
import { Lanes } from '../../../src/promise/lanes.ts';

/** As each() does with a handler that takes its time: true when it is begun. */
function enter<T>(lanes: Lanes<T>, name: unknown, item: T): boolean {
  const lane = lanes.of(name);
  if (lane.taken) lanes.wait(lane, item);
  else {
    lane.taken = true;
    return true;
  }
  return false;
}

test('the first of a lane may be begun, those behind it wait', () => {
  const lanes = new Lanes<number>();

  expect([enter(lanes, 'a', 1), enter(lanes, 'a', 2), enter(lanes, 'b', 3), enter(lanes, 'a', 4)]).toEqual([
    true,
    false,
    true,
    false,
  ]);
  expect(lanes.waiting).toBe(2);
});

test('who leaves a lane is told the next of it, in order', () => {
  const lanes = new Lanes<number>();
  for (const item of [1, 2, 3]) enter(lanes, 'a', item);

  expect([lanes.leave(lanes.of('a')), lanes.leave(lanes.of('a')), lanes.leave(lanes.of('a'))]).toEqual([
    2,
    3,
    undefined,
  ]);
  expect(lanes.waiting).toBe(0);
});

test('a lane that was left by all is free', () => {
  const lanes = new Lanes<number>();
  enter(lanes, 'a', 1);
  lanes.leave(lanes.of('a'));

  expect(enter(lanes, 'a', 2)).toBe(true);
});

test('what is dropped never comes, and the lane stays taken by the one in work', () => {
  const lanes = new Lanes<number>();
  for (const item of [1, 2, 3, 4]) enter(lanes, 'a', item);
  for (const item of [5, 6]) enter(lanes, 'b', item);

  lanes.drop((item) => item % 2 === 0);

  expect(lanes.waiting).toBe(1);
  expect(enter(lanes, 'b', 7)).toBe(false);
  expect([lanes.leave(lanes.of('a')), lanes.leave(lanes.of('a'))]).toEqual([3, undefined]);
  expect([lanes.leave(lanes.of('b')), lanes.leave(lanes.of('b'))]).toEqual([7, undefined]);
  expect(lanes.waiting).toBe(0);
});

test('lanes are told apart by identity', () => {
  const lanes = new Lanes<number>();
  const [a, b] = [{}, {}];

  expect([enter(lanes, a, 1), enter(lanes, b, 2), enter(lanes, a, 3)]).toEqual([true, true, false]);
});

test('free lanes are thrown out when there are many, taken ones never', () => {
  const lanes = new Lanes<number>();
  for (let i = 0; i < 100; i++) enter(lanes, i, i);
  for (let i = 100; i < 50_000; i++) lanes.of(i);

  expect(lanes.size).toBeLessThan(10_000);
  expect(enter(lanes, 7, -7)).toBe(false);
  expect(lanes.leave(lanes.of(7))).toBe(-7);
});
