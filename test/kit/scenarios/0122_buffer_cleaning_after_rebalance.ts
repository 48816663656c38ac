// 0122: what lay fetched of partitions that go to another member, under a batch that waits, is not in that batch.
import { expect, type TestContext } from 'vitest';
import * as k from '../../../src/rdkafka.ts';
import { aConsumer, aProducer } from '../builders.ts';
import { MsgVer, newTestId } from '../msgver.ts';
import { produceMessages } from '../reports.ts';
import { batchOf } from '../simple.ts';
import { freshTopic } from '../topics.ts';
import { until } from '../until.ts';
import type { Env } from './env.ts';

const PARTITIONS = 4;
const COUNT = 100;

export async function batchAcrossRebalance(t: TestContext, env: Env, strategy: string): Promise<void> {
  const topic = await freshTopic(env.bootstrap, PARTITIONS);
  const p = aProducer(t, { 'bootstrap.servers': env.bootstrap });
  const id = newTestId();
  const ver = new MsgVer(id);
  for (let partition = 0; partition < PARTITIONS; partition++) {
    produceMessages(p, topic, partition, 0, COUNT, { id });
    ver.expect(partition, 0, COUNT);
  }
  const config = {
    'bootstrap.servers': env.bootstrap,
    'group.id': topic,
    'enable.auto.commit': false,
    'partition.assignment.strategy': strategy,
  };
  const [c1, c2] = [aConsumer(t, config), aConsumer(t, config)];
  const [q1, q2] = [k.rd_kafka_queue_get_consumer(c1)!, k.rd_kafka_queue_get_consumer(c2)!];
  const lengths = (): string => `${k.rd_kafka_queue_length(q1)} and ${k.rd_kafka_queue_length(q2)}`;
  expect(k.rd_kafka_subscribe(c1, [topic])).toBe(0);
  await until(() => k.rd_kafka_queue_length(q1) === PARTITIONS * COUNT, { what: lengths });

  const waiting = k.rd_kafka_consume_batch_queue_async(q1, 100_000, 500);
  expect(k.rd_kafka_subscribe(c2, [topic])).toBe(0);
  const half = (PARTITIONS * COUNT) / 2;
  await until(() => k.rd_kafka_queue_length(q1) === half && k.rd_kafka_queue_length(q2) === half, { what: lengths });
  k.rd_kafka_queue_yield(q1);

  const got = [await waiting, batchOf(q2, 0, 500)];
  expect(got.map((batch) => batch.length)).toEqual([half, half]);
  for (const message of got.flat()) ver.add(message);
  ver.verify('both');
}
