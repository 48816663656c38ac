// 0044: a topic gets more partitions while messages are produced to it: none is lost, and the new ones get their share.
import { expect, type TestContext } from 'vitest';
import {
  out,
  RD_KAFKA_PARTITION_UA,
  rd_kafka_flush,
  rd_kafka_metadata,
  type rd_kafka_metadata_t,
  rd_kafka_topic_destroy,
  type rd_kafka_topic_t,
} from '../../../src/rdkafka.ts';
import { aProducer, type TestProducer } from '../builders.ts';
import { aTopicHandle, pollReports, sendOrThrow } from '../sending.ts';
import { createPartitions, freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const BEFORE = 2;
const AFTER = 4;
const HALF = 50_000;

/** Half of the messages before, half after; the topic grows while the first are on their way. */
export async function grownWhileProducing(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, BEFORE);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap });
  const rkt = aTopicHandle(p.rk, topic, { 'message.timeout.ms': 60_000 });

  const opaques = produceHalf(rkt, 0);
  await createPartitions(bootstrap, topic, AFTER);
  opaques.push(...produceHalf(rkt, HALF));
  pollReports(p.rk);

  p.reports.verify(opaques);
  rd_kafka_topic_destroy(rkt);
}

function produceHalf(rkt: rd_kafka_topic_t, first: number): number[] {
  const opaques = Array.from({ length: HALF }, (_, i) => first + i);
  for (const opaque of opaques)
    sendOrThrow(rkt, RD_KAFKA_PARTITION_UA, { value: `${opaque}`.padEnd(100, '.'), opaque });
  return opaques;
}

/** Once metadata has named them, messages without a key land in all four. */
export async function newPartitionsAreUsed(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, BEFORE);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap, 'sticky.partitioning.linger.ms': 0 });
  const rkt = aTopicHandle(p.rk, topic);
  const before = partitionsHit(p, rkt, 0);

  await createPartitions(bootstrap, topic, AFTER);
  expect(rd_kafka_metadata(p.rk, false, rkt, out<rd_kafka_metadata_t>(), 45_000)).toBe(0);
  const after = partitionsHit(p, rkt, 200);

  expect([before, after]).toEqual([
    [0, 1],
    [0, 1, 2, 3],
  ]);
  rd_kafka_topic_destroy(rkt);
}

/** Where 200 messages land. */
function partitionsHit({ rk, reports }: TestProducer, rkt: rd_kafka_topic_t, first: number): number[] {
  const opaques = Array.from({ length: 200 }, (_, i) => first + i);
  for (const opaque of opaques) sendOrThrow(rkt, RD_KAFKA_PARTITION_UA, { value: 'value', opaque });
  expect(rd_kafka_flush(rk, 45_000)).toBe(0);
  reports.verify(opaques);
  const hit = reports.all.filter(({ opaque }) => Number(opaque) >= first).map(({ partition }) => partition);
  return [...new Set(hit)].sort((a, b) => a - b);
}
