import { expect, test } from 'vitest';
import { ReconnectBackoff, retryBackoff } from '../../../src/rd/backoff.ts';

const middle = () => 1 / 3; // a jitter of 0.75 + 0.75/3 = 1

test('the first attempt need not wait', () => {
  const backoff = new ReconnectBackoff(100, 10_000, middle);

  expect(backoff.remaining(0)).toBe(0);
});

test('the wait doubles with each attempt up to the maximum', () => {
  const backoff = new ReconnectBackoff(100, 1000, middle);
  const waits: number[] = [];
  let now = 0;

  for (let i = 0; i < 6; i++) {
    backoff.attempt(now);
    waits.push(backoff.remaining(now));
    now += backoff.remaining(now);
  }

  expect(waits).toEqual([100, 200, 400, 800, 1000, 1000]);
});

test('the jitter reaches from -25% to +50%', () => {
  const waitAt = (random: number) => {
    const backoff = new ReconnectBackoff(1000, 10_000, () => random);
    backoff.attempt(0);
    return backoff.remaining(0);
  };

  expect([waitAt(0), waitAt(0.999999)]).toEqual([750, 1499]);
});

test('the jitter does not exceed the maximum', () => {
  const backoff = new ReconnectBackoff(1000, 1000, () => 0.99);

  backoff.attempt(0);

  expect(backoff.remaining(0)).toBe(1000);
});

test('the wait starts over when the last planned attempt is longer ago than the maximum', () => {
  const backoff = new ReconnectBackoff(100, 1000, middle);
  backoff.attempt(0);
  backoff.attempt(100);
  backoff.attempt(300);

  backoff.attempt(300 + 400 + 1001);

  expect(backoff.remaining(1701)).toBe(100);
});

test('a failed attempt makes its wait count from the failure, without doubling it', () => {
  const backoff = new ReconnectBackoff(100, 1000, middle);
  backoff.attempt(0);

  backoff.postpone(5000);

  expect(backoff.remaining(5000)).toBe(100);
});

test('retries wait base * 2^(n-1), with a jitter of 0.8 to 1.2, capped', () => {
  const waits = [
    retryBackoff(1, 100, 1000, () => 0.5),
    retryBackoff(2, 100, 1000, () => 0),
    retryBackoff(3, 100, 1000, () => 0.5),
    retryBackoff(4, 100, 1000, () => 1),
    retryBackoff(2000, 100, 1000, () => 0),
  ];

  expect(waits.map(Math.round)).toEqual([100, 160, 400, 960, 1000]);
});
