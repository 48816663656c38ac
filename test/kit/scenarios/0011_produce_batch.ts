// 0011: many messages by one call: to one partition, by partitioner, each to its own; and what a broker refuses of them.
import { expect, type TestContext } from 'vitest';
import {
  type ProduceBatchMessage,
  RD_KAFKA_MSG_F_FREE,
  RD_KAFKA_MSG_F_PARTITION,
  RD_KAFKA_PARTITION_UA,
  rd_kafka_err2name,
  rd_kafka_flush,
  rd_kafka_produce_batch,
  rd_kafka_topic_destroy,
} from '../../../src/rdkafka.ts';
import { aProducer, type Config, type TestProducer } from '../builders.ts';
import { aTopicHandle, pollReports } from '../sending.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const MANY = 100_000;
const SOME = 1000;
const PARTITIONS = 4;
/** A long one once made librdkafka crash. */
const LONG_ID: Config = { 'client.id': 'c'.repeat(270) };

function messagesOf(count: number, partition: (i: number) => number): ProduceBatchMessage[] {
  return Array.from({ length: count }, (_, i) => {
    return { payload: `message #${i}`, _private: i, partition: partition(i) };
  });
}

/** Produces them by one call that must accept them all, and polls until each has its report. */
function produceAll(
  { rk, reports }: TestProducer,
  topic: string,
  partition: number,
  flags: number,
  messages: readonly ProduceBatchMessage[],
): void {
  const rkt = aTopicHandle(rk, topic);
  const accepted = rd_kafka_produce_batch(rkt, partition, flags, messages);
  expect(messages.filter(({ err }) => err !== 0)).toEqual([]);
  expect(accepted).toBe(messages.length);
  pollReports(rk);
  reports.verify(messages.map(({ _private }) => _private));
  rd_kafka_topic_destroy(rkt);
}

/** The partition of the call counts, not that of the messages. */
export async function toOnePartition(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, PARTITIONS);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap, ...LONG_ID });

  produceAll(
    p,
    topic,
    0,
    RD_KAFKA_MSG_F_FREE,
    messagesOf(MANY, () => 2),
  );

  const astray = p.reports.all.findIndex(({ opaque, partition }, i) => opaque !== i || partition !== 0);
  expect(astray).toBe(-1);
}

export async function byPartitioner(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, PARTITIONS);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap });

  const messages = Array.from({ length: MANY }, (_, i) => ({ payload: `message #${i}`, _private: i }));
  produceAll(p, topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_FREE, messages);
}

/** RD_KAFKA_MSG_F_PARTITION: the partition of each message counts. */
export async function eachToItsOwn(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, PARTITIONS);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap });
  const messages = messagesOf(SOME, () => Math.floor(Math.random() * PARTITIONS));

  produceAll(p, topic, 0, RD_KAFKA_MSG_F_PARTITION | RD_KAFKA_MSG_F_FREE, messages);

  const astray = p.reports.all.filter(({ opaque, partition }) => messages[Number(opaque)]!.partition !== partition);
  expect(astray).toEqual([]);
}

/** Without that flag the partitioner decides, whatever partition the messages name. */
export async function ownPartitionIgnored(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, PARTITIONS);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap, 'sticky.partitioning.linger.ms': 0 });

  produceAll(
    p,
    topic,
    RD_KAFKA_PARTITION_UA,
    RD_KAFKA_MSG_F_FREE,
    messagesOf(SOME, () => 2),
  );

  expect(new Set(p.reports.all.map(({ partition }) => partition)).size).toBe(PARTITIONS);
}

/**
 * A compacted topic refuses each tenth message, since it has no key. In one batch with them the others fail too, by a
 * code that says so; in batches of their own they are stored.
 */
export async function recordsRefused(t: TestContext, { bootstrap }: Env, together: boolean): Promise<void> {
  const topic = await freshTopic(bootstrap, 1, { configs: { 'cleanup.policy': 'compact' } });
  // Together: nothing but the flush sends them.
  const batches: Config = together ? { 'linger.ms': 60_000 } : { 'batch.size': 1 };
  const { rk, reports } = aProducer(t, { 'bootstrap.servers': bootstrap, ...batches });
  const rkt = aTopicHandle(rk, topic);
  const messages: ProduceBatchMessage[] = Array.from({ length: 100 }, (_, i) => {
    const payload = `message #${i}`;
    return { payload, key: i % 10 === 0 ? null : payload, _private: i, partition: 2 };
  });

  const accepted = rd_kafka_produce_batch(rkt, 0, RD_KAFKA_MSG_F_FREE, messages);
  const flushed = rd_kafka_flush(rk, 45_000);

  expect([accepted, flushed]).toEqual([100, 0]);
  const others = together ? '_INVALID_DIFFERENT_RECORD' : 'NO_ERROR';
  const wanted = messages.map((_, i) => (i % 10 === 0 ? 'INVALID_RECORD' : others));
  const byNumber = [...reports.all].sort((a, b) => Number(a.opaque) - Number(b.opaque));
  expect(byNumber.map(({ err }) => rd_kafka_err2name(err))).toEqual(wanted);
  rd_kafka_topic_destroy(rkt);
}
