// 0051: assign calls one after the other, each with one topic more: every message once; a topic that goes repeats nothing.
import { expect, type TestContext } from 'vitest';
import * as k from '../../../src/rdkafka.ts';
import { aConsumer, aProducer } from '../builders.ts';
import { consumeMessages } from '../consuming.ts';
import { MsgVer, newTestId } from '../msgver.ts';
import { produceMessages } from '../reports.ts';
import { silence } from '../simple.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const COUNT = 300;

export async function assignedMoreAndMore(t: TestContext, env: Env): Promise<void> {
  const p = aProducer(t, { 'bootstrap.servers': env.bootstrap });
  const id = newTestId();
  const topics: string[] = [];
  for (let i = 0; i < 3; i++) {
    topics.push(await freshTopic(env.bootstrap, 1));
    produceMessages(p, topics[i]!, 0, i * COUNT, COUNT, { id, size: 100 });
  }
  const c = aConsumer(t, { 'bootstrap.servers': env.bootstrap });
  const list = topics.map((topic) => ({ topic, partition: 0 }));
  for (let i = 1; i <= 3; i++) expect(k.rd_kafka_assign(c, list.slice(0, i))).toBe(0);
  const ver = new MsgVer(id).expect(0, 0, 3 * COUNT);

  consumeMessages(c, ver, 3 * COUNT);
  expect(k.rd_kafka_assign(c, [list[0]!, list[2]!])).toBe(0);
  silence(c, 1000);

  ver.verify('all three');
}
