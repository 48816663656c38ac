// 0125: flush does not wait for linger.ms, nor for leaders that the first metadata has named.
import { expect, type TestContext } from 'vitest';
import { rd_kafka_flush, rd_kafka_outq_len, rd_kafka_poll } from '../../../src/rdkafka.ts';
import { RD_KAFKAP_Metadata, rd_kafka_mock_topic_create } from '../../../src/rdkafka_mock.ts';
import { assignAll } from '../assign.ts';
import { aConsumer, aProducer } from '../builders.ts';
import { consumeMessages, pollUntil } from '../consuming.ts';
import { MsgVer, newTestId } from '../msgver.ts';
import { aProxy } from '../proxy.ts';
import { produceMessages, queueMessages } from '../reports.ts';
import { freshTopic } from '../topics.ts';
import type { Env, MockEnv } from './env.ts';

const COUNT = 50;

export async function flushOverridesLinger(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap, 'linger.ms': 600_000 });

  const { id, opaques } = queueMessages(p, topic, 0, 0, COUNT);
  const flushed = rd_kafka_flush(p.rk, 45_000);
  const ver = new MsgVer(id).expect(0, 0, COUNT);
  const c = aConsumer(t, { 'bootstrap.servers': bootstrap });
  assignAll(c, topic, 1);
  consumeMessages(c, ver, COUNT);

  expect(flushed).toBe(0);
  p.reports.verify(opaques);
  ver.verify('flushed');
}

/** Without flush they wait so long. */
export async function lingersWithoutFlush(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  const lingerMs = 1500;
  const p = aProducer(t, { 'bootstrap.servers': bootstrap, 'linger.ms': lingerMs });
  // The topic is known then, as in C.
  produceMessages(p, topic, 0, 0, 1);

  const from = performance.now();
  const { opaques } = queueMessages(p, topic, 0, 1, COUNT);
  pollUntil(
    'all reports',
    () => rd_kafka_poll(p.rk, 1000),
    () => rd_kafka_outq_len(p.rk) === 0,
  );

  expect(performance.now() - from).toBeGreaterThanOrEqual(lingerMs - 1);
  p.reports.verify(opaques);
}

/**
 * Most partitions are led by brokers that the bootstrap list does not name: the first answer names them all, and that is
 * enough. It is held back until the messages wait for it.
 */
export async function firstMetadataIsEnough(t: TestContext, { bootstrap, mock }: MockEnv): Promise<void> {
  const [topic, partitions] = ['immediate', 9];
  expect(rd_kafka_mock_topic_create(mock, topic, partitions, 1)).toBe(0);
  const proxy = await aProxy(t, bootstrap);
  proxy.hold('down');
  const p = aProducer(t, { 'bootstrap.servers': proxy.bootstrap.split(',')[0]! });

  const id = newTestId();
  const opaques: string[] = [];
  for (let partition = 0; partition < partitions; partition++)
    opaques.push(...queueMessages(p, topic, partition, 0, 1, { id }).opaques);
  proxy.release();
  const flushed = rd_kafka_flush(p.rk, 45_000);

  expect(flushed).toBe(0);
  p.reports.verify(opaques);
  expect(proxy.count('up', RD_KAFKAP_Metadata).came).toBe(1);
}
