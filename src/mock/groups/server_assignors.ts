// The assignors of the KIP-848 coordinator, uniform and range. @thread mock
import { fromRows, has, type PartitionSets, toRows } from './partition_sets.ts';

export interface AssignorMember {
  readonly memberId: string;
  readonly instanceId: string | null;
  /** Topics that exist, by id. */
  readonly topicIds: ReadonlySet<string>;
  /** Its target so far. */
  readonly target: PartitionSets;
}

/** Number of partitions by topic id, for all topics that a member names. */
export type TopicSizes = ReadonlyMap<string, number>;

export type Assignor = (members: readonly AssignorMember[], topics: TopicSizes) => ReadonlyMap<string, PartitionSets>;

interface Share {
  readonly member: AssignorMember;
  readonly partitions: Map<string, Set<number>>;
  count: number;
}

function give(share: Share, topicId: string, partition: number): void {
  const set = share.partitions.get(topicId) ?? new Set<number>();
  share.partitions.set(topicId, set.add(partition));
  share.count++;
}

function results(shares: readonly Share[]): ReadonlyMap<string, PartitionSets> {
  return new Map(shares.map(({ member, partitions }) => [member.memberId, fromRows(toRows(partitions))]));
}

function shareOf(member: AssignorMember): Share {
  return { member, partitions: new Map(), count: 0 };
}

/** Static members by their instance id first, then the others by their id. */
function inOrder(members: readonly AssignorMember[]): AssignorMember[] {
  const keyOf = ({ instanceId, memberId }: AssignorMember): string =>
    instanceId === null ? `1${memberId}` : `0${instanceId}`;
  return [...members].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
}

/** Each topic's partitions one after the other in even runs, so that topics of the same size go together. */
export const range: Assignor = (members, topics) => {
  const shares = inOrder(members).map(shareOf);
  for (const [topicId, size] of topics) {
    const takers = shares.filter(({ member }) => member.topicIds.has(topicId));
    let next = 0;
    takers.forEach((share, i) => {
      const quota = Math.floor(size / takers.length) + (i < size % takers.length ? 1 : 0);
      for (let end = next + quota; next < end; next++) give(share, topicId, next);
    });
  }
  return results(shares);
};

/** As evenly as the subscriptions allow; partitions stay where they are as far as that allows. */
export const uniform: Assignor = (members, topics) => {
  const shares = members.map(shareOf);
  const free: [string, number][] = [];
  for (const [topicId, size] of topics) {
    for (let partition = 0; partition < size; partition++) {
      const holder = shares.find(
        ({ member }) => member.topicIds.has(topicId) && has(member.target, topicId, partition),
      );
      if (holder === undefined) free.push([topicId, partition]);
      else give(holder, topicId, partition);
    }
  }
  for (const [topicId, partition] of free) {
    const taker = least(shares.filter(({ member }) => member.topicIds.has(topicId)));
    if (taker !== null) give(taker, topicId, partition);
  }
  level(shares);
  return results(shares);
};

function least(shares: readonly Share[]): Share | null {
  let found: Share | null = null;
  for (const share of shares) if (found === null || share.count < found.count) found = share;
  return found;
}

/** Moves partitions from who has most to who has least, as long as that brings them nearer to each other. */
function level(shares: readonly Share[]): void {
  for (let moved = true; moved; ) {
    moved = false;
    const richest = [...shares].sort((a, b) => b.count - a.count);
    for (const from of richest) {
      if (moved) break;
      moved = giveAway(from, shares);
    }
  }
}

function giveAway(from: Share, shares: readonly Share[]): boolean {
  const poorer = shares.filter((to) => to.count < from.count - 1).sort((a, b) => a.count - b.count);
  for (const to of poorer) {
    for (const [topicId, set] of from.partitions) {
      if (!to.member.topicIds.has(topicId)) continue;
      const partition = Math.max(...set);
      set.delete(partition);
      if (set.size === 0) from.partitions.delete(topicId);
      from.count--;
      give(to, topicId, partition);
      return true;
    }
  }
  return false;
}

/** By the name that a member asks for; the first is the default. */
export const ASSIGNORS: Readonly<Record<string, Assignor>> = { uniform, range };
export const DEFAULT_ASSIGNOR = 'uniform';
