import { describe, expect, test } from 'vitest';
import { MAX_MAINS, placeBroker, placeHandle, workerLimit } from '../../../src/ops/placing.ts';

const workers = (...brokers: number[]) => brokers.map((count) => ({ brokers: count }));
const mains = (...handles: number[]) => handles.map((count) => ({ handles: count }));

describe('placing', () => {
  test.each([
    [1, 4],
    [2, 4],
    [3, 6],
    [8, 16],
  ])('with %i cores lets an app thread have %i workers', (cores, limit) => {
    expect(workerLimit(cores)).toBe(limit);
  });

  test('gives a broker a worker of its own while there may be more', () => {
    expect(placeBroker(workers(1, 1), 3, 4)).toBeNull();
  });

  test('has a broker share the worker of its family with the fewest from the limit on', () => {
    const family = workers(2, 1, 3);
    expect(placeBroker(family, 4, 4)).toBe(family[1]);
  });

  test('gives a family without a worker its first one, whatever the limit', () => {
    expect(placeBroker([], 100, 4)).toBeNull();
  });

  test('gives a handle a main of its own while there may be more', () => {
    expect(placeHandle(mains(1), 1, 16)).toBeNull();
  });

  test('has a handle join the main with the fewest once there are enough mains', () => {
    const all = mains(3, 1, 2, 2);
    expect(all).toHaveLength(MAX_MAINS);
    expect(placeHandle(all, 4, 16)).toBe(all[1]);
  });

  test('has a handle join a main once there are enough workers', () => {
    const all = mains(2, 1);
    expect(placeHandle(all, 4, 4)).toBe(all[1]);
  });

  test('gives the first handle a main, whatever the limit', () => {
    expect(placeHandle([], 100, 4)).toBeNull();
  });
});
