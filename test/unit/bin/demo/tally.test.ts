// The demo's counts: what it must notice.
import { expect, test } from 'vitest';
import { isGood, Tally } from '../../../../src/bin/demo/tally.ts';

/** `count` messages, all of them delivered and consumed, but for what `change` does to one more. */
function played(change: (tally: Tally, id: number) => void): Tally {
  const tally = new Tally(10);
  for (let id = 0; id < 3; id++) {
    tally.accepted();
    tally.report(id, 0);
    tally.consume(id, 1, id);
  }
  const id = tally.nextId;
  tally.accepted();
  change(tally, id);
  return tally;
}

test('all is well when every message is reported and consumed once', () => {
  const tally = played((tally, id) => {
    tally.report(id, 0);
    tally.consume(id, 0, 0);
  });

  expect(tally.totals()).toMatchObject({ produced: 4, delivered: 4, consumed: 4, lost: 0 });
  expect(isGood(tally.totals())).toBe(true);
});

test('a message that nobody consumed is lost', () => {
  const totals = played((tally, id) => tally.report(id, 0)).totals();

  expect(totals.lost).toBe(1);
  expect(isGood(totals)).toBe(false);
});

test('a message without a report is noticed', () => {
  const totals = played((tally, id) => tally.consume(id, 0, 0)).totals();

  expect(totals.neverReported).toBe(1);
  expect(isGood(totals)).toBe(false);
});

test('a second report of a message is noticed', () => {
  const totals = played((tally, id) => {
    tally.report(id, 0);
    tally.report(id, 0);
    tally.consume(id, 0, 0);
  }).totals();

  expect(totals).toMatchObject({ delivered: 4, reportedTwice: 1 });
  expect(isGood(totals)).toBe(false);
});

test('a message that failed is no success, even when it arrived', () => {
  const totals = played((tally, id) => {
    tally.report(id, -192);
    tally.consume(id, 0, 0);
  }).totals();

  expect(totals).toMatchObject({ failed: 1, lost: 0 });
  expect(isGood(totals)).toBe(false);
});

test('a message handed out again is told from one that lies in the log twice', () => {
  const totals = played((tally, id) => {
    tally.report(id, 0);
    tally.consume(id, 0, 5);
    tally.consume(id, 0, 5);
    tally.consume(id, 0, 6);
  }).totals();

  expect(totals).toMatchObject({ consumed: 4, consumedTwice: 1, storedTwice: 1 });
  expect(isGood(totals)).toBe(true);
});

test('messages of somebody else do not count', () => {
  const tally = played((tally, id) => tally.report(id, 0));

  expect([tally.consume(-1, 0, 0), tally.consume(9, 0, 0)]).toEqual([false, false]);
  expect(tally.totals().consumed).toBe(3);
});
