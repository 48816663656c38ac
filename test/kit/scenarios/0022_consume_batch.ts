// 0022: batches from one queue that many partitions go to; an unknown topic is told by a message in a batch.
import { expect, type TestContext } from 'vitest';
import * as k from '../../../src/rdkafka.ts';
import { aConsumer, aProducer } from '../builders.ts';
import { pollUntil } from '../consuming.ts';
import { MsgVer, newTestId } from '../msgver.ts';
import { produceMessages } from '../reports.ts';
import { aSimpleConsumer, batchOf, start, takeMessages, topicOf } from '../simple.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const COUNT = 2500;

export async function batches(t: TestContext, env: Env): Promise<void> {
  const p = aProducer(t, { 'bootstrap.servers': env.bootstrap });
  const topics = [await freshTopic(env.bootstrap, 2), await freshTopic(env.bootstrap, 2)];
  const rk = aSimpleConsumer(t, { 'bootstrap.servers': env.bootstrap });
  const queue = k.rd_kafka_queue_new(rk);
  const handles = topics.map((topic) => topicOf(rk, topic));
  const ids = topics.map(() => newTestId());
  for (const [i, topic] of topics.entries())
    for (const partition of [0, 1]) {
      produceMessages(p, topic, partition, 0, COUNT, { id: ids[i]! });
      start(handles[i]!, partition, k.RD_KAFKA_OFFSET_BEGINNING, queue);
    }

  const all: k.rd_kafka_message_t[] = [];
  pollUntil(
    'all messages',
    () => {
      const batch = batchOf(queue, 1000, 1000);
      expect(batch.length).toBeLessThanOrEqual(1000);
      all.push(...batch);
    },
    () => all.length >= 4 * COUNT,
  );

  expect(all.filter(({ err }) => err !== 0)).toEqual([]);
  for (const [i, topic] of topics.entries()) {
    const ver = new MsgVer(ids[i]!).expect(0, 0, COUNT).expect(1, 0, COUNT);
    takeMessages(ver, 2 * COUNT, () => all.filter((message) => message.topic === topic));
    ver.verify(topic);
  }
}

export function unknownTopic(t: TestContext, env: Env): void {
  const c = aConsumer(t, { 'bootstrap.servers': env.bootstrap, 'topic.metadata.propagation.max.ms': 10 });
  const queue = k.rd_kafka_queue_get_consumer(c)!;
  expect(k.rd_kafka_subscribe(c, ['not-there-at-all'])).toBe(0);

  const got: k.rd_kafka_message_t[] = [];
  pollUntil(
    'the error',
    () => void got.push(...batchOf(queue, 500, 100)),
    () => got.length > 0,
  );

  expect(got.map(({ err, topic }) => [k.rd_kafka_err2name(err), topic])).toEqual([
    ['UNKNOWN_TOPIC_OR_PART', 'not-there-at-all'],
  ]);
}
