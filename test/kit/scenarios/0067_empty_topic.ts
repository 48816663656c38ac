// 0067: an empty topic gives the end of its partition once, and nothing else.
import { expect, type TestContext } from 'vitest';
import * as k from '../../../src/rdkafka.ts';
import { aConsumer } from '../builders.ts';
import { pollUntil } from '../consuming.ts';
import { aSimpleConsumer, start, topicOf } from '../simple.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

function onlyTheEnd(poll: () => k.rd_kafka_message_t | null): void {
  const got: k.rd_kafka_message_t[] = [];
  const take = (): void => {
    const message = poll();
    if (message !== null) got.push(message);
  };
  pollUntil('the end', take, () => got.length > 0);
  for (let i = 0; i < 25; i++) take();
  expect(got.map(({ err, offset }) => [k.rd_kafka_err2name(err), offset])).toEqual([['_PARTITION_EOF', 0]]);
}

export async function simpleConsumer(t: TestContext, env: Env): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  const rk = aSimpleConsumer(t, { 'bootstrap.servers': env.bootstrap, 'enable.partition.eof': true });
  const rkt = topicOf(rk, topic);
  start(rkt, 0, k.RD_KAFKA_OFFSET_BEGINNING);

  onlyTheEnd(() => k.rd_kafka_consume(rkt, 0, 20));

  expect(k.rd_kafka_err2name(k.rd_kafka_last_error())).toBe('_TIMED_OUT');
  expect(k.rd_kafka_consume_stop(rkt, 0)).toBe(0);
}

export async function assigned(t: TestContext, env: Env): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  const c = aConsumer(t, { 'bootstrap.servers': env.bootstrap, 'enable.partition.eof': true });
  expect(k.rd_kafka_assign(c, [{ topic, partition: 0 }])).toBe(0);

  onlyTheEnd(() => k.rd_kafka_consumer_poll(c, 20));
}
