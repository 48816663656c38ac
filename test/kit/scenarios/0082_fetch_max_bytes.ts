// 0082: fetch.max.bytes below what a partition may bring, and receive.message.max.bytes just above it.
import type { TestContext } from 'vitest';
import { rd_kafka_destroy, rd_kafka_subscribe } from '../../../src/rdkafka.ts';
import { aConsumer, aProducer } from '../builders.ts';
import { consumeMessages } from '../consuming.ts';
import { MsgVer } from '../msgver.ts';
import { produceMessages } from '../reports.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const PARTITIONS = 3;
const SIZE = 900 * 1024;

/** `count` messages of just below the limit in each of three partitions. */
export async function fetchMaxBytes(t: TestContext, { bootstrap }: Env, count: number): Promise<void> {
  const topic = await freshTopic(bootstrap, PARTITIONS);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap });
  const id = produceMessages(p, topic, 0, 0, count, { size: SIZE });
  for (let partition = 1; partition < PARTITIONS; partition++)
    produceMessages(p, topic, partition, 0, count, { size: SIZE, id });
  rd_kafka_destroy(p.rk);
  const c = aConsumer(t, {
    'bootstrap.servers': bootstrap,
    'group.id': topic,
    'auto.offset.reset': 'earliest',
    'max.partition.fetch.bytes': 20_000_000,
    'fetch.max.bytes': 1_000_000,
    'receive.message.max.bytes': 1_000_512,
  });
  const ver = new MsgVer(id);
  for (let partition = 0; partition < PARTITIONS; partition++) ver.expect(partition, 0, count);

  rd_kafka_subscribe(c, [topic]);
  consumeMessages(c, ver, PARTITIONS * count);

  ver.verify('messages below fetch.max.bytes');
}
