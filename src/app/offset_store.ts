// Offsets that the app stores by itself, to be committed later: into the cell of their partition. @thread app

import * as E from '../defs/enums.ts';
import { partitionKey } from '../defs/partition_key.ts';
import { fillPartitions, type PartitionEntry, type PartitionList } from '../defs/partition_list.ts';
import type { TopicPartitionsToFill } from '../defs/types.ts';
import type { StoredOffset } from './consumer.ts';
import type { Handle } from './handle.ts';

/** One partition. `stored.offset` is the next one to consume; a logical one means that none is stored. */
export function storeOffset(rk: Handle, topic: string, partition: number, stored: StoredOffset): number {
  const consumer = rk.consuming;
  if (consumer === null || partition < 0) return E.RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
  const key = partitionKey(topic, partition);
  if (!consumer.byName.has(key)) rk.thread.drain();
  const part = consumer.byName.get(key);
  if (part !== undefined && consumer.storeIn(part, stored)) return 0;
  const wanted = consumer.wanted?.get(key);
  if (part === undefined && wanted !== undefined) {
    // Main has yet to take it up.
    wanted.stored = stored;
    return 0;
  }
  const known = rk.topics.has(topic) || consumer.subscription.includes(topic);
  if (!known) return E.RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
  return stored.offset < 0 ? 0 : E.RD_KAFKA_RESP_ERR__STATE;
}

/** rd_kafka_offsets_store: each entry gets its `err`. */
export function storeOffsets(rk: Handle, list: PartitionList, given: TopicPartitionsToFill): number {
  if (rk.consuming?.autoStores !== false) return E.RD_KAFKA_RESP_ERR__INVALID_ARG;
  let last = 0;
  let stored = 0;
  for (const entry of list.elems) {
    entry.err = storeOffset(rk, entry.topic, entry.partition, storedOf(entry));
    if (entry.err === 0) stored++;
    else last = entry.err;
  }
  fillPartitions(given, list);
  return stored === 0 ? last : 0;
}

function storedOf({ offset, leaderEpoch, metadata }: PartitionEntry): StoredOffset {
  return { offset, leaderEpoch, metadata: metadata === null ? null : new Uint8Array(metadata) };
}
