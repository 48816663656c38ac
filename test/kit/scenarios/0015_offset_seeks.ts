// 0015: seek moves the position at once and for all, of a simple consumer and of one that assigns.
import { expect, type TestContext } from 'vitest';
import * as k from '../../../src/rdkafka.ts';
import { aConsumer, aProducer } from '../builders.ts';
import { consumeMessages } from '../consuming.ts';
import { MsgVer, newTestId } from '../msgver.ts';
import { produceMessages } from '../reports.ts';
import { aSimpleConsumer, silence, start, takeMessages, topicOf } from '../simple.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const COUNT = 1000;

async function produced(
  t: TestContext,
  { bootstrap }: Env,
  partitions: number,
): Promise<{ topic: string; id: string }> {
  const topic = await freshTopic(bootstrap, partitions);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap });
  const id = newTestId();
  for (let partition = 0; partition < partitions; partition++) produceMessages(p, topic, partition, 0, COUNT, { id });
  return { topic, id };
}

/** Back and forth over the whole range. */
export async function dance(t: TestContext, env: Env): Promise<void> {
  const { topic, id } = await produced(t, env, 1);
  const rkt = topicOf(aSimpleConsumer(t, { 'bootstrap.servers': env.bootstrap }), topic);
  const take = () => [k.rd_kafka_consume(rkt, 0, 1000)];
  start(rkt, 0, k.RD_KAFKA_OFFSET_BEGINNING);
  const all = new MsgVer(id).expect(0, 0, COUNT);
  takeMessages(all, COUNT, take);
  all.verify('all');

  for (const offset of [500, 0, 990, 333, 334, 333, 17, 980, 1, 0]) {
    expect(k.rd_kafka_seek(rkt, 0, offset, 15_000)).toBe(0);
    const ver = new MsgVer(id).expect(0, offset, 10);
    takeMessages(ver, 10, take);
    ver.verify(`from ${offset}`);
  }

  expect(k.rd_kafka_consume_stop(rkt, 0)).toBe(0);
}

/** From the end, where nothing is, to the beginning of three partitions in one call. */
export async function seekPartitions(t: TestContext, env: Env, timeoutMs: number): Promise<void> {
  const { topic, id } = await produced(t, env, 3);
  const c = aConsumer(t, { 'bootstrap.servers': env.bootstrap, 'enable.partition.eof': true });
  const list = [0, 1, 2].map((partition) => ({ topic, partition, offset: k.RD_KAFKA_OFFSET_END, err: 0 }));
  expect(k.rd_kafka_assign(c, list)).toBe(0);
  silence(c);

  for (const [i, each] of list.entries()) {
    each.offset = i === 0 ? k.RD_KAFKA_OFFSET_BEGINNING : 0;
    each.err = k.RD_KAFKA_RESP_ERR__BAD_MSG;
  }
  expect(k.rd_kafka_seek_partitions(c, list, timeoutMs)).toBe(null);
  expect(list.map(({ err }) => err)).toEqual([0, 0, 0]);

  const ver = new MsgVer(id).expect(0, 0, COUNT).expect(1, 0, COUNT).expect(2, 0, COUNT);
  consumeMessages(c, ver, 3 * COUNT);
  ver.verify('all');
}
