// The app thread's side of the consumer group: subscribe, assign, positions.
// @thread app

import * as E from '../defs/enums.ts';
import { isStartable } from '../defs/logical_offset.ts';
import { partitionKey } from '../defs/partition_key.ts';
import { fillPartitions, PartitionList } from '../defs/partition_list.ts';
import type { TopicPartitionsToFill } from '../defs/types.ts';
import type { PartitionOffset } from '../ops/ops.ts';
import { Pattern } from '../rd/pattern.ts';
import { leaveSteps, unwind } from './close.ts';
import type { Handle } from './handle.ts';
import { offsetsOf } from './offset_list.ts';
import type { Steps } from './steps.ts';

/** consumer_close settles within this time, whatever the coordinator does. */
const CLOSE_MS = 12_000;

export function subscribe(rk: Handle, topics: readonly string[]): number {
  const { consumer } = rk;
  if (consumer === null) return E.RD_KAFKA_RESP_ERR__UNKNOWN_GROUP;
  if (topics.length === 0 || topics.some((topic) => !subscribable(topic)) || new Set(topics).size !== topics.length)
    return E.RD_KAFKA_RESP_ERR__INVALID_ARG;
  if (rk.fatal !== null) return E.RD_KAFKA_RESP_ERR__FATAL;
  if (consumer.closing) return E.RD_KAFKA_RESP_ERR__DESTROY;
  consumer.subscription = [...topics];
  // A cooperative member keeps what it has.
  if (consumer.protocol !== 'COOPERATIVE') consumer.wanted = null;
  rk.startFirst();
  rk.toMain({ type: 'subscribe', topics: [...topics] });
  return 0;
}

/** A name, or a pattern that can be read. */
function subscribable(topic: string): boolean {
  if (!topic.startsWith('^')) return topic !== '';
  try {
    return new Pattern(topic) !== null;
  } catch {
    return false;
  }
}

export function unsubscribe(rk: Handle): number {
  const { consumer } = rk;
  if (consumer === null) return E.RD_KAFKA_RESP_ERR__UNKNOWN_GROUP;
  consumer.subscription = [];
  rk.toMain({ type: 'subscribe', topics: [] });
  return 0;
}

/** Takes effect here at once: nothing of the old assignment is handed out after it. */
export function assign(rk: Handle, list: PartitionList | null): number {
  const { consumer } = rk;
  if (consumer === null) return E.RD_KAFKA_RESP_ERR__UNKNOWN_GROUP;
  if (consumer.closed) return E.RD_KAFKA_RESP_ERR__DESTROY;
  const partitions = list === null ? null : offsetsOf(list);
  const given = rk.fatal !== null || consumer.closing ? null : partitions;
  rk.thread.drain();
  if (consumer.protocol === 'COOPERATIVE' && rk.fatal === null && !consumer.closing) {
    const text =
      'the rebalance protocol is COOPERATIVE: its assignment is changed by incremental_assign() and ..._unassign()';
    rk.logs.add(4, 'ASSIGN', `assign: ${text}`);
    return E.RD_KAFKA_RESP_ERR__STATE;
  }
  if (partitions !== null && !allAssignable(partitions)) return E.RD_KAFKA_RESP_ERR__INVALID_ARG;
  if (given !== null && given.length > 0) rk.startFirst();
  consumer.assign(given);
  return 0;
}

/** Can be consumed from that offset. */
export function assignable(entry: {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
}): boolean {
  const { topic, partition, offset } = entry;
  return topic !== '' && partition >= 0 && isStartable(offset);
}

function allAssignable(partitions: readonly PartitionOffset[]): boolean {
  const seen = new Set(partitions.map(({ topic, partition }) => partitionKey(topic, partition)));
  return seen.size === partitions.length && partitions.every(assignable);
}

export function assignment(rk: Handle): PartitionList {
  rk.thread.drain();
  const list = new PartitionList();
  for (const { topic, partition } of rk.consumer?.assignment() ?? []) list.add(topic, partition);
  return list;
}

/** The next offset that the app will be handed, for each partition of the list. */
export function position(rk: Handle, list: PartitionList, given: TopicPartitionsToFill): number {
  if (rk.consumer === null) return E.RD_KAFKA_RESP_ERR__UNKNOWN_GROUP;
  rk.thread.drain();
  for (const entry of list.elems) {
    const at = rk.consumer.position(entry.topic, entry.partition);
    entry.offset = at ?? E.RD_KAFKA_OFFSET_INVALID;
    entry.err = at === null ? E.RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION : 0;
  }
  fillPartitions(given, list);
  return 0;
}

export function* consumerCloseSteps(rk: Handle): Steps<number> {
  if (rk.consumer === null) return E.RD_KAFKA_RESP_ERR__UNKNOWN_GROUP;
  try {
    return yield* leaveSteps(rk, CLOSE_MS);
  } finally {
    unwind(rk);
  }
}
