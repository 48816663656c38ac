import { expect, test } from 'vitest';
import { byDuration, isDuration, parseDuration, timestampOf } from '../../../src/defs/offset_time.ts';

test.each([
  ['P1D', 86_400_000],
  ['PT1H', 3_600_000],
  ['pt2m', 120_000],
  ['PT0S', 0],
  ['PT1.5S', 1500],
  ['PT0.0009S', 0],
  ['P2DT3H4M5.006S', 183_845_006],
])('%s is %i ms', (text, ms) => {
  expect(parseDuration(text)).toBe(ms);
});

test.each(['', 'P', 'PT', 'P1DT', '1D', 'PT-1S', '-PT1S', 'P1Y', 'PT1S ', 'PT1.1234567890S', `P${'9'.repeat(20)}D`])(
  '%j is no duration',
  (text) => {
    expect(parseDuration(text)).toBeNull();
  },
);

test('a duration becomes a timestamp when it is asked for, other logical offsets stay', () => {
  const wall = (): number => 10_000.7;

  const asked = [byDuration(4000), byDuration(20_000), -1, -2].map((offset) => timestampOf(offset, wall));

  expect(asked).toEqual([6000, 0, -1, -2]);
});

test('a duration is told from all other offsets', () => {
  const offsets = [byDuration(0), byDuration(1e12), -1, -2, -1000, -1001, -2000 - 1e12, 0, 2 ** 53 - 1];

  expect(offsets.map(isDuration)).toEqual([true, true, false, false, false, false, false, false, false]);
});
