// 0137: a batch that waits obeys what is sought, paused and resumed meanwhile; what it stores and where it ends.
import { expect, type TestContext } from 'vitest';
import * as k from '../../../src/rdkafka.ts';
import { aConsumer, aProducer } from '../builders.ts';
import { MsgVer, newTestId } from '../msgver.ts';
import { produceMessages } from '../reports.ts';
import { batchOf } from '../simple.ts';
import { freshTopic } from '../topics.ts';
import { until } from '../until.ts';
import type { Env } from './env.ts';

interface Scene {
  readonly c: k.rd_kafka_t;
  readonly queue: k.rd_kafka_queue_t;
  readonly topic: string;
  readonly id: string;
  /** As many wait in the queue. */
  holds(count: number): Promise<unknown>;
}

/** A member with two partitions of four messages each, all of which wait in its queue. */
async function scene(t: TestContext, env: Env): Promise<Scene> {
  const topic = await freshTopic(env.bootstrap, 2);
  const p = aProducer(t, { 'bootstrap.servers': env.bootstrap });
  const id = newTestId();
  for (const partition of [0, 1]) produceMessages(p, topic, partition, 0, 4, { id });
  const c = aConsumer(t, { 'bootstrap.servers': env.bootstrap, 'enable.auto.commit': false });
  const queue = k.rd_kafka_queue_get_consumer(c)!;
  expect(k.rd_kafka_subscribe(c, [topic])).toBe(0);
  const holds = (count: number) =>
    until(() => k.rd_kafka_queue_length(queue) === count, {
      what: () => `${k.rd_kafka_queue_length(queue)} in the queue`,
    });
  await holds(8);
  return { c, queue, topic, id, holds };
}

function verify(ver: MsgVer, batch: readonly k.rd_kafka_message_t[], what: string): void {
  expect(batch.filter(({ err }) => err !== 0)).toEqual([]);
  for (const message of batch) ver.add(message);
  ver.verify(what);
}

export async function soughtMeanwhile(t: TestContext, env: Env): Promise<void> {
  const { c, queue, topic, id, holds } = await scene(t, env);
  const waiting = k.rd_kafka_consume_batch_queue_async(queue, 100_000, 10);

  expect(k.rd_kafka_seek_partitions(c, [{ topic, partition: 0, offset: 1 }], 15_000)).toBe(null);
  await holds(7);
  k.rd_kafka_queue_yield(queue);

  verify(new MsgVer(id).expect(0, 1, 3).expect(1, 0, 4), await waiting, 'the batch');
}

export async function pausedForTheNext(t: TestContext, env: Env): Promise<void> {
  const { c, queue, topic, id, holds } = await scene(t, env);
  const waiting = k.rd_kafka_consume_batch_queue_async(queue, 100_000, 10);

  expect(k.rd_kafka_pause_partitions(c, [{ topic, partition: 0 }])).toBe(0);
  await holds(4);
  k.rd_kafka_queue_yield(queue);
  verify(new MsgVer(id).expect(1, 0, 4), await waiting, 'the first batch');
  expect(k.rd_kafka_resume_partitions(c, [{ topic, partition: 0 }])).toBe(0);

  verify(new MsgVer(id).expect(0, 0, 4), batchOf(queue, 0, 10), 'the second batch');
}

export async function pausedAndResumedMeanwhile(t: TestContext, env: Env): Promise<void> {
  const { c, queue, topic, id, holds } = await scene(t, env);
  const waiting = k.rd_kafka_consume_batch_queue_async(queue, 100_000, 10);

  expect(k.rd_kafka_pause_partitions(c, [{ topic, partition: 0 }])).toBe(0);
  await holds(4);
  expect(k.rd_kafka_resume_partitions(c, [{ topic, partition: 0 }])).toBe(0);
  await holds(8);
  k.rd_kafka_queue_yield(queue);

  verify(new MsgVer(id).expect(0, 0, 4).expect(1, 0, 4), await waiting, 'the batch');
}

/** What a batch gave is stored, and nothing more: the next member goes on behind it. */
export async function storedByBatch(t: TestContext, env: Env): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  const id = produceMessages(aProducer(t, { 'bootstrap.servers': env.bootstrap }), topic, 0, 0, 8);
  const config = { 'bootstrap.servers': env.bootstrap, 'group.id': topic, 'enable.auto.commit': false };

  for (const first of [0, 4]) {
    const c = aConsumer(t, config);
    const queue = k.rd_kafka_queue_get_consumer(c)!;
    expect(k.rd_kafka_subscribe(c, [topic])).toBe(0);
    const batch = batchOf(queue, 45_000, 4);
    expect(k.rd_kafka_commit(c, null, 0)).toBe(0);
    expect(k.rd_kafka_consumer_close(c)).toBe(0);
    verify(new MsgVer(id).expect(0, first, 4), batch, `from ${first}`);
  }
}

/** Behind the end of the partition the position is where the end was, not beyond it. */
export async function positionAtTheEnd(t: TestContext, env: Env): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  produceMessages(aProducer(t, { 'bootstrap.servers': env.bootstrap }), topic, 0, 0, 5);
  const c = aConsumer(t, { 'bootstrap.servers': env.bootstrap, 'enable.partition.eof': true });
  const queue = k.rd_kafka_queue_get_consumer(c)!;
  expect(k.rd_kafka_subscribe(c, [topic])).toBe(0);

  const batch = batchOf(queue, 45_000, 6);
  const position = [{ topic, partition: 0, offset: 0 }];
  expect(k.rd_kafka_position(c, position)).toBe(0);

  expect(batch.map(({ err, offset }) => [k.rd_kafka_err2name(err), offset]).slice(-2)).toEqual([
    ['NO_ERROR', 4],
    ['_PARTITION_EOF', 5],
  ]);
  expect(position[0]!.offset).toBe(5);
}
