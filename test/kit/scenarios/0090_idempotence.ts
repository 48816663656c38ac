// 0090: batches whose answers are lost are sent again and stored once, within the five that a broker remembers and
// beyond.
import { expect, type TestContext } from 'vitest';
import { rd_kafka_flush } from '../../../src/rdkafka.ts';
import { RD_KAFKAP_Produce } from '../../../src/rdkafka_mock.ts';
import { aProducer } from '../builders.ts';
import { MsgVer } from '../msgver.ts';
import { aProxy } from '../proxy.ts';
import { readTopic } from '../read_topic.ts';
import { queueMessages } from '../reports.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

/** Batches that a broker remembers of a producer. */
export const WINDOW = 5;
const PER_BATCH = 10;

/** Of so many batches the answers behind the first one are lost, `lost` in all, by a connection that breaks each time. */
export async function answersLost(t: TestContext, env: Env, batches: number, lost: number): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  const proxy = await aProxy(t, env.bootstrap);
  const p = aProducer(t, {
    'bootstrap.servers': proxy.bootstrap,
    'enable.idempotence': true,
    'batch.num.messages': PER_BATCH,
    'linger.ms': 500,
    'retry.backoff.ms': 10,
    'reconnect.backoff.ms': 10,
  });
  const count = batches * PER_BATCH;

  proxy.when('down', RD_KAFKAP_Produce, 1, 'cut');
  for (let more = 1; more < lost; more++) proxy.when('down', RD_KAFKAP_Produce, 0, 'cut');
  const { id, opaques } = queueMessages(p, topic, 0, 0, count);
  expect(rd_kafka_flush(p.rk, 45_000)).toBe(0);

  p.reports.verify(opaques);
  const ver = new MsgVer(id).expect(0, 0, count);
  const { records } = await readTopic(env.bootstrap, topic);
  for (const { value, ...record } of records) ver.add({ topic, ...record, payload: value });
  expect(ver.problems()).toEqual([]);
  // The way down was really broken so often: connections of produce requests that were opened again.
  expect(proxy.count('up', RD_KAFKAP_Produce).came).toBeGreaterThanOrEqual(batches + lost);
}
