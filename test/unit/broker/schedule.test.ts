import { expect, test } from 'vitest';
import type { Partition } from '../../../src/broker/partition.ts';
import { Schedule } from '../../../src/broker/schedule.ts';

const NEVER = Number.POSITIVE_INFINITY;

function partition(number: number): Partition {
  return { number, fifo: ['a batch'], leaving: false, at: 0, heapIndex: -1, heapOrder: 0 } as never;
}

function parts(count: number): Partition[] {
  return Array.from({ length: count }, (_, number) => partition(number));
}

const ready = (schedule: Schedule) => [...schedule.ready].map(({ number }) => number);

test('what has changed is ready, in the order of the changes, once', () => {
  const schedule = new Schedule();
  const [a, b] = parts(2);

  for (const part of [b!, a!, b!]) schedule.look(part);

  expect(ready(schedule)).toEqual([1, 0]);
});

test('a partition whose row is empty, or that leaves, stands nowhere', () => {
  const schedule = new Schedule();
  const [a, b] = parts(2);
  schedule.linger(a!, 50);
  schedule.look(b!);

  a!.fifo = [];
  b!.leaving = true;
  for (const part of [a!, b!]) schedule.look(part);

  expect([schedule.empty, schedule.next(true)]).toEqual([true, NEVER]);
});

test('who was sent something waits behind those that were not', () => {
  const schedule = new Schedule();
  const [a, b] = parts(2);
  schedule.look(a!);
  schedule.look(b!);

  schedule.sent(a!);

  expect(ready(schedule)).toEqual([1, 0]);
});

test('those that linger become ready when their time comes, the earliest first', () => {
  const schedule = new Schedule();
  const [a, b, c] = parts(3);
  schedule.linger(a!, 30);
  schedule.linger(b!, 10);
  schedule.linger(c!, 20);

  schedule.advance(20, 20);

  expect([ready(schedule), schedule.next(true)]).toEqual([[1, 2], 30]);
});

test('what lingers can be held back or hurried, what rests can not', () => {
  const schedule = new Schedule();
  const [lingering, resting] = parts(2);
  schedule.linger(lingering!, 10);
  schedule.rest(resting!, 30);

  schedule.advance(20, Number.NEGATIVE_INFINITY);
  const heldBack = [ready(schedule), schedule.next(false)];
  schedule.advance(20, NEVER);

  expect(heldBack).toEqual([[], 30]);
  expect(ready(schedule)).toEqual([0]);
});

test('what is held is ready when it changes, or when all are released', () => {
  const schedule = new Schedule();
  const [a, b] = parts(2);
  schedule.hold(a!);
  schedule.hold(b!);

  schedule.look(b!);
  const changed = ready(schedule);
  schedule.release();

  expect([changed, ready(schedule)]).toEqual([[1], [1, 0]]);
});
