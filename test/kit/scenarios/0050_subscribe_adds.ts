// 0050: a subscription that grows in quick steps, then loses a topic: all messages, none twice.
import type { TestContext } from 'vitest';
import { expect } from 'vitest';
import { rd_kafka_consumer_close, rd_kafka_unsubscribe } from '../../../src/rdkafka.ts';
import { aProducer } from '../builders.ts';
import { Member, pollAll } from '../member.ts';
import { MsgVer, newTestId } from '../msgver.ts';
import { produceMessages, queueMessages } from '../reports.ts';
import { pollReports } from '../sending.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const COUNT = 3000;

export async function growingSubscription(t: TestContext, { bootstrap }: Env, strategy: string): Promise<void> {
  const topics = [await freshTopic(bootstrap, 1), await freshTopic(bootstrap, 1), await freshTopic(bootstrap, 1)];
  const id = newTestId();
  const p = aProducer(t, { 'bootstrap.servers': bootstrap });
  for (const [i, topic] of topics.entries()) queueMessages(p, topic, 0, i * COUNT, COUNT, { id });
  pollReports(p.rk);
  const member = new Member(t, {
    'bootstrap.servers': bootstrap,
    'group.id': topics[0]!,
    'auto.offset.reset': 'earliest',
    'partition.assignment.strategy': strategy,
    'heartbeat.interval.ms': 200,
  });

  for (const count of [1, 2, 3]) member.subscribe(...topics.slice(0, count));
  pollAll([member], 'all messages', () => member.got.length >= 3 * COUNT);
  member.subscribe(topics[0]!, topics[2]!);
  pollAll([member], 'two topics', () => member.assigned.length === 2);
  // Whatever would come again comes before the end of these.
  for (const topic of [topics[0]!, topics[2]!]) {
    const q = aProducer(t, { 'bootstrap.servers': bootstrap });
    produceMessages(q, topic, 0, 0, 1);
  }
  pollAll([member], 'two more messages', () => member.got.length >= 3 * COUNT + 2);

  const ver = new MsgVer(id);
  for (const message of member.got) ver.add(message);
  expect(member.got.length).toBe(3 * COUNT + 2);
  expect(ver.count).toBe(3 * COUNT);
  expect(new Set(ver.seen.map(({ seq }) => seq)).size).toBe(3 * COUNT);
  expect(rd_kafka_unsubscribe(member.rk)).toBe(0);
  expect(rd_kafka_consumer_close(member.rk)).toBe(0);
}
