// 0005: the messages of one partition are reported in the order in which they were produced.
import { expect, type TestContext } from 'vitest';
import { rd_kafka_topic_destroy } from '../../../src/rdkafka.ts';
import { aProducer } from '../builders.ts';
import { aTopicHandle, pollReports, sendOrThrow } from '../sending.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const COUNT = 50_000;

export async function reportsInOrder(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  const { rk, reports } = aProducer(t, { 'bootstrap.servers': bootstrap });
  const rkt = aTopicHandle(rk, topic);

  for (let i = 0; i < COUNT; i++) sendOrThrow(rkt, 0, { value: `message #${i}`, opaque: i });
  pollReports(rk);

  expect(reports.errors).toEqual([]);
  const astray = reports.all.findIndex(({ opaque }, i) => opaque !== i);
  expect([reports.all.length, astray]).toEqual([COUNT, -1]);
  rd_kafka_topic_destroy(rkt);
}
