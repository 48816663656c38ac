// 0088: messages produced while no broker can be reached, for longer than metadata is valid, are delivered when one can.
import { expect, type TestContext } from 'vitest';
import { RD_KAFKA_PARTITION_UA, rd_kafka_flush, rd_kafka_poll } from '../../../src/rdkafka.ts';
import { RD_KAFKAP_Metadata } from '../../../src/rdkafka_mock.ts';
import { aProducer } from '../builders.ts';
import { pollUntil } from '../consuming.ts';
import { readPayload } from '../msgver.ts';
import { aProxy } from '../proxy.ts';
import { readTopic } from '../read_topic.ts';
import { queueMessages } from '../reports.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const AGE_MS = 1000;
const COUNT = 20;

export async function outlivesMetadata(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  const proxy = await aProxy(t, bootstrap);
  const p = aProducer(t, {
    'bootstrap.servers': proxy.bootstrap,
    'metadata.max.age.ms': AGE_MS,
    'topic.metadata.refresh.interval.ms': -1,
    'linger.ms': 5000,
    'batch.num.messages': 5,
  });
  const poll = (): unknown => rd_kafka_poll(p.rk, 100);
  const tried = (): number => proxy.count('up', RD_KAFKAP_Metadata).accepted;

  const { id, opaques } = queueMessages(p, topic, RD_KAFKA_PARTITION_UA, 0, COUNT);
  pollUntil('the first batch', poll, () => p.reports.all.length >= 5);
  proxy.refuse();
  const [before, from] = [tried(), performance.now()];
  pollUntil('metadata too old, and none to be had', poll, () => {
    return performance.now() - from > 3 * AGE_MS && tried() > before;
  });
  opaques.push(...queueMessages(p, topic, RD_KAFKA_PARTITION_UA, COUNT, COUNT, { id }).opaques);
  const early = p.reports.all.length;
  proxy.accept();
  pollUntil('a message of those that waited', poll, () => p.reports.all.length > early);
  opaques.push(...queueMessages(p, topic, RD_KAFKA_PARTITION_UA, 2 * COUNT, COUNT, { id }).opaques);
  const flushed = rd_kafka_flush(p.rk, 45_000);

  expect(flushed).toBe(0);
  p.reports.verify(opaques);
  // What was cut off while it was sent may be there twice: no idempotence.
  const { records } = await readTopic(bootstrap, topic);
  const stored = new Set(records.map(({ value }) => readPayload(value)!.seq));
  expect(stored.size).toBe(3 * COUNT);
}
