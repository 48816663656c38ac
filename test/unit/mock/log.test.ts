import { expect, test } from 'vitest';
import { DEFAULT_LIMITS, PartitionLog } from '../../../src/mock/log.ts';
import { readBatches } from '../../../src/mock/read.ts';
import { collect } from '../../../src/ops/collect.ts';
import { readBatchHeader } from '../../../src/records/batch_header.ts';
import { writeBatch } from '../../../src/records/batch_writer.ts';

function batch(count: number, timestamp = 1): Uint8Array {
  return writeBatch(Array.from({ length: count }, (_, i) => ({ value: `v${i}`, timestamp })));
}

function filled(sizes: number[], limits = DEFAULT_LIMITS, epoch = 0): PartitionLog {
  const log = new PartitionLog(limits);
  for (const size of sizes) log.append(batch(size), size - 1, 1, epoch);
  return log;
}

test('a batch gets the next offset and the leader epoch in its own header', () => {
  const log = filled([3]);

  const baseOffset = log.append(batch(2), 1, 1, 7);

  const stored = log.at(log.find(4));
  expect(baseOffset).toBe(3);
  expect(readBatchHeader(stored!.bytes, 0, stored!.bytes.length)).toMatchObject({
    baseOffset: 3,
    partitionLeaderEpoch: 7,
  });
  expect(log.endOffset).toBe(5);
});

test('what is trimmed is let go of at once', async () => {
  const { log, first } = (() => {
    const bytes = batch(3);
    const log = new PartitionLog({ maxBytes: 1e6, maxBatches: 2 });
    log.append(bytes, 2, 1, 0);
    return { log, first: new WeakRef(bytes) };
  })();
  for (let i = 0; i < 2; i++) log.append(batch(3), 2, 1, 0);

  // A WeakRef holds what it gave until the turn is over.
  await new Promise<void>((resolve) => setImmediate(resolve));
  collect();

  expect([first.deref(), log.batchCount]).toEqual([undefined, 2]);
});

test('an offset in the middle of a batch finds that batch', () => {
  const log = filled([3, 5, 2]);

  expect([0, 2, 3, 7, 8, 9].map((offset) => log.at(log.find(offset))?.baseOffset)).toEqual([0, 0, 3, 3, 8, 8]);
  expect(log.find(10)).toBe(-1);
});

test('the oldest batches go when there are too many of them, and the start follows', () => {
  const log = filled([3, 3, 3, 3], { maxBytes: 1e6, maxBatches: 2 });

  expect(log.startOffset).toBe(6);
  expect(log.endOffset).toBe(12);
  expect(log.batchCount).toBe(2);
});

test('the oldest batches go when they are too large together, but the newest stays', () => {
  const size = batch(3).length;
  const log = filled([3, 3, 3], { maxBytes: size - 1, maxBatches: 100 });

  expect(log.startOffset).toBe(6);
  expect(log.size).toBe(size);
});

test('thousands of batches may come and go', () => {
  const log = filled(
    Array.from({ length: 5000 }, () => 1),
    { maxBytes: 1e9, maxBatches: 10 },
  );

  expect(log.startOffset).toBe(4990);
  expect(log.at(log.find(4995))?.baseOffset).toBe(4995);
});

test('deleting before an offset keeps a batch across it and moves the start', () => {
  const log = filled([3, 3, 3]);

  log.deleteBefore(4);

  expect(log.startOffset).toBe(4);
  expect(log.batchCount).toBe(2);
});

test('deleting everything leaves an empty log that goes on counting', () => {
  const log = filled([3, 3]);

  log.deleteBefore(6);

  expect([log.startOffset, log.endOffset, log.size]).toEqual([6, 6, 0]);
  expect(log.append(batch(1), 0, 1, 0)).toBe(6);
});

test('an epoch ends where the next one began', () => {
  const log = filled([3], DEFAULT_LIMITS, 1);
  log.append(batch(2), 1, 1, 4);

  expect(log.epochEnd(1, 4)).toEqual({ leaderEpoch: 1, endOffset: 3 });
  expect(log.epochEnd(2, 4)).toEqual({ leaderEpoch: 1, endOffset: 3 });
  expect(log.epochEnd(4, 4)).toEqual({ leaderEpoch: 4, endOffset: 5 });
  expect(log.epochEnd(0, 4)).toEqual({ leaderEpoch: 0, endOffset: 0 });
  expect(log.epochEnd(5, 4)).toEqual({ leaderEpoch: -1, endOffset: -1 });
  expect([log.epochAt(2), log.epochAt(3)]).toEqual([1, 4]);
});

test('a fetch gets whole batches and then a part of the next', () => {
  const log = filled([1, 1, 1]);
  const one = batch(1).length;

  const read = readBatches(log, 0, 3, 2 * one + 10, true);

  expect(read.pieces.map((piece) => piece.length)).toEqual([one, one, 10]);
  expect(read.size).toBe(2 * one + 10);
});

test('the first batch comes whole beyond the limit, or not at all', () => {
  const log = filled([1, 1]);

  expect(readBatches(log, 0, 2, 10, true).pieces).toHaveLength(1);
  expect(readBatches(log, 0, 2, 10, false)).toEqual({ pieces: [], size: 0 });
});

test('a fetch at the end of the log gets nothing', () => {
  expect(readBatches(filled([2]), 2, 2, 1000, true)).toEqual({ pieces: [], size: 0 });
});

test('an epoch in which nothing was written is forgotten when the next one begins', () => {
  const log = filled([3], DEFAULT_LIMITS, 0);
  log.beginEpoch(1);
  log.beginEpoch(2);
  log.append(batch(2), 1, 1, 2);
  log.beginEpoch(3);

  expect([0, 1, 2, 3, 4].map((epoch) => Object.values(log.epochEnd(epoch, 3)))).toEqual([
    [0, 3],
    [0, 3],
    [2, 5],
    [3, 5],
    [-1, -1],
  ]);
});

test('a log that is truncated ends at a batch, and its epochs end with it', () => {
  const log = filled([3, 3], DEFAULT_LIMITS, 0);
  log.append(batch(4), 3, 1, 1);

  log.truncate(5);

  expect([log.endOffset, log.batchCount, log.size]).toEqual([3, 1, batch(3).length]);
  expect(log.epochEnd(0, 0)).toEqual({ leaderEpoch: 0, endOffset: 3 });
  expect(log.append(batch(1), 0, 1, 2)).toBe(3);
});

test('offsets that are left out are nowhere, and reading goes on behind them', () => {
  const log = filled([2]);

  log.skipTo(10);
  log.append(batch(1), 0, 1, 0);

  expect(log.at(log.find(2))?.baseOffset).toBe(10);
});

test('a transaction is stable from its end on', () => {
  const { transactions } = filled([3]);
  transactions.appended(7, 1);
  transactions.appended(8, 2);
  const open = transactions.lastStableOffset(3);
  transactions.ended(7, 3, true);
  const half = transactions.lastStableOffset(4);
  transactions.ended(8, 4, false);

  expect([open, half, transactions.lastStableOffset(5)]).toEqual([1, 2, 5]);
  expect(transactions.abortedFrom(0)).toEqual([{ producerId: 7, firstOffset: 1, lastOffset: 3 }]);
  expect(transactions.abortedFrom(4)).toEqual([]);
});

test('a transaction whose marker is truncated is open again', () => {
  const log = filled([1, 1, 1]);
  log.transactions.appended(7, 1);
  log.transactions.ended(7, 2, true);

  log.truncate(2);

  expect(log.transactions.lastStableOffset(log.endOffset)).toBe(1);
  expect(log.transactions.abortedFrom(0)).toEqual([]);
});

test('aborted transactions go with the records that are deleted', () => {
  const log = filled([1, 1, 1]);
  log.transactions.appended(7, 0);
  log.transactions.ended(7, 1, true);

  log.deleteBefore(2);

  expect(log.transactions.abortedFrom(0)).toEqual([]);
});
