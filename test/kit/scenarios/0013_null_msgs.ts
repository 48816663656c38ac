// 0013: messages without payload arrive as such, each with its key.
import { expect, type TestContext } from 'vitest';
import {
  rd_kafka_consumer_poll,
  rd_kafka_destroy,
  rd_kafka_err2name,
  type rd_kafka_t,
  rd_kafka_topic_destroy,
} from '../../../src/rdkafka.ts';
import { assignAll } from '../assign.ts';
import { aConsumer, aProducer } from '../builders.ts';
import { pollUntil } from '../consuming.ts';
import { MsgVer, newTestId, payloadOf } from '../msgver.ts';
import { aTopicHandle, pollReports, sendOrThrow } from '../sending.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const COUNT = 1000;

export async function nullPayloads(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  const id = newTestId();
  const { rk, reports } = aProducer(t, { 'bootstrap.servers': bootstrap });
  const rkt = aTopicHandle(rk, topic, { 'request.required.acks': -1 });
  for (let i = 0; i < COUNT; i++) sendOrThrow(rkt, 0, { value: null, key: payloadOf(id, 0, i), opaque: i });
  pollReports(rk);
  reports.verify(Array.from({ length: COUNT }, (_, i) => i));
  rd_kafka_topic_destroy(rkt);
  rd_kafka_destroy(rk);

  const c = aConsumer(t, { 'bootstrap.servers': bootstrap });
  assignAll(c, topic, 1);
  const ver = new MsgVer(id).expect(0, 0, COUNT);
  pollUntil(
    `${COUNT} messages`,
    () => takeKey(c, ver),
    () => ver.count === COUNT,
  );

  ver.verify('the keys');
}

/** Polls once; what proves the message is its key. */
function takeKey(rk: rd_kafka_t, ver: MsgVer): void {
  const message = rd_kafka_consumer_poll(rk, 200);
  if (message === null) return;
  const { topic, partition, offset, key } = message;
  expect(rd_kafka_err2name(message.err)).toBe('NO_ERROR');
  expect([message.payload, message.len]).toEqual([null, 0]);
  ver.add({ topic, partition, offset, payload: key });
}
