// 0008: with each number of acks all messages are reported in order, with what is known of them then.
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_MSG_STATUS_PERSISTED,
  RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED,
  rd_kafka_topic_destroy,
} from '../../../src/rdkafka.ts';
import { aProducer } from '../builders.ts';
import { aTopicHandle, pollReports, sendOrThrow } from '../sending.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const COUNT = 100;

/** `acks` as property of the topic, by its old name. */
export async function requiredAcks(t: TestContext, { bootstrap, mock }: Env, acks: -1 | 0 | 1): Promise<void> {
  // The mock clusters of this scenario have three brokers.
  const topic = await freshTopic(bootstrap, 1, { replication: mock === undefined ? 1 : 3 });
  const { rk, reports } = aProducer(t, { 'bootstrap.servers': bootstrap, 'enable.idempotence': false });
  const rkt = aTopicHandle(rk, topic, { 'request.required.acks': acks });

  for (let i = 0; i < COUNT; i++) sendOrThrow(rkt, 0, { value: `message #${i} (acks=${acks})`, opaque: i });
  pollReports(rk);

  expect(reports.errors).toEqual([]);
  expect(reports.all.map(({ opaque }) => opaque)).toEqual(Array.from({ length: COUNT }, (_, i) => i));
  const status = acks === 0 ? RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED : RD_KAFKA_MSG_STATUS_PERSISTED;
  expect([...new Set(reports.all.map((report) => report.status))]).toEqual([status]);
  // Without an answer nobody knows them.
  const unknown = reports.all.filter(({ offset }) => offset < 0).length;
  expect(unknown).toBe(acks === 0 ? COUNT : 0);
  rd_kafka_topic_destroy(rkt);
}
