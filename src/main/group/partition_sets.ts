// Lists of partitions as sets: an offset is no part of what a partition is. @thread main
import { partitionKey } from '../../defs/partition_key.ts';
import type { PartitionName, PartitionOffset } from '../group_env.ts';

function keyOf({ topic, partition }: PartitionName): string {
  return partitionKey(topic, partition);
}

export function copyOf(partitions: readonly PartitionOffset[]): PartitionOffset[] {
  return partitions.map((each) => ({ ...each }));
}

/** Those of `all` that `without` does not have, in their order. */
export function minus(all: readonly PartitionOffset[], without: readonly PartitionName[]): PartitionOffset[] {
  const left = new Set(without.map(keyOf));
  return all.filter((each) => !left.has(keyOf(each)));
}

/** Those of `all` that `among` has too, in their order. */
export function common(all: readonly PartitionOffset[], among: readonly PartitionName[]): PartitionOffset[] {
  const kept = new Set(among.map(keyOf));
  return all.filter((each) => kept.has(keyOf(each)));
}

/** No partition is there twice. */
export function distinct(partitions: readonly PartitionName[]): boolean {
  return new Set(partitions.map(keyOf)).size === partitions.length;
}
