// Members, topics and racks for the tests of the assignors, in few words.
import type {
  Assignments,
  Assignor,
  AssignorTopic,
  GroupMember,
} from '../../../../../src/main/group/assignors/assignor.ts';

export function member(memberId: string, topics: readonly string[], more: Partial<GroupMember> = {}): GroupMember {
  return { memberId, instanceId: null, topics, rack: null, owned: [], generation: -1, userData: null, ...more };
}

export function topics(counts: Record<string, number>, racks: Record<string, string[][]> = {}): AssignorTopic[] {
  return Object.entries(counts).map(([topic, partitions]) => ({ topic, partitions, racks: racks[topic] ?? null }));
}

/**
 * Topics of which each partition has replicas on so many of the brokers in turn; the brokers take the racks a, b, c ... in
 * turn. Without racks no broker has one.
 */
export function replicated(counts: Record<string, number>, replicas: number, racks: number): AssignorTopic[] {
  const brokers = racks > 0 ? replicas * racks : replicas;
  const rackOf = (broker: number): string[] =>
    racks > 0 ? [String.fromCharCode(97 + ((broker % brokers) % racks))] : [];
  let next = 0;
  return Object.entries(counts).map(([topic, partitions]) => ({
    topic,
    partitions,
    racks: Array.from({ length: partitions }, () => {
      const first = next++;
      return Array.from({ length: replicas }, (_, i) => rackOf(first + i)).flat();
    }),
  }));
}

/** `{ c1: 't0-0 t0-1' }`. */
export function flat(assignments: Assignments): Record<string, string> {
  const entries = [...assignments].map(([id, of]) => [
    id,
    of.flatMap(({ topic, partitions }) => partitions.map((each) => `${topic}-${each}`)).join(' '),
  ]);
  return Object.fromEntries(entries);
}

/** 't0-0 t0-1' as the owned partitions of a member. */
export function owned(text: string): GroupMember['owned'] {
  const words = text.split(' ').filter((word) => word !== '');
  return words.map((word) => {
    const dash = word.lastIndexOf('-');
    return { topic: word.slice(0, dash), partitions: [Number(word.slice(dash + 1))] };
  });
}

export function size(assignments: Assignments, memberId: string): number {
  return assignments.get(memberId)!.reduce((sum, { partitions }) => sum + partitions.length, 0);
}

/** The members with what they were given, in the next generation. */
export function after(members: readonly GroupMember[], assignments: Assignments): GroupMember[] {
  const generation = Math.max(...members.map((each) => each.generation)) + 1;
  return members.map((each) => ({ ...each, owned: assignments.get(each.memberId)!, generation }));
}

/** Rebalances until nothing moves any more, as members do that let go what is to move; tells in how many rounds. */
export function settle(
  assignor: Assignor,
  members: readonly GroupMember[],
  known: readonly AssignorTopic[],
): { members: GroupMember[]; assignments: Assignments; rounds: number } {
  let before = '';
  let now = [...members];
  for (let rounds = 1; rounds < 10; rounds++) {
    const assignments = assignor.assign(now, known);
    now = after(now, assignments);
    const text = JSON.stringify(flat(assignments));
    if (text === before) return { members: now, assignments, rounds };
    before = text;
  }
  throw new Error('ten rounds, and still something moves');
}

/** What is wrong: partitions of strangers, given twice, left lying, or with a member that has two more than another that could take them. */
export function faults(members: readonly GroupMember[], known: readonly AssignorTopic[], given: Assignments): string[] {
  const found: string[] = [];
  const owners = new Map<string, string>();
  for (const { memberId, topics: wanted } of members) {
    for (const { topic, partitions } of given.get(memberId)!) {
      if (!wanted.includes(topic)) found.push(`${memberId} is not subscribed to ${topic}`);
      const lighter = members.filter(
        (each) => each.topics.includes(topic) && size(given, each.memberId) + 1 < size(given, memberId),
      );
      for (const other of lighter) found.push(`${memberId} could give of ${topic} to ${other.memberId}`);
      for (const partition of partitions) {
        if (owners.has(`${topic}-${partition}`)) found.push(`${topic}-${partition} is given twice`);
        owners.set(`${topic}-${partition}`, memberId);
      }
    }
  }
  for (const { topic, partitions } of known) {
    if (!members.some((each) => each.topics.includes(topic))) continue;
    for (let i = 0; i < partitions; i++) if (!owners.has(`${topic}-${i}`)) found.push(`${topic}-${i} is left lying`);
  }
  return found;
}

/** How many partitions went to a member that is in the rack of none of its replicas. */
export function farAway(members: readonly GroupMember[], known: readonly AssignorTopic[], given: Assignments): number {
  const racks = new Map(known.map((each) => [each.topic, each.racks]));
  let far = 0;
  for (const { memberId, rack } of members)
    for (const { topic, partitions } of given.get(memberId)!)
      far += partitions.filter((n) => rack !== null && racks.get(topic)?.[n]?.includes(rack) !== true).length;
  return far;
}
