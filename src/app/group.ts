// The app thread's side of the consumer group: subscribe, assign, commit, positions.
// @thread app

import * as E from '../defs/enums.ts';
import { fillPartitions, PartitionList } from '../defs/partition_list.ts';
import type { TopicPartitionsToFill } from '../defs/types.ts';
import type { PartitionOffset } from '../ops/ops.ts';
import { leaveSteps, unwind } from './close.ts';
import type { Handle } from './handle.ts';
import type { Steps } from './steps.ts';

/** consumer_close settles within this time, whatever the coordinator does. */
const CLOSE_MS = 12_000;
/** A commit that is waited for ends with its own request's timeout; this is for a main that hangs. */
const COMMIT_MS = 300_000;
/** RD_KAFKA_OFFSET_TAIL(0). */
const TAIL_BASE = -2000;

const LOGICAL: ReadonlySet<number> = new Set([
  E.RD_KAFKA_OFFSET_BEGINNING,
  E.RD_KAFKA_OFFSET_END,
  E.RD_KAFKA_OFFSET_STORED,
  E.RD_KAFKA_OFFSET_INVALID,
]);

export function subscribe(rk: Handle, topics: readonly string[]): number {
  const { consumer } = rk;
  if (consumer === null) return E.RD_KAFKA_RESP_ERR__UNKNOWN_GROUP;
  if (topics.length === 0 || topics.some((topic) => topic === '') || new Set(topics).size !== topics.length)
    return E.RD_KAFKA_RESP_ERR__INVALID_ARG;
  if (rk.fatal !== null) return E.RD_KAFKA_RESP_ERR__FATAL;
  if (consumer.closing) return E.RD_KAFKA_RESP_ERR__DESTROY;
  for (const topic of topics) {
    if (topic.startsWith('^'))
      rk.logs.add(4, 'SUBSCRIBE', `${topic}: regular expressions have no effect yet, this is taken for a topic's name`);
  }
  consumer.subscription = [...topics];
  consumer.explicit = null;
  rk.startFirst();
  rk.toMain({ type: 'subscribe', topics: [...topics] });
  return 0;
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
  if (partitions !== null && !assignable(partitions)) return E.RD_KAFKA_RESP_ERR__INVALID_ARG;
  const given = rk.fatal !== null || consumer.closing ? null : partitions;
  if (given !== null && given.length > 0) rk.startFirst();
  consumer.assign(given);
  return 0;
}

function assignable(partitions: readonly PartitionOffset[]): boolean {
  const seen = new Set(partitions.map(({ topic, partition }) => `${partition} ${topic}`));
  const good = ({ topic, partition, offset }: PartitionOffset): boolean =>
    topic !== '' && partition >= 0 && (offset >= 0 || LOGICAL.has(offset) || offset <= TAIL_BASE);
  return seen.size === partitions.length && partitions.every(good);
}

export function assignment(rk: Handle): PartitionList {
  rk.thread.drain();
  const list = new PartitionList();
  for (const { topic, partition } of rk.consumer?.assignment() ?? []) list.add(topic, partition);
  return list;
}

/** null commits what was stored. With `async` the result goes to offset_commit_cb only. */
export function* commitSteps(rk: Handle, list: PartitionList | null, async: boolean): Steps<number> {
  if (rk.consumer === null) return E.RD_KAFKA_RESP_ERR__UNKNOWN_GROUP;
  if (rk.fatal !== null) return E.RD_KAFKA_RESP_ERR__FATAL;
  const offsets = list === null ? null : offsetsOf(list);
  if (async) {
    rk.requests.post('commit', -1, [offsets]);
    return 0;
  }
  const call = rk.requests.start('commit', -1, [offsets], E.RD_KAFKA_RESP_ERR__FATAL);
  yield { timeoutMs: COMMIT_MS, ready: () => rk.requests.answered(call) };
  return rk.requests.take(call)?.err ?? E.RD_KAFKA_RESP_ERR__TIMED_OUT;
}

export function* committedSteps(
  rk: Handle,
  list: PartitionList,
  given: TopicPartitionsToFill,
  timeoutMs: number,
): Steps<number> {
  if (rk.consumer === null) return E.RD_KAFKA_RESP_ERR__UNKNOWN_GROUP;
  const call = rk.requests.start('committed', timeoutMs, [offsetsOf(list)], E.RD_KAFKA_RESP_ERR__FATAL);
  yield { timeoutMs, ready: () => rk.requests.answered(call) };
  const answer = rk.requests.take(call);
  if (answer === null) return E.RD_KAFKA_RESP_ERR__TIMED_OUT;
  if (answer.err !== 0) return answer.err;
  fill(list, answer.value as PartitionOffset[]);
  fillPartitions(given, list);
  return 0;
}

function fill(list: PartitionList, offsets: readonly PartitionOffset[]): void {
  for (const { topic, partition, offset, metadata, err } of offsets) {
    const entry = list.find(topic, partition);
    if (entry === null) continue;
    entry.offset = offset;
    entry.err = err ?? 0;
    entry.metadata = metadata ? metadata : null;
  }
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

function offsetsOf(list: PartitionList): PartitionOffset[] {
  return list.elems.map((entry) => ({
    topic: entry.topic,
    partition: entry.partition,
    offset: entry.offset,
    metadata: entry.metadata === null ? null : entry.metadata.toString(),
  }));
}
