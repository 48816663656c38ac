// 0020: destroy does not hang: after asking for offsets of a partition that is not there, and of a producer with a group.
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_OFFSET_INVALID,
  rd_kafka_committed,
  rd_kafka_consumer_close,
  rd_kafka_destroy,
  rd_kafka_subscribe,
  rd_kafka_topic_partition_list_add,
  rd_kafka_topic_partition_list_new,
} from '../../../src/rdkafka.ts';
import { aConsumer, aProducer } from '../builders.ts';
import { consumeMessages } from '../consuming.ts';
import { MsgVer } from '../msgver.ts';
import { produceMessages } from '../reports.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const COUNT = 100;
const ROUNDS = 3;

export async function committedOfMissingPartition(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  const servers = { 'bootstrap.servers': bootstrap };
  const id = produceMessages(aProducer(t, servers), topic, -1, 0, COUNT);

  for (let round = 0; round < ROUNDS; round++) {
    const group = { ...servers, 'group.id': `0020-${crypto.randomUUID()}` };
    const ver = new MsgVer(id).expect(-1, 0, COUNT);
    const first = aConsumer(t, group);
    expect(rd_kafka_subscribe(first, [topic])).toBe(0);
    consumeMessages(first, ver, COUNT);
    expect(rd_kafka_consumer_close(first)).toBe(0);
    rd_kafka_destroy(first);
    ver.verify(`round ${round}`);

    const second = aConsumer(t, group);
    const parts = rd_kafka_topic_partition_list_new(2);
    const existing = rd_kafka_topic_partition_list_add(parts, topic, 0);
    const missing = rd_kafka_topic_partition_list_add(parts, topic, 123);
    expect(rd_kafka_committed(second, parts, 15_000)).toBe(0);
    expect([existing.offset, existing.err, missing.offset]).toEqual([COUNT, 0, RD_KAFKA_OFFSET_INVALID]);
    expect(rd_kafka_consumer_close(second)).toBe(0);
    rd_kafka_destroy(second);
  }
}

export async function producerWithGroupId(t: TestContext, { bootstrap }: Env): Promise<void> {
  const { rk } = aProducer(t, { 'bootstrap.servers': bootstrap, 'group.id': 'dummy' });

  rd_kafka_destroy(rk);
}
