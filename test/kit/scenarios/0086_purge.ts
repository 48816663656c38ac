// 0086: what purge takes, by its flags: what was not sent yet, what is on its way, and nothing else.
import { expect, type TestContext } from 'vitest';
import {
  out,
  RD_KAFKA_PARTITION_UA,
  RD_KAFKA_PURGE_F_INFLIGHT,
  RD_KAFKA_PURGE_F_QUEUE,
  RD_KAFKA_RESP_ERR__PURGE_INFLIGHT,
  RD_KAFKA_RESP_ERR__PURGE_QUEUE,
  RD_KAFKA_RESP_ERR_NO_ERROR,
  rd_kafka_err2name,
  rd_kafka_fatal_error,
  rd_kafka_outq_len,
  rd_kafka_poll,
  rd_kafka_purge,
} from '../../../src/rdkafka.ts';
import { RD_KAFKAP_Produce } from '../../../src/rdkafka_mock.ts';
import { aProducer, type TestProducer } from '../builders.ts';
import { pollUntil } from '../consuming.ts';
import { aProxy, type KafkaProxy } from '../proxy.ts';
import { produceMessages, queueMessages } from '../reports.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const BATCH = 10;
const COUNT = 29;
/** A batch goes when it is full, one request after the other, and not because of its age. */
const BATCHES = { 'batch.num.messages': BATCH, 'max.in.flight': 1, 'linger.ms': 600_000 };

/** Purges, polls once, and gives how many are left. */
function purged({ rk }: TestProducer, flags: number): number {
  const err = rd_kafka_purge(rk, flags);
  expect(rd_kafka_err2name(err)).toBe('NO_ERROR');
  rd_kafka_poll(rk, 0);
  return rd_kafka_outq_len(rk);
}

/** No broker at all: everything is in queues, of partitions and of none. */
export function purgeLocal(t: TestContext): void {
  const p = aProducer(t, BATCHES);
  const opaques: string[] = [];
  for (let i = 0; i < COUNT; i++)
    opaques.push(...queueMessages(p, 'local', i < 20 ? i % 3 : RD_KAFKA_PARTITION_UA, i, 1).opaques);

  const left = [
    purged(p, RD_KAFKA_PURGE_F_INFLIGHT),
    purged(p, RD_KAFKA_PURGE_F_QUEUE),
    purged(p, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT),
  ];

  expect(left).toEqual([COUNT, 0, 0]);
  p.reports.verify(opaques, RD_KAFKA_RESP_ERR__PURGE_QUEUE);
  expect(p.reports.all.length).toBe(COUNT);
}

export interface Remote {
  readonly idempotence: boolean;
  readonly gapless: boolean;
}

export const PURGE_REMOTES: readonly Remote[] = [
  { idempotence: false, gapless: false },
  { idempotence: true, gapless: false },
  { idempotence: true, gapless: true },
];

/** Of three batches one is answered, one on its way, and one waits. */
async function threeBatches(
  t: TestContext,
  { bootstrap }: Env,
  { idempotence, gapless }: Remote,
): Promise<{ p: TestProducer; proxy: KafkaProxy; topic: string; sent: string[]; flying: string[]; queued: string[] }> {
  const topic = await freshTopic(bootstrap, 1);
  const proxy = await aProxy(t, bootstrap);
  const p = aProducer(t, {
    'bootstrap.servers': proxy.bootstrap,
    ...BATCHES,
    'enable.idempotence': idempotence,
    'enable.gapless.guarantee': gapless,
  });
  // The topic is known then: messages that wait for metadata may be divided otherwise.
  const id = produceMessages(p, topic, 0, 0, 1);

  proxy.when('up', RD_KAFKAP_Produce, 1, 'hold');
  const { opaques } = queueMessages(p, topic, 0, 1, COUNT, { id });
  pollUntil(
    'the first batch answered, the second one sent',
    () => rd_kafka_poll(p.rk, 50),
    () => p.reports.all.length >= 1 + BATCH && proxy.count('up', RD_KAFKAP_Produce).came === 3,
  );
  const [sent, flying, queued] = [opaques.slice(0, BATCH), opaques.slice(BATCH, 2 * BATCH), opaques.slice(2 * BATCH)];
  return { p, proxy, topic, sent, flying, queued };
}

export async function purgeRemote(t: TestContext, env: Env, remote: Remote): Promise<void> {
  const { p, sent, flying, queued } = await threeBatches(t, env, remote);

  const left = [
    purged(p, RD_KAFKA_PURGE_F_QUEUE),
    purged(p, RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_QUEUE),
    purged(p, RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_QUEUE),
  ];

  expect(left).toEqual([BATCH, 0, 0]);
  p.reports.verify(sent, RD_KAFKA_RESP_ERR_NO_ERROR);
  p.reports.verify(queued, RD_KAFKA_RESP_ERR__PURGE_QUEUE);
  p.reports.verify(flying, RD_KAFKA_RESP_ERR__PURGE_INFLIGHT);
  expect(p.reports.all.length).toBe(1 + COUNT);
}

/** The answer to what was purged comes late and is nobody's; the producer goes on, and has no fatal error. */
export async function goesOnAfterPurge(t: TestContext, env: Env, remote: Remote): Promise<void> {
  const { p, proxy, topic } = await threeBatches(t, env, remote);

  const left = purged(p, RD_KAFKA_PURGE_F_INFLIGHT | RD_KAFKA_PURGE_F_QUEUE);
  proxy.release();
  produceMessages(p, topic, 0, 0, 1);

  expect(left).toBe(0);
  expect(rd_kafka_err2name(rd_kafka_fatal_error(p.rk, out('')))).toBe('NO_ERROR');
  expect(p.reports.all.length).toBe(2 + COUNT);
}
