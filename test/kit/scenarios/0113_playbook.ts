// 0113, u_multiple_subscription_changes: eight members that change their minds in quick succession.
import { expect, type TestContext } from 'vitest';
import {
  out,
  rd_kafka_subscription,
  type rd_kafka_topic_partition_list_t,
  rd_kafka_unsubscribe,
} from '../../../src/rdkafka.ts';
import { aProducer } from '../builders.ts';
import { aCooperative, cooperativeConfig } from '../cooperative.ts';
import { Member, pollAll } from '../member.ts';
import { queueMessages } from '../reports.ts';
import { pollReports } from '../sending.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const MEMBERS = 8;
const PARTITIONS = 16;
const MESSAGES = 30;

/** Who subscribes to the first (1) or the second (2) choice; `|` is a while in which all are polled. */
const PLAYBOOK =
  '0:1 | 1:1 1:1 1:1 2:1 | 3:1 4:1 5:1 6:1 7:2 1:1 1:2 1:1 2:2 | 2:1 1:2 | 0:2 1:1 0:1 | 2:1 1:2 5:2 | 6:2 | 7:1 1:1 5:1 6:1';

/** @param second what the second choice is besides or instead of the first topic. */
export async function manyChanges(
  t: TestContext,
  { bootstrap }: Env,
  callback: boolean,
  second: 'both' | 'other' | 'none',
): Promise<void> {
  const topics = [await freshTopic(bootstrap, PARTITIONS), await freshTopic(bootstrap, PARTITIONS)] as const;
  const p = aProducer(t, { 'bootstrap.servers': bootstrap });
  for (const topic of topics)
    for (let partition = 0; partition < PARTITIONS; partition++) queueMessages(p, topic, partition, 0, MESSAGES);
  pollReports(p.rk);
  const config = cooperativeConfig(bootstrap, topics[0]);
  const members = Array.from({ length: MEMBERS }, () =>
    callback ? aCooperative(t, config).member : new Member(t, config),
  );
  const choices = [[topics[0]], second === 'both' ? [...topics] : second === 'other' ? [topics[1]] : []];
  const wanted: (readonly string[])[] = members.map(() => []);

  for (const command of PLAYBOOK.split(' ')) {
    if (command === '|') serve(members);
    else {
      const [who, choice] = command.split(':').map(Number) as [number, number];
      wanted[who] = choices[choice - 1]!;
      subscribe(members[who]!, wanted[who]!);
    }
  }

  const owners = (topic: string): number => wanted.filter((each) => each.includes(topic)).length;
  const share = (i: number): number => wanted[i]!.reduce((sum, topic) => sum + PARTITIONS / owners(topic), 0);
  pollAll(members, 'each to have its share, and all of it consumed', () => {
    const all = members.flatMap(({ assigned }) => assigned);
    if (new Set(all).size < all.length) return false;
    return members.every((member, i) => member.assigned.length === share(i) && consumed(member));
  });
  for (const [i, member] of members.entries())
    for (const name of member.assigned) expect(wanted[i]).toContain(name.split(' ')[0]);
}

function subscribe(member: Member, topics: readonly string[]): void {
  if (topics.length === 0) expect(rd_kafka_unsubscribe(member.rk)).toBe(0);
  else member.subscribe(...topics);
  const list = out<rd_kafka_topic_partition_list_t>();
  expect(rd_kafka_subscription(member.rk, list)).toBe(0);
  expect(list.value.elems.map(({ topic }) => topic).sort()).toEqual([...topics].sort());
}

function serve(members: readonly Member[]): void {
  for (let round = 0; round < 20; round++) for (const member of members) member.poll(round % 5 === 0 ? 10 : 0);
}

/** Of each partition that it has, it has got all since it was given it: nothing is committed, each starts at 0. */
function consumed(member: Member): boolean {
  const last = new Map<string, number>();
  const broken = new Set<string>();
  for (const { topic, partition, offset } of member.got) {
    const name = `${topic} [${partition}]`;
    if (offset === 0) broken.delete(name);
    else if (last.get(name) !== offset - 1) broken.add(name);
    last.set(name, offset);
  }
  return member.assigned.every((name) => last.get(name) === MESSAGES - 1 && !broken.has(name));
}
