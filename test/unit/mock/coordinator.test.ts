import { expect, test } from 'vitest';
import { Coordinators, KEY_GROUP, KEY_TRANSACTION } from '../../../src/mock/coordinator.ts';

test('a key belongs to the broker that its CRC-32 names', () => {
  // CRC-32 of '123456789' is 0xcbf43926, which leaves 0 of 2 and 2 of 3.
  const coordinators = new Coordinators();

  expect(coordinators.find(KEY_GROUP, '123456789', [5, 6])).toBe(5);
  expect(coordinators.find(KEY_GROUP, '123456789', [5, 6, 7])).toBe([5, 6, 7][0xcbf43926 % 3]);
});

test('what a test has set goes first, for that type of key only', () => {
  const coordinators = new Coordinators();

  coordinators.set(KEY_GROUP, '123456789', 6);

  expect(coordinators.find(KEY_GROUP, '123456789', [5, 6])).toBe(6);
  expect(coordinators.find(KEY_TRANSACTION, '123456789', [5, 6])).toBe(5);
});

test('a coordinator that does not exist is none, until its broker is removed', () => {
  const coordinators = new Coordinators();
  coordinators.set(KEY_GROUP, 'g', 9);

  expect(coordinators.find(KEY_GROUP, 'g', [5])).toBe(-1);
  coordinators.removeBroker(9);
  expect(coordinators.find(KEY_GROUP, 'g', [5])).toBe(5);
});
