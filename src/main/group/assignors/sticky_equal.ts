// The sticky assignor where all members want the same topics: each gets the same number of partitions or one more, and
// keeps what it had as far as that allows. @thread main
import type { Ownership, StickyLayout } from './sticky_layout.ts';
import type { StickyRacks } from './sticky_racks.ts';

export interface StickyResult {
  /** By member. */
  readonly given: readonly Iterable<number>[];
  /** Partitions in `given` that another member has to let go first. */
  readonly moving: ReadonlySet<number>;
}

class EqualShares {
  readonly given: number[][];
  readonly moving: Set<number> = new Set();
  private readonly layout: StickyLayout;
  private readonly racks: StickyRacks;
  private readonly ownership: Ownership;
  private readonly least: number;
  private readonly most: number;
  /** How many members are to have `most`, when that is more than `least`, and how many have it. */
  private readonly fullWanted: number;
  private full = 0;
  /** Members with less than `least`, and with just that, which may get one more. */
  private readonly hungry: number[] = [];
  private level: number[] = [];
  /** Of each partition: the member that has it and can't keep it, -1 for none. */
  private readonly letGo: Int32Array;

  constructor(layout: StickyLayout, ownership: Ownership, racks: StickyRacks) {
    this.layout = layout;
    this.ownership = ownership;
    this.racks = racks;
    const total = layout.topicOf.length;
    const count = layout.members.length;
    this.given = layout.members.map(() => []);
    this.least = Math.floor(total / count);
    this.most = Math.ceil(total / count);
    this.fullWanted = total % count;
    this.letGo = new Int32Array(total).fill(-1);
  }

  keep(): void {
    const { topicOf, topics } = this.layout;
    const number = (partition: number): number => partition - topics[topicOf[partition]!]!.first;
    for (const [member, partitions] of this.ownership.owned.entries()) {
      const owned: number[] = [];
      for (const partition of partitions) {
        if (this.racks.mismatch(member, partition)) this.letGo[partition] = member;
        else if (!this.ownership.disputed.has(partition)) owned.push(partition);
      }
      // Number before topic: where some must go, each topic loses some.
      this.keepSome(
        member,
        owned.sort((a, b) => number(a) - number(b) || a - b),
      );
    }
  }

  private keepSome(member: number, owned: number[]): void {
    let kept = this.least;
    if (owned.length < this.least) {
      this.hungry.push(member);
    } else if (this.full < this.fullWanted) {
      if (owned.length >= this.most) {
        kept = this.most;
        this.filled();
      } else {
        this.level.push(member);
      }
    }
    this.given[member]!.push(...owned.slice(0, kept));
    for (const partition of owned.slice(kept)) this.letGo[partition] = member;
  }

  /** One more member has `most`. When these are all, nobody who has `least` gets more. */
  private filled(): void {
    this.full++;
    if (this.full === this.fullWanted) this.level = [];
  }

  /** Hands out all that nobody keeps. */
  deal(): void {
    const taken = new Uint8Array(this.layout.topicOf.length);
    for (const partitions of this.given) for (const partition of partitions) taken[partition] = 1;
    const free: number[] = [];
    for (const [partition, isTaken] of taken.entries()) if (isTaken === 0) free.push(partition);
    const byId = (a: number, b: number): number => this.layout.rank[a]! - this.layout.rank[b]!;
    this.hungry.sort(byId);
    this.level.sort(byId);
    const sorted = this.racks.rareFirst(free);
    this.dealInTurn(this.racks.aware ? this.dealNear(sorted) : sorted);
  }

  /** To members near the partitions, in turn; gives back what nobody is near enough to, or has room for. */
  private dealNear(free: readonly number[]): number[] {
    const left: number[] = [];
    let turn = 0;
    for (const partition of free) {
      const place = this.nearest(partition, this.hungry, turn);
      if (place >= 0) turn = this.feed(partition, place);
      else if (!this.raise(partition)) left.push(partition);
    }
    return left;
  }

  private nearest(partition: number, members: readonly number[], from: number): number {
    for (let i = 0; i < members.length; i++) {
      const place = (from + i) % members.length;
      if (this.racks.match(members[place]!, partition)) return place;
    }
    return -1;
  }

  /** Gives to a hungry member; returns whose turn is next. */
  private feed(partition: number, place: number): number {
    const member = this.hungry[place]!;
    this.give(partition, member);
    const count = this.given[member]!.length;
    let next = place + 1;
    if (count >= this.least) {
      this.hungry.splice(place, 1);
      if (count < this.most && this.full < this.fullWanted) this.level.push(member);
      next = place;
    }
    return this.hungry.length === 0 ? 0 : next % this.hungry.length;
  }

  /** Gives to a member that has `least` already. */
  private raise(partition: number): boolean {
    const place = this.nearest(partition, this.level, 0);
    if (place < 0) return false;
    const member = this.level[place]!;
    this.give(partition, member);
    if (this.given[member]!.length === this.most) {
      this.level.splice(place, 1);
      this.filled();
    }
    return true;
  }

  private dealInTurn(free: readonly number[]): void {
    let turn = 0;
    for (const partition of free) {
      if (turn >= this.hungry.length) turn = 0;
      const isHungry = this.hungry.length > 0;
      const member = isHungry ? this.hungry[turn++]! : (this.level.shift() ?? this.poorest());
      this.give(partition, member);
      if (isHungry && this.given[member]!.length === this.least) {
        this.hungry.splice(--turn, 1);
        this.level.push(member);
      }
    }
  }

  /** The quotas make sure that somebody is left; should they not, nothing is left lying. */
  private poorest(): number {
    let found = 0;
    for (const [member, { length }] of this.given.entries()) if (length < this.given[found]!.length) found = member;
    return found;
  }

  private give(partition: number, member: number): void {
    this.given[member]!.push(partition);
    const from = this.letGo[partition]!;
    if ((from !== -1 && from !== member) || this.ownership.disputed.has(partition)) this.moving.add(partition);
  }
}

export function assignEqual(layout: StickyLayout, ownership: Ownership, racks: StickyRacks): StickyResult {
  const shares = new EqualShares(layout, ownership, racks);
  shares.keep();
  shares.deal();
  return { given: shares.given, moving: shares.moving };
}
