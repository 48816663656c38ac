// The sticky assignor where members want different topics: what is owned stays, the rest goes to whoever has least, and
// then partitions are moved until no move makes it more even. @thread main
import type { StickyResult } from './sticky_equal.ts';
import type { Ownership, StickyLayout } from './sticky_layout.ts';
import { Moves } from './sticky_moves.ts';
import type { StickyRacks } from './sticky_racks.ts';

/** Who has what while it is worked out; the numbers that decide are kept beside. */
class Holdings {
  readonly has: Set<number>[];
  readonly holder: Int32Array;
  /** Members by what they have, the poorest first, then by id. */
  private order: number[] = [];
  private readonly rank: readonly number[];
  private readonly topicOf: Int32Array;
  /** By topic: member -> how many partitions of it. */
  private readonly inTopic: Map<number, number>[];

  constructor({ members, rank, topics, topicOf }: StickyLayout) {
    this.has = members.map(() => new Set());
    this.holder = new Int32Array(topicOf.length).fill(-1);
    this.rank = rank;
    this.topicOf = topicOf;
    this.inTopic = topics.map(() => new Map());
  }

  /** From here on `poorestFirst` holds these. */
  arrange(members: readonly number[]): void {
    this.order = [...members].sort((a, b) => this.compare(a, b));
  }

  poorestFirst(): readonly number[] {
    return this.order;
  }

  count(member: number): number {
    return this.has[member]!.size;
  }

  /** Of the members that have any partition of the topic, what the richest has of all topics. */
  richest(topic: number): number {
    let most = 0;
    for (const member of this.inTopic[topic]!.keys()) most = Math.max(most, this.count(member));
    return most;
  }

  put(partition: number, member: number): void {
    const before = this.holder[partition]!;
    if (before !== -1) this.change(before, () => this.take(partition, before));
    this.change(member, () => {
      this.has[member]!.add(partition);
      this.holder[partition] = member;
      const counts = this.inTopic[this.topicOf[partition]!]!;
      counts.set(member, (counts.get(member) ?? 0) + 1);
    });
  }

  private take(partition: number, member: number): void {
    this.has[member]!.delete(partition);
    const counts = this.inTopic[this.topicOf[partition]!]!;
    const left = counts.get(member)! - 1;
    if (left === 0) counts.delete(member);
    else counts.set(member, left);
  }

  private compare(a: number, b: number): number {
    return this.count(a) - this.count(b) || this.rank[a]! - this.rank[b]!;
  }

  /** Where the member is in `order`, or would be. */
  private place(member: number): number {
    let low = 0;
    let high = this.order.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.compare(this.order[middle]!, member) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private change(member: number, action: () => void): void {
    const place = this.place(member);
    const listed = this.order[place] === member;
    if (listed) this.order.splice(place, 1);
    action();
    if (listed) this.order.splice(this.place(member), 0, member);
  }
}

class General {
  private readonly layout: StickyLayout;
  private readonly racks: StickyRacks;
  private readonly former: Int32Array;
  private readonly holdings: Holdings;
  private readonly moves: Moves;
  /** Topics of each member, members of each topic. */
  private readonly wants: readonly ReadonlySet<number>[];
  private readonly wantedBy: readonly number[][];
  /** Somebody has lost a partition that exists. */
  private revoked = false;
  /** Moves that are left. Hardly any partition moves twice, but three members can pass some round for ever. */
  private patience: number;

  constructor(layout: StickyLayout, { former }: Ownership, racks: StickyRacks) {
    const { members, topics, topicIndex, topicOf } = layout;
    this.layout = layout;
    this.racks = racks;
    this.former = former;
    this.holdings = new Holdings(layout);
    this.moves = new Moves(layout);
    this.wants = members.map((member) => new Set(member.topics.flatMap((topic) => topicIndex.get(topic) ?? [])));
    const wantedBy: number[][] = topics.map(() => []);
    for (const [member, wanted] of this.wants.entries()) for (const topic of wanted) wantedBy[topic]!.push(member);
    this.wantedBy = wantedBy;
    this.patience = 16 * (topicOf.length + 1);
  }

  run({ owned }: Ownership): readonly Iterable<number>[] {
    const { holdings } = this;
    this.keep(owned);
    const free = this.inOrder().filter((partition) => holdings.holder[partition] === -1);
    const everyone = this.layout.members.map((_, member) => member);
    holdings.arrange(everyone);
    // Nobody has had anything: whatever comes out is no worse than before.
    const fresh = holdings.count(holdings.poorestFirst().at(-1)!) === 0;
    this.handOut(free);

    holdings.arrange(everyone.filter((member) => this.movable(member)));
    const before = holdings.has.map((partitions) => [...partitions]);
    const score = this.unevenness(before.map(({ length }) => length));
    const contested = (partition: number): boolean => this.wantedBy[this.layout.topicOf[partition]!]!.length > 1;
    if (!this.revoked) this.level(free.filter(contested));
    const changed = this.level(this.inOrder().filter(contested));
    const after = this.unevenness(holdings.has.map(({ size }) => size));
    return !fresh && changed && after >= score ? before : holdings.has;
  }

  private keep(owned: Ownership['owned']): void {
    for (const [member, partitions] of owned.entries()) {
      for (const partition of partitions) {
        const wanted = this.wants[member]!.has(this.layout.topicOf[partition]!);
        if (wanted && !this.racks.mismatch(member, partition)) this.holdings.put(partition, member);
        else this.revoked = true;
      }
    }
  }

  /** All partitions, those of topics that few members want first. */
  private inOrder(): number[] {
    const { topics } = this.layout;
    const order = topics.map((_, topic) => topic).sort((a, b) => this.wantedBy[a]!.length - this.wantedBy[b]!.length);
    return order.flatMap((topic) => Array.from({ length: topics[topic]!.count }, (_, i) => topics[topic]!.first + i));
  }

  private handOut(free: readonly number[]): void {
    const far = this.racks.aware ? free.filter((partition) => !this.handOutOne(partition, true)) : free;
    for (const partition of far) this.handOutOne(partition, false);
  }

  private handOutOne(partition: number, near: boolean): boolean {
    const topic = this.layout.topicOf[partition]!;
    for (const member of this.holdings.poorestFirst()) {
      if (!this.wants[member]!.has(topic) || (near && this.racks.mismatch(member, partition))) continue;
      this.holdings.put(partition, member);
      return true;
    }
    return false;
  }

  /** The member could get more, or lose something. */
  private movable(member: number): boolean {
    let most = 0;
    for (const topic of this.wants[member]!) most += this.layout.topics[topic]!.count;
    const has = this.holdings.has[member]!;
    if (has.size < most) return true;
    for (const partition of has) if (this.wantedBy[this.layout.topicOf[partition]!]!.length > 1) return true;
    return false;
  }

  /** Moves what makes it more even until nothing does; tells whether anything was moved. */
  private level(partitions: readonly number[]): boolean {
    let changed = false;
    let settled = this.isEven();
    for (let moved = true; moved && !settled; ) {
      moved = false;
      for (const partition of partitions) {
        if (settled) break;
        if (!this.improve(partition)) continue;
        moved = true;
        settled = this.isEven() || --this.patience <= 0;
      }
      changed ||= moved;
    }
    return changed;
  }

  private improve(partition: number): boolean {
    const { holdings } = this;
    const topic = this.layout.topicOf[partition]!;
    const from = holdings.holder[partition]!;
    const former = this.former[partition]!;
    const spare = holdings.count(from) - 1;
    // The member that had it before another took it. One that has turned away from the topic gets nothing back.
    if (former !== -1 && this.wants[former]!.has(topic) && spare > holdings.count(former)) {
      this.move(partition, former);
      return true;
    }
    const poorest = holdings.poorestFirst().find((member) => this.wants[member]!.has(topic));
    if (poorest === undefined || spare <= holdings.count(poorest)) return false;
    this.move(partition, poorest);
    return true;
  }

  private move(partition: number, to: number): void {
    const { holdings, moves } = this;
    const moved = moves.instead(partition, holdings.holder[partition]!, to);
    moves.add(moved, holdings.holder[moved]!, to);
    holdings.put(moved, to);
  }

  /** Nobody could take a partition from a member that would still have more. */
  private isEven(): boolean {
    const { holdings } = this;
    const order = holdings.poorestFirst();
    const most = order.length === 0 ? 0 : holdings.count(order.at(-1)!);
    const richest = this.layout.topics.map(() => -1);
    for (const member of order) {
      const enough = holdings.count(member) + 1;
      if (enough >= most) return true;
      for (const topic of this.wants[member]!) {
        if (richest[topic] === -1) richest[topic] = holdings.richest(topic);
        if (richest[topic]! > enough) return false;
      }
    }
    return true;
  }

  /** The differences of all pairs of members, added up. */
  private unevenness(counts: readonly number[]): number {
    const sorted = this.holdings.poorestFirst().map((member) => counts[member]!);
    let sum = 0;
    let passed = 0;
    for (const [i, count] of sorted.sort((a, b) => a - b).entries()) {
      sum += i * count - passed;
      passed += count;
    }
    return sum;
  }
}

/** Partitions that a member gets and another has not let go. */
function movingOf({ claims, topicOf }: StickyLayout, given: readonly Iterable<number>[]): Set<number> {
  const receiver = new Int32Array(topicOf.length).fill(-1);
  for (const [member, partitions] of given.entries()) for (const partition of partitions) receiver[partition] = member;
  const moving = new Set<number>();
  for (const [member, partitions] of claims.entries())
    for (const partition of partitions) if (receiver[partition] !== member) moving.add(partition);
  // Claimed by the receiver too: it has it, whatever the others believe.
  for (const [member, partitions] of claims.entries())
    for (const partition of partitions) if (receiver[partition] === member) moving.delete(partition);
  return moving;
}

export function assignGeneral(layout: StickyLayout, ownership: Ownership, racks: StickyRacks): StickyResult {
  const given = new General(layout, ownership, racks).run(ownership);
  return { given, moving: movingOf(layout, given) };
}
