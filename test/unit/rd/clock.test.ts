import { expect, test } from 'vitest';
import { systemClock } from '../../../src/rd/clock.ts';
import { until } from '../../kit/until.ts';

test('now() stands when the program replaces Date.now and performance.now', () => {
  const { now: dateNow } = Date;
  const { now: performanceNow } = performance;

  Date.now = () => 5;
  performance.now = () => 5;
  const read = [systemClock.wall(), systemClock.now()];
  Date.now = dateNow;
  performance.now = performanceNow;

  expect(read[0]).toBeGreaterThan(1_600_000_000_000);
  expect(read[1]).not.toBe(5);
});

test('a timer fires once, from the event loop', async () => {
  const fired: string[] = [];

  systemClock.setTimer(0, () => fired.push('timer'));
  fired.push('set');
  await until(() => fired.length > 1, { what: 'the timer' });

  expect(fired).toEqual(['set', 'timer']);
});

test('a cleared timer leaves nothing that keeps the process alive', () => {
  const before = process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

  const timer = systemClock.setTimer(1e12, () => {});
  timer.clear();
  timer.clear();

  expect(process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length).toBe(before);
});
