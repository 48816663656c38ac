// 0056: two members of a group share its partitions, and each message comes to one of them.
import type { TestContext } from 'vitest';
import { aProducer } from '../builders.ts';
import { aMember, pollAll, settle } from '../member.ts';
import { MsgVer, newTestId } from '../msgver.ts';
import { produceMessages } from '../reports.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const COUNT = 500;

export async function sharedByTwo(t: TestContext, env: Env): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 2);
  const config = { 'bootstrap.servers': env.bootstrap, 'group.id': topic };
  const members = [aMember(t, config).subscribe(topic), aMember(t, config).subscribe(topic)] as const;
  settle(members, 2);
  const p = aProducer(t, { 'bootstrap.servers': env.bootstrap });
  const id = newTestId();
  const ver = new MsgVer(id);
  for (const partition of [0, 1]) {
    produceMessages(p, topic, partition, 0, COUNT, { id });
    ver.expect(partition, 0, COUNT);
  }

  pollAll(members, 'all messages', () => members[0].got.length + members[1].got.length >= 2 * COUNT);

  for (const { got } of members) for (const message of got) ver.add(message);
  ver.verify('both');
}
