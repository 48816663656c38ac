// Between the lists that users hold and the offsets that threads exchange. @thread app

import { PartitionList } from '../defs/partition_list.ts';
import type { PartitionOffset } from '../ops/ops.ts';

/** What travels. Metadata is copied: a Buffer may lie in memory that it shares with others. */
export function offsetsOf(list: PartitionList): PartitionOffset[] {
  return list.elems.map(({ topic, partition, offset, metadata, leaderEpoch }) => ({
    topic,
    partition,
    offset,
    leaderEpoch,
    metadata: metadata === null ? null : new Uint8Array(metadata),
  }));
}

/** What callbacks are given. */
export function listOf(offsets: readonly PartitionOffset[]): PartitionList {
  const list = new PartitionList();
  for (const { topic, partition, offset, err, metadata, leaderEpoch } of offsets) {
    const element = list.add(topic, partition);
    element.offset = offset;
    element.err = err ?? 0;
    element.metadata = metadata ?? null;
    element.leaderEpoch = leaderEpoch ?? -1;
  }
  return list;
}
