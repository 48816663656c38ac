import { expect, test } from 'vitest';
import * as rk from '../../../src/index.ts';
import { pollUntil, produceNumbers } from '../../kit/producing.ts';
import * as scenario from '../../kit/scenarios/producer.ts';
import * as waysIn from '../../kit/scenarios/ways_in.ts';
import { aMock, sleepUntilReported } from './kit.ts';

test('every message gets exactly one report, in order per partition, and is stored once', async () => {
  await scenario.everyMessageOnce(aMock(3));
});

test('null and empty keys and values and headers arrive as they were given', async () => {
  await scenario.shapesOfMessages(aMock());
});

test('timestamps are stored and reported', async () => {
  await scenario.timestamps(aMock());
});

test('every tag of producev and produceva arrives', () => waysIn.everyTag(aMock()));

test('tags that contradict each other, or name no topic, are refused', () => waysIn.refusedTags(aMock()));

test('a report tells status, broker, latency and errors', () => waysIn.reportsTell(aMock()));

test('partitions are available once metadata is there', () => waysIn.partitionsAvailable(aMock()));

test("the application's partitioner and orders are those of the log", () => waysIn.ownOrder(aMock()));

test('keyed messages land where consistent_random puts them', async () => {
  await scenario.keysFindTheirPartition(aMock(3));
});

test('explicit partitions are obeyed or refused', async () => {
  await scenario.explicitPartitions(aMock());
});

for (const acks of ['0', '1', 'all'] as const)
  test(`acks=${acks} reports what the broker said`, async () => {
    await scenario.acksOf(aMock(3), acks);
  });

test('batches keep to batch.num.messages and batch.size', async () => {
  await scenario.batchLimits(aMock());
});

test('gzip goes compressed and comes back whole', async () => {
  await scenario.gzip(aMock());
});

test('messages up to message.max.bytes are delivered, larger ones refused', async () => {
  await scenario.largestMessages(aMock());
});

test('a full queue refuses, or waits with F_BLOCK', async () => {
  await scenario.fullQueue(aMock());
});

test('queue.buffering.max.kbytes counts the values', async () => {
  await scenario.fullBytes(aMock());
});

test('messages produced before any metadata all go out in order', async () => {
  await scenario.waitForMetadata(aMock(3));
});

test('flush times out and can be called again', async () => {
  await scenario.flushTimesOut(aMock());
});

test('destroy reports what lingers as purged', async () => {
  await scenario.destroyReports(aMock());
});

test('a message for an unknown topic is sent while the app thread sleeps in Atomics.wait', async () => {
  const p = aMock(1, -1).producer();
  rk.producev(p.handle, { topic: 'made-at-first-use', value: 'v', opaque: 1 });
  // No call of ours, no turn of the event loop: everything happens in the workers.
  sleepUntilReported(p.handle);
  pollUntil(p, () => p.reports.length > 0, 'the report');
  expect(p.reports.map(({ err }) => err)).toEqual([0]);
});

test('a batch that is exactly full goes without waiting for linger.ms', () => {
  const p = aMock().producer({ 'batch.num.messages': '100', 'linger.ms': '600000' });
  produceNumbers(p, 't', 1, { partition: 0 });
  expect(rk.flush(p.handle, 20_000)).toBe(0);

  produceNumbers(p, 't', 100, { first: 1, partition: 0 });

  pollUntil(p, () => p.reports.length === 101, 'a full batch to be reported');
});
