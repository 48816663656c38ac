// Who gets which partitions: the face that all assignors share. They are pure functions of the members and the topics,
// and agree with Kafka's to the last partition, because members of one group may be any client. @thread main

/** One member, as it described itself when it joined. */
export interface GroupMember {
  readonly memberId: string;
  /** group.instance.id of a static member, else null. */
  readonly instanceId: string | null;
  /** No topic twice. */
  readonly topics: readonly string[];
  readonly rack: string | null;
  readonly owned: readonly { readonly topic: string; readonly partitions: readonly number[] }[];
  readonly generation: number;
  readonly userData: Uint8Array | null;
}

export interface AssignedTopic {
  readonly topic: string;
  readonly partitions: readonly number[];
}

export interface AssignorTopic {
  readonly topic: string;
  readonly partitions: number;
  /** Racks of each partition's replicas; null when they are not known. */
  readonly racks: readonly (readonly string[])[] | null;
}

/** Assignments by member id; every member has an entry. */
export type Assignments = ReadonlyMap<string, readonly AssignedTopic[]>;

export interface Assignor {
  /** As in partition.assignment.strategy and on the wire. */
  readonly name: string;
  readonly protocol: 'EAGER' | 'COOPERATIVE';
  /**
   * What we send with our own subscription, null for nothing.
   * @param generation in which we got the partitions that we own, -1 for none.
   */
  userData(topics: readonly string[], generation: number): Uint8Array | null;
  /**
   * @param members in the order of the JoinGroup response.
   * @param topics those that exist and have partitions, in any order.
   */
  assign(members: readonly GroupMember[], topics: readonly AssignorTopic[]): Assignments;
}

/** Static members first, by their instance id; then the others by member id. Plain comparison of UTF-16, as Java's. */
export function compareMembers(a: GroupMember, b: GroupMember): number {
  if (a.instanceId !== null && b.instanceId !== null) return compareText(a.instanceId, b.instanceId);
  if (a.instanceId !== null) return -1;
  if (b.instanceId !== null) return 1;
  return compareText(a.memberId, b.memberId);
}

export function compareText(a: string, b: string): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

/** Collects partitions for members; gives them sorted by topic and partition. */
export class Shares {
  private readonly members: Map<string, Map<string, number[]>> = new Map();

  constructor(members: readonly GroupMember[]) {
    for (const { memberId } of members) this.members.set(memberId, new Map());
  }

  give(memberId: string, topic: string, partition: number): void {
    const topics = this.members.get(memberId)!;
    const partitions = topics.get(topic);
    if (partitions === undefined) topics.set(topic, [partition]);
    else partitions.push(partition);
  }

  result(): Assignments {
    const all = new Map<string, readonly AssignedTopic[]>();
    for (const [memberId, topics] of this.members) {
      const list = [...topics].map(([topic, partitions]) => ({ topic, partitions: partitions.sort((a, b) => a - b) }));
      all.set(
        memberId,
        list.sort((a, b) => compareText(a.topic, b.topic)),
      );
    }
    return all;
  }
}
