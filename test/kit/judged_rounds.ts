// Rounds of groups as Kafka's own assignors saw and split them (scripts/vectors/Assignors.java), and ours beside them.
// @thread any
import type { AssignedRound } from '../../scripts/vectors/kafka.mjs';
import type { Assignments, AssignorTopic, GroupMember } from '../../src/main/group/assignors/assignor.ts';
import { assignorsOf } from '../../src/main/group/assignors/registry.ts';
import { decodeSubscription } from '../../src/main/group/protocol.ts';

export const NAMES = ['range', 'roundrobin', 'cooperative-sticky'] as const;

export interface Verdict {
  readonly name: (typeof NAMES)[number];
  /**
   * `wrong`: it failed, or gave a member what it is not subscribed to; its cooperative-sticky may count members that want
   * nothing among those that want the same.
   */
  readonly kafka: 'right' | 'wrong';
  readonly expected: readonly string[] | null;
  readonly actual: readonly string[];
  readonly what: string;
}

export function membersOf(round: AssignedRound): GroupMember[] {
  return round.members.map(({ id, instance, metadata }) =>
    decodeSubscription(id, instance, Buffer.from(metadata, 'base64')),
  );
}

export function topicsOf(round: AssignedRound): AssignorTopic[] {
  return round.topics.map(({ topic, racks }) => ({
    topic,
    partitions: racks.length,
    racks: racks.map((letters) => [...letters]),
  }));
}

/** As Assignors.java writes it: "t1:0,2 t3:1". */
export function textOf(assignments: Assignments, memberId: string): string {
  return assignments
    .get(memberId)!
    .map(({ topic, partitions }) => `${topic}:${partitions.join(',')}`)
    .join(' ');
}

function mistaken(name: string, members: readonly GroupMember[], result: readonly string[] | null): boolean {
  const idle = members.filter(({ topics }) => topics.length === 0).length;
  if (name === 'cooperative-sticky' && idle > 0 && idle < members.length) return true;
  return result === null || strangers(members, result);
}

function strangers(members: readonly GroupMember[], result: readonly string[]): boolean {
  return members.some(({ topics }, i) => {
    const got = result[i]!.split(' ').filter((word) => word !== '');
    return got.some((word) => !topics.includes(word.slice(0, word.indexOf(':'))));
  });
}

/** All three assignors on one round. */
export function verdictsOn(round: AssignedRound): Verdict[] {
  const members = membersOf(round);
  const topics = topicsOf(round);
  return NAMES.map((name) => {
    const assignments = assignorsOf(name)[0]!.assign(members, topics);
    const expected = round[name];
    return {
      name,
      kafka: mistaken(name, members, expected) ? 'wrong' : 'right',
      expected,
      actual: members.map(({ memberId }) => textOf(assignments, memberId)),
      what: `${name}, group ${round.group}, round ${round.round}`,
    };
  });
}

/** What any assignment must be: each partition at most once, with a subscriber, and given if nobody else claims it. */
export function faultsOf(round: AssignedRound, { actual }: Verdict): string[] {
  const members = membersOf(round);
  const owners = new Map<string, number>();
  const faults: string[] = [];
  for (const [i, text] of actual.entries()) {
    for (const [topic, numbers] of text.split(' ').map((word) => word.split(':'))) {
      for (const partition of numbers?.split(',') ?? []) {
        const key = `${topic}:${partition}`;
        if (owners.has(key)) faults.push(`${key} is given twice`);
        if (!members[i]!.topics.includes(topic!)) faults.push(`${key} goes to a stranger`);
        owners.set(key, i);
      }
    }
  }
  const claimed = new Set(
    members.flatMap(({ owned }) => owned.flatMap(({ topic, partitions }) => partitions.map((n) => `${topic}:${n}`))),
  );
  for (const { topic, partitions } of topicsOf(round)) {
    if (!members.some((member) => member.topics.includes(topic))) continue;
    for (let i = 0; i < partitions; i++)
      if (!owners.has(`${topic}:${i}`) && !claimed.has(`${topic}:${i}`)) faults.push(`${topic}:${i} is left lying`);
  }
  return faults;
}
