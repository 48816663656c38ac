// 0069: a topic gets more partitions while one of two members closes: the other ends up with all, and consumes them.
import { expect, type TestContext } from 'vitest';
import * as k from '../../../src/rdkafka.ts';
import { aProducer } from '../builders.ts';
import { aMember, pollAll, settle } from '../member.ts';
import { MsgVer, newTestId } from '../msgver.ts';
import { produceMessages } from '../reports.ts';
import { createPartitions, freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

export async function grownWhileClosing(t: TestContext, env: Env): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 2);
  const config = {
    'bootstrap.servers': env.bootstrap,
    'group.id': topic,
    'topic.metadata.refresh.interval.ms': 500,
    'session.timeout.ms': 6000,
  };
  const [first, second] = [aMember(t, config).subscribe(topic), aMember(t, config).subscribe(topic)];
  settle([first, second], 2);

  await createPartitions(env.bootstrap, topic, 4);
  expect(k.rd_kafka_consumer_close(first.rk)).toBe(0);
  pollAll([second], 'all four partitions', () => second.assigned.length === 4);
  const p = aProducer(t, { 'bootstrap.servers': env.bootstrap });
  const id = newTestId();
  const ver = new MsgVer(id);
  for (let partition = 0; partition < 4; partition++) {
    produceMessages(p, topic, partition, 0, 10, { id });
    ver.expect(partition, 0, 10);
  }
  pollAll([second], 'their messages', () => second.got.length >= 40);

  for (const message of second.got) ver.add(message);
  ver.verify('all four');
}
