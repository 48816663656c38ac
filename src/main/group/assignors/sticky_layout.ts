// What the sticky assignor works on: members, topics and partitions as small numbers, racks, and who owned what.
// Members are numbered in the order in which Java would go through them, partitions by topic and number. @thread main
import { type AssignorTopic, compareText, type GroupMember } from './assignor.ts';
import { HashOrder, textHash } from './java_order.ts';

export interface StickyTopic {
  readonly name: string;
  /** Number of its first partition; the others follow. */
  readonly first: number;
  readonly count: number;
  readonly racks: AssignorTopic['racks'];
}

export interface StickyLayout {
  readonly members: readonly GroupMember[];
  /** Place of each member in the order of ids. */
  readonly rank: readonly number[];
  /** Those that some member wants, by name. */
  readonly topics: readonly StickyTopic[];
  readonly topicIndex: ReadonlyMap<string, number>;
  /** Of each partition. */
  readonly topicOf: Int32Array;
  /** What each member says that it owns, as far as it exists; a partition may be there twice. */
  readonly claims: readonly (readonly number[])[];
}

function inJavaOrder(members: readonly GroupMember[]): GroupMember[] {
  const table = new HashOrder<GroupMember>();
  for (const member of members) table.add(member, textHash(member.memberId));
  return table.all();
}

function claimsOf(member: GroupMember, topics: readonly StickyTopic[], index: ReadonlyMap<string, number>): number[] {
  const claims: number[] = [];
  for (const { topic, partitions } of member.owned) {
    const at = index.get(topic);
    if (at === undefined) continue;
    const { first, count } = topics[at]!;
    for (const partition of partitions) if (partition >= 0 && partition < count) claims.push(first + partition);
  }
  return claims;
}

export function layoutOf(given: readonly GroupMember[], known: readonly AssignorTopic[]): StickyLayout {
  const members = inJavaOrder(given);
  const wanted = new Set(members.flatMap((member) => member.topics));
  const topics: StickyTopic[] = [];
  let total = 0;
  for (const { topic, partitions, racks } of [...known].sort((a, b) => compareText(a.topic, b.topic))) {
    if (!wanted.has(topic) || partitions <= 0) continue;
    topics.push({ name: topic, first: total, count: partitions, racks });
    total += partitions;
  }
  const topicOf = new Int32Array(total);
  for (const [at, { first, count }] of topics.entries()) topicOf.fill(at, first, first + count);
  const topicIndex = new Map(topics.map(({ name }, at) => [name, at]));
  const byId = members.map((_, at) => at).sort((a, b) => compareText(members[a]!.memberId, members[b]!.memberId));
  const rank: number[] = Array.from({ length: members.length }, () => 0);
  for (const [place, at] of byId.entries()) rank[at] = place;
  const claims = members.map((member) => claimsOf(member, topics, topicIndex));
  return { members, rank, topics, topicIndex, topicOf, claims };
}

export interface Ownership {
  /** Partitions of each member that nobody of a later or the same generation claims as well. */
  readonly owned: readonly Set<number>[];
  /** Claimed by two members of one generation: nobody has them. */
  readonly disputed: ReadonlySet<number>;
  /** Of each partition: a member of an earlier generation that had it last, -1 for none. */
  readonly former: Int32Array;
}

/** Members of the older protocol versions say their generation in the user data. */
function generationOf({ generation, userData }: GroupMember): number {
  if (generation >= 0) return generation;
  if (userData === null || userData.length < 4) return -1;
  return new DataView(userData.buffer, userData.byteOffset, 4).getInt32(0);
}

export function ownershipOf({ members, topicOf, claims }: StickyLayout): Ownership {
  const owned = members.map(() => new Set<number>());
  const disputed = new Set<number>();
  const owner = new Int32Array(topicOf.length).fill(-1);
  const generations = members.map(generationOf);
  for (const [member, partitions] of claims.entries()) {
    for (const partition of partitions) {
      const other = owner[partition]!;
      // The other's user data does not count here: that is how Java has it.
      const rival = other === -1 ? Number.NEGATIVE_INFINITY : Math.max(-1, members[other]!.generation);
      if (generations[member]! < rival) continue;
      if (other !== -1) owned[other]!.delete(partition);
      if (generations[member]! === rival) disputed.add(partition);
      else owned[member]!.add(partition);
      owner[partition] = member;
    }
  }
  return { owned, disputed, former: formerOf(claims, generations, topicOf.length) };
}

function formerOf(claims: StickyLayout['claims'], generations: readonly number[], total: number): Int32Array {
  const latest = generations.reduce((most, each) => Math.max(most, each), -1);
  const former = new Int32Array(total).fill(-1);
  for (const [member, partitions] of claims.entries()) {
    if (generations[member]! >= latest) continue;
    for (const partition of partitions) {
      const before = former[partition]!;
      if (before === -1 || generations[member]! > generations[before]!) former[partition] = member;
    }
  }
  return former;
}
