// 0007: producing to a topic that is not there makes it, where the brokers do that (auto.create.topics.enable).
import { randomUUID } from 'node:crypto';
import type { TestContext } from 'vitest';
import { rd_kafka_topic_destroy } from '../../../src/rdkafka.ts';
import { aProducer } from '../builders.ts';
import { aTopicHandle, pollReports, sendOrThrow } from '../sending.ts';
import type { Env } from './env.ts';

const COUNT = 10;

export function topicMadeByProducing(t: TestContext, { bootstrap }: Env): void {
  const { rk, reports } = aProducer(t, { 'bootstrap.servers': bootstrap });
  const rkt = aTopicHandle(rk, `autotopic-${randomUUID()}`);
  const opaques = Array.from({ length: COUNT }, (_, i) => i);

  for (const opaque of opaques) sendOrThrow(rkt, 0, { value: `message #${opaque}`, opaque });
  pollReports(rk);

  reports.verify(opaques);
  rd_kafka_topic_destroy(rkt);
}
