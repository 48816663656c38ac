// Racks for the sticky assignor: whether they matter at all, and which member may be near which partition. @thread main
import type { StickyLayout } from './sticky_layout.ts';

export interface StickyRacks {
  /** Racks decide: some member is near some replica, and not every partition is in every rack. */
  readonly aware: boolean;
  /** The member has a rack and no replica of the partition is in it. Never when racks don't decide. */
  mismatch(member: number, partition: number): boolean;
  /** The member has a rack and a replica of the partition is in it. Never when racks don't decide. */
  match(member: number, partition: number): boolean;
  /** Those that few members are near come first, as long as any member has a rack. */
  rareFirst(partitions: number[]): number[];
}

function racksOfPartitions({ topics, topicOf }: StickyLayout): ReadonlySet<string>[] {
  const racks: Set<string>[] = Array.from(topicOf, () => new Set());
  for (const topic of topics)
    for (let i = 0; i < topic.count; i++) racks[topic.first + i] = new Set(topic.racks?.[i] ?? []);
  return racks;
}

const NO_RACKS: StickyRacks = {
  aware: false,
  mismatch: () => false,
  match: () => false,
  rareFirst: (partitions) => partitions,
};

export function racksOf(layout: StickyLayout): StickyRacks {
  const residents = new Map<string, number>();
  for (const { rack } of layout.members) if (rack) residents.set(rack, (residents.get(rack) ?? 0) + 1);
  if (residents.size === 0) return NO_RACKS;
  const racks = racksOfPartitions(layout);
  const all = new Set(racks.flatMap((each) => [...each]));
  const aware = [...residents.keys()].some((rack) => all.has(rack)) && racks.some((each) => each.size !== all.size);
  const near = racks.map((each) => [...each].reduce((sum, rack) => sum + (residents.get(rack) ?? 0), 0));
  const rackOf = layout.members.map(({ rack }) => (aware && rack ? rack : null));
  return {
    aware,
    mismatch: (member, partition) => rackOf[member] !== null && !racks[partition]!.has(rackOf[member]!),
    match: (member, partition) => rackOf[member] !== null && racks[partition]!.has(rackOf[member]!),
    rareFirst: (partitions) => partitions.sort((a, b) => near[a]! - near[b]!),
  };
}
