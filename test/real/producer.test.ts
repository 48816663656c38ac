// The producer's scenarios on a real Kafka.
import { expect, inject, test } from 'vitest';
import { nothingLeft } from '../kit/nothing_left.ts';
import * as scenario from '../kit/scenarios/producer.ts';
import * as waysIn from '../kit/scenarios/ways_in.ts';
import { freshTopic } from '../kit/topics.ts';

/** Runs a scenario on a new topic of four partitions; afterwards nothing of ours may be left. */
async function onKafka(run: (env: scenario.ScenarioEnv) => Promise<void>): Promise<void> {
  const bootstrap = inject('bootstrap');
  await run({ bootstrap, topic: await freshTopic(bootstrap, 4) });
  await expect(nothingLeft()).resolves.toBeUndefined();
}

test('every message gets exactly one report, in order per partition, and is stored once', () =>
  onKafka(scenario.everyMessageOnce));

test('null and empty keys and values and headers arrive as they were given', () => onKafka(scenario.shapesOfMessages));

test('timestamps are stored and reported', () => onKafka(scenario.timestamps));

test('every tag of producev and produceva arrives', () => onKafka(waysIn.everyTag));

test('tags that contradict each other, or name no topic, are refused', () =>
  onKafka(async (env) => waysIn.refusedTags(env)));

test('a report tells status, broker, latency and errors', () => onKafka(async (env) => waysIn.reportsTell(env)));

test('partitions are available once metadata is there', () => onKafka(async (env) => waysIn.partitionsAvailable(env)));

test("the application's partitioner and orders are those of the log", () => onKafka(waysIn.ownOrder));

test('keyed messages land where consistent_random puts them', () => onKafka(scenario.keysFindTheirPartition));

test('explicit partitions are obeyed or refused', () => onKafka(scenario.explicitPartitions));

for (const acks of ['0', '1', 'all'] as const)
  test(`acks=${acks} reports what the broker said`, () => onKafka((env) => scenario.acksOf(env, acks)));

test('batches keep to batch.num.messages and batch.size', () => onKafka(scenario.batchLimits));

test('gzip goes compressed and comes back whole', () => onKafka(scenario.gzip));

test('messages up to message.max.bytes are delivered, larger ones refused', () => onKafka(scenario.largestMessages));

test('a full queue refuses, or waits with F_BLOCK', () => onKafka(scenario.fullQueue));

test('queue.buffering.max.kbytes counts the values', () => onKafka(scenario.fullBytes));

test('messages produced before any metadata all go out in order', () => onKafka(scenario.waitForMetadata));

test('flush times out and can be called again', () => onKafka(scenario.flushTimesOut));

test('destroy reports what lingers as purged', () => onKafka(scenario.destroyReports));
