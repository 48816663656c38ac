// 0012: a simple consumer reads back exactly what was produced: partition by partition, and all into one queue.
import { expect, type TestContext } from 'vitest';
import * as k from '../../../src/rdkafka.ts';
import { aProducer } from '../builders.ts';
import { MsgVer, newTestId } from '../msgver.ts';
import { produceMessages } from '../reports.ts';
import { aSimpleConsumer, start, takeMessages, topicOf } from '../simple.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const PARTITIONS = 2;
const COUNT = 500;

async function produced(t: TestContext, { bootstrap }: Env): Promise<{ topic: string; id: string }> {
  const topic = await freshTopic(bootstrap, PARTITIONS);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap });
  const id = newTestId();
  for (let partition = 0; partition < PARTITIONS; partition++) produceMessages(p, topic, partition, 0, COUNT, { id });
  return { topic, id };
}

/** By consume_start at the last messages, and consume. */
export async function byPartition(t: TestContext, env: Env): Promise<void> {
  const { topic, id } = await produced(t, env);

  for (let partition = 0; partition < PARTITIONS; partition++) {
    const rk = aSimpleConsumer(t, { 'bootstrap.servers': env.bootstrap });
    const rkt = topicOf(rk, topic);
    const ver = new MsgVer(id).expect(partition, 0, COUNT);
    start(rkt, partition, k.RD_KAFKA_OFFSET_TAIL(COUNT));
    takeMessages(ver, COUNT, () => [k.rd_kafka_consume(rkt, partition, 1000)]);
    expect(k.rd_kafka_consume_stop(rkt, partition)).toBe(0);
    ver.verify(`partition ${partition}`);
    expect(k.rd_kafka_consume(rkt, partition, 0)).toBe(null);
    expect(k.rd_kafka_err2name(k.rd_kafka_last_error())).toBe('_UNKNOWN_PARTITION');
    k.rd_kafka_topic_destroy(rkt);
    k.rd_kafka_destroy(rk);
  }
}

/** By consume_start_queue, and consume_queue. */
export async function byQueue(t: TestContext, env: Env): Promise<void> {
  const { topic, id } = await produced(t, env);
  const rk = aSimpleConsumer(t, { 'bootstrap.servers': env.bootstrap, 'enable.partition.eof': true });
  const rkt = topicOf(rk, topic);
  const queue = k.rd_kafka_queue_new(rk);
  const ver = new MsgVer(id);

  for (let partition = 0; partition < PARTITIONS; partition++) {
    ver.expect(partition, 0, COUNT);
    start(rkt, partition, k.RD_KAFKA_OFFSET_TAIL(COUNT), queue);
  }
  takeMessages(ver, PARTITIONS * COUNT, () => [k.rd_kafka_consume_queue(queue, 1000)]);

  for (let partition = 0; partition < PARTITIONS; partition++) expect(k.rd_kafka_consume_stop(rkt, partition)).toBe(0);
  k.rd_kafka_queue_destroy(queue);
  ver.verify('both partitions');
}
