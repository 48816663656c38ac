// 0112: a partition that is assigned before anybody here has heard of it is consumed.
import { expect, type TestContext } from 'vitest';
import * as k from '../../../src/rdkafka.ts';
import { aConsumer, aProducer } from '../builders.ts';
import { consumeMessages } from '../consuming.ts';
import { MsgVer, newTestId } from '../msgver.ts';
import { produceMessages } from '../reports.ts';
import { createPartitions, freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

export async function assignedBeforeKnown(t: TestContext, env: Env): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  const id = newTestId();
  const one = (partition: number): void =>
    void produceMessages(aProducer(t, { 'bootstrap.servers': env.bootstrap }), topic, partition, 0, 1, { id });
  const c = aConsumer(t, { 'bootstrap.servers': env.bootstrap });
  const list = [{ topic, partition: 0, offset: k.RD_KAFKA_OFFSET_BEGINNING }];
  one(0);
  expect(k.rd_kafka_assign(c, list)).toBe(0);
  consumeMessages(c, new MsgVer(id).expect(0, 0, 1), 1);

  await createPartitions(env.bootstrap, topic, 2);
  one(1);
  expect(k.rd_kafka_assign(c, [...list, { topic, partition: 1, offset: k.RD_KAFKA_OFFSET_BEGINNING }])).toBe(0);
  const ver = new MsgVer(id).expect(0, 0, 1).expect(1, 0, 1);
  // That there was no such partition, as far as metadata knew, may be told first.
  consumeMessages(c, ver, 2, { tolerate: [k.RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION] });

  ver.verify('both');
}
