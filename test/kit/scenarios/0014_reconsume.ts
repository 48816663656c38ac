// 0014: one partition that is started and stopped again and again begins each time where it is told to.
import { expect, type TestContext } from 'vitest';
import * as k from '../../../src/rdkafka.ts';
import { aProducer } from '../builders.ts';
import { MsgVer } from '../msgver.ts';
import { produceMessages } from '../reports.ts';
import { aSimpleConsumer, start, takeMessages, topicOf } from '../simple.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const COUNT = 1000;

export async function startedAgain(t: TestContext, env: Env): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  const id = produceMessages(aProducer(t, { 'bootstrap.servers': env.bootstrap }), topic, 0, 0, COUNT);
  const rkt = topicOf(aSimpleConsumer(t, { 'bootstrap.servers': env.bootstrap }), topic);

  for (const [offset, first] of [
    [k.RD_KAFKA_OFFSET_BEGINNING, 0],
    [k.RD_KAFKA_OFFSET_TAIL(200), COUNT - 200],
    [COUNT / 2, COUNT / 2],
    [0, 0],
  ] as const) {
    const ver = new MsgVer(id).expect(0, first, 100);
    start(rkt, 0, offset);
    takeMessages(ver, 100, () => [k.rd_kafka_consume(rkt, 0, 1000)]);
    expect(k.rd_kafka_consume_stop(rkt, 0)).toBe(0);
    ver.verify(`from ${offset}`);
  }
}

/** A start of what is started takes it elsewhere. */
export async function startedTwice(t: TestContext, env: Env): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  const id = produceMessages(aProducer(t, { 'bootstrap.servers': env.bootstrap }), topic, 0, 0, COUNT);
  const rkt = topicOf(aSimpleConsumer(t, { 'bootstrap.servers': env.bootstrap }), topic);
  const take = () => [k.rd_kafka_consume(rkt, 0, 1000)];
  start(rkt, 0, 0);
  takeMessages(new MsgVer(id).expect(0, 0, 10), 10, take);

  start(rkt, 0, COUNT / 2);
  const ver = new MsgVer(id).expect(0, COUNT / 2, COUNT / 2);
  takeMessages(ver, COUNT / 2, take);

  ver.verify('after the second start');
}
