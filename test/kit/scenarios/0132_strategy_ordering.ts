// 0132: of several strategies that all members have, the first is used.
import type { TestContext } from 'vitest';
import { Member, pollAll } from '../member.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

export async function firstStrategy(t: TestContext, { bootstrap }: Env, strategies: string): Promise<void> {
  const topic = await freshTopic(bootstrap, 4);
  const members = [0, 1].map((i) =>
    new Member(t, {
      'bootstrap.servers': bootstrap,
      'group.id': topic,
      'client.id': `c${i}`,
      'partition.assignment.strategy': strategies,
      'heartbeat.interval.ms': 200,
      'session.timeout.ms': 30_000,
    }).subscribe(topic),
  );

  const range = strategies.startsWith('range');
  const wanted = (
    range
      ? [
          [0, 1],
          [2, 3],
        ]
      : [
          [0, 2],
          [1, 3],
        ]
  ).map((of) => of.map((n) => `${topic} [${n}]`).join());
  pollAll(
    members,
    wanted.join(' and '),
    () =>
      members
        .map(({ assigned }) => assigned.join())
        .sort()
        .join('|') === wanted.sort().join('|'),
  );
}
