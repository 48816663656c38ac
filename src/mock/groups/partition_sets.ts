// Partitions of several topics by topic id: what a member of a KIP-848 group has, gives up or is to get. @thread mock

/** Topic id -> partitions; no topic without one. */
export type PartitionSets = ReadonlyMap<string, ReadonlySet<number>>;

/** As the requests and answers have it. */
export interface TopicPartitions {
  readonly topicId: string;
  readonly partitions: readonly number[];
}

export const NO_PARTITIONS: ReadonlyMap<string, ReadonlySet<number>> = new Map();

export function fromRows(rows: readonly TopicPartitions[]): PartitionSets {
  const sets = new Map<string, Set<number>>();
  for (const { topicId, partitions } of rows) {
    const set = sets.get(topicId) ?? new Set<number>();
    for (const partition of partitions) set.add(partition);
    if (set.size > 0) sets.set(topicId, set);
  }
  return sets;
}

export function toRows(sets: PartitionSets): TopicPartitions[] {
  return [...sets].map(([topicId, set]) => ({ topicId, partitions: [...set].sort((a, b) => a - b) }));
}

export function has(sets: PartitionSets, topicId: string, partition: number): boolean {
  return sets.get(topicId)?.has(partition) ?? false;
}

export function countOf(sets: PartitionSets): number {
  let count = 0;
  for (const set of sets.values()) count += set.size;
  return count;
}

/** Those of `sets` for which `keep` is true. */
export function filtered(sets: PartitionSets, keep: (topicId: string, partition: number) => boolean): PartitionSets {
  const kept = new Map<string, ReadonlySet<number>>();
  for (const [topicId, set] of sets) {
    const own = new Set([...set].filter((partition) => keep(topicId, partition)));
    if (own.size > 0) kept.set(topicId, own);
  }
  return kept;
}

export function union(one: PartitionSets, other: PartitionSets): PartitionSets {
  return fromRows([...toRows(one), ...toRows(other)]);
}

export function isSubset(part: PartitionSets, whole: PartitionSets): boolean {
  for (const [topicId, set] of part) for (const one of set) if (!has(whole, topicId, one)) return false;
  return true;
}

export function overlaps(one: PartitionSets, other: PartitionSets): boolean {
  for (const [topicId, set] of one) for (const each of set) if (has(other, topicId, each)) return true;
  return false;
}

export function sameSets(one: PartitionSets, other: PartitionSets): boolean {
  return countOf(one) === countOf(other) && isSubset(one, other);
}
