// 0145: resuming what is not paused repeats nothing.
import { expect, type TestContext } from 'vitest';
import * as k from '../../../src/rdkafka.ts';
import { aConsumer, aProducer } from '../builders.ts';
import { consumeMessages } from '../consuming.ts';
import { MsgVer } from '../msgver.ts';
import { produceMessages } from '../reports.ts';
import { silence } from '../simple.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

export async function resumedForNothing(t: TestContext, env: Env, strategy: string): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  const p = aProducer(t, { 'bootstrap.servers': env.bootstrap });
  const id = produceMessages(p, topic, 0, 0, 100, { size: 1000 });
  const c = aConsumer(t, { 'bootstrap.servers': env.bootstrap, 'partition.assignment.strategy': strategy });
  expect(k.rd_kafka_subscribe(c, [topic])).toBe(0);
  const ver = new MsgVer(id).expect(0, 0, 101);
  consumeMessages(c, ver, 100);

  expect(k.rd_kafka_resume_partitions(c, [{ topic, partition: 0 }])).toBe(0);
  silence(c);
  // And the next one comes.
  produceMessages(p, topic, 0, 100, 1, { id });
  consumeMessages(c, ver, 1);

  ver.verify('all');
}
