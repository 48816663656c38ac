// 0042: one client produces to many topics, and consumes them: by a group, by assigning, by starting each.
import { expect, type TestContext } from 'vitest';
import * as k from '../../../src/rdkafka.ts';
import { aConsumer, aProducer } from '../builders.ts';
import { consumeMessages } from '../consuming.ts';
import { MsgVer, newTestId } from '../msgver.ts';
import { produceMessages } from '../reports.ts';
import { aSimpleConsumer, start, takeMessages, topicOf } from '../simple.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const TOPICS = 20;
const COUNT = 50;

async function produced(t: TestContext, { bootstrap }: Env): Promise<{ topics: string[]; id: string }> {
  const topics: string[] = [];
  const p = aProducer(t, { 'bootstrap.servers': bootstrap });
  const id = newTestId();
  for (let i = 0; i < TOPICS; i++) {
    const topic = await freshTopic(bootstrap, 1);
    topics.push(topic);
    produceMessages(p, topic, 0, i * COUNT, COUNT, { id });
  }
  return { topics, id };
}

export async function consumeMany(t: TestContext, env: Env, how: 'subscribe' | 'assign' | 'start'): Promise<void> {
  const { topics, id } = await produced(t, env);
  const ver = new MsgVer(id).expect(0, 0, TOPICS * COUNT);
  if (how === 'start') {
    const rk = aSimpleConsumer(t, { 'bootstrap.servers': env.bootstrap });
    for (const topic of topics) {
      const rkt = topicOf(rk, topic);
      start(rkt, 0, k.RD_KAFKA_OFFSET_TAIL(COUNT));
      takeMessages(ver, COUNT, () => [k.rd_kafka_consume(rkt, 0, 1000)]);
      expect(k.rd_kafka_consume_stop(rkt, 0)).toBe(0);
    }
  } else {
    const c = aConsumer(t, { 'bootstrap.servers': env.bootstrap });
    const list = topics.map((topic) => ({ topic, partition: 0, offset: k.RD_KAFKA_OFFSET_TAIL(COUNT) }));
    expect(how === 'assign' ? k.rd_kafka_assign(c, list) : k.rd_kafka_subscribe(c, topics)).toBe(0);
    consumeMessages(c, ver, TOPICS * COUNT);
  }

  ver.verify(how);
}
