// 0120: members of one group that do not want the same topics.
import { expect, type TestContext } from 'vitest';
import { rd_kafka_consumer_close } from '../../../src/rdkafka.ts';
import { Member, pollAll } from '../member.ts';
import { createTopic } from '../topics.ts';
import type { Env } from './env.ts';

const PARTITIONS = 4;

export async function asymmetric(t: TestContext, { bootstrap }: Env, strategy: string): Promise<void> {
  const group = `${strategy}-${Math.random().toString(36).slice(2)}`;
  const [t1, t2, t3, t4] = ['t1', 't2', 't3', 't4'].map((name) => `${group}-${name}`) as [
    string,
    string,
    string,
    string,
  ];
  for (const topic of [t1, t2, t3, t4]) await createTopic(bootstrap, topic, PARTITIONS);
  const subscriptions = [[t1, t2], [t2, t3], [t4]];
  const members = subscriptions.map((topics, i) =>
    new Member(t, {
      'bootstrap.servers': bootstrap,
      'group.id': group,
      'client.id': `c${i}`,
      'partition.assignment.strategy': strategy,
      'heartbeat.interval.ms': 200,
      'session.timeout.ms': 30_000,
    }).subscribe(...topics),
  );

  const of = (member: Member, topic: string): number =>
    member.assigned.filter((name) => name.startsWith(`${topic} `)).length;
  const counts = (): number[][] => members.map((member) => [t1, t2, t3, t4].map((topic) => of(member, topic)));
  const wanted = [
    [PARTITIONS, PARTITIONS / 2, 0, 0],
    [0, PARTITIONS / 2, PARTITIONS, 0],
    [0, 0, 0, PARTITIONS],
  ];
  pollAll(members, 'fair shares', () => JSON.stringify(counts()) === JSON.stringify(wanted));

  // One of them is closed by its destroy alone.
  if (strategy !== 'range') for (const i of [0, 2]) expect(rd_kafka_consumer_close(members[i]!.rk)).toBe(0);
}
