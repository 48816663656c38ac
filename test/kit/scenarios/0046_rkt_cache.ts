// 0046: while one use of a topic handle is held, topic_new and topic_destroy may come in pairs as often as one likes.
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_MSG_F_COPY,
  rd_kafka_flush,
  rd_kafka_produce,
  rd_kafka_topic_destroy,
  rd_kafka_topic_name,
  rd_kafka_topic_new,
} from '../../../src/rdkafka.ts';
import { aProducer } from '../builders.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

export async function topicHandleAsCache(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  const { rk, reports } = aProducer(t, { 'bootstrap.servers': bootstrap });
  const held = rd_kafka_topic_new(rk, topic, null)!;

  for (let round = 0; round < 100; round++) {
    const again = rd_kafka_topic_new(rk, topic, null)!;
    expect(again).toBe(held);
    rd_kafka_topic_destroy(again);
  }

  expect(rd_kafka_topic_name(held)).toBe(topic);
  expect(rd_kafka_produce(held, 0, RD_KAFKA_MSG_F_COPY, 'still in use', null, 'one')).toBe(0);
  expect(rd_kafka_flush(rk, 20_000)).toBe(0);
  reports.verify(['one']);
  rd_kafka_topic_destroy(held);
}
