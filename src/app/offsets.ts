// Questions for offsets that main asks the leaders: the ends of a partition, and offsets of timestamps. @thread app

import * as E from '../defs/enums.ts';
import { partitionKey } from '../defs/partition_key.ts';
import { fillPartitions, type PartitionList } from '../defs/partition_list.ts';
import type { TopicPartitionsToFill } from '../defs/types.ts';
import type { Handle } from './handle.ts';
import type { Answer } from './request.ts';
import type { Steps } from './steps.ts';

/** Main ends the call in time, and knows why nothing came; it gets so long to say so. */
const GRACE_MS = 3000;
const BEGINNING = -2;
const END = -1;

interface Question {
  readonly topic: string;
  readonly partition: number;
  readonly timestamp: number;
}

interface Found extends Question {
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly err: number;
}

export interface WatermarksResult {
  readonly err: number;
  readonly low: number;
  readonly high: number;
}

/** A call of main's that keeps its own time. */
export function* timedSteps(
  rk: Handle,
  what: string,
  timeoutMs: number,
  args: readonly unknown[],
): Steps<Answer | null> {
  const call = rk.requests.start(what, -1, [...args, timeoutMs], E.RD_KAFKA_RESP_ERR__FATAL);
  yield { timeoutMs: timeoutMs < 0 ? -1 : timeoutMs + GRACE_MS, ready: () => rk.requests.answered(call) };
  return rk.requests.take(call);
}

/** Oldest and next offset of the partition, of its leader. */
export function* queryWatermarksSteps(
  rk: Handle,
  topic: string,
  partition: number,
  timeoutMs: number,
): Steps<WatermarksResult> {
  const questions: Question[] = [
    { topic, partition, timestamp: BEGINNING },
    { topic, partition, timestamp: END },
  ];
  const answer = yield* timedSteps(rk, 'query_offsets', timeoutMs, [questions]);
  const err = answer === null ? E.RD_KAFKA_RESP_ERR__TIMED_OUT : answer.err;
  if (err !== 0) return { err, low: E.RD_KAFKA_OFFSET_INVALID, high: E.RD_KAFKA_OFFSET_INVALID };
  const [first, second] = answer!.value as readonly Found[];
  const low = Math.min(first!.offset, second!.offset);
  const high = Math.max(first!.offset, second!.offset);
  return { err: 0, low: low < 0 ? high : low, high };
}

/** What the last answers of fetches had, RD_KAFKA_OFFSET_INVALID where there was none. */
export function cachedWatermarks(rk: Handle, topic: string, partition: number): WatermarksResult {
  rk.thread.drain();
  const { low = -1, high = -1 } = rk.consuming?.watermarks(partitionKey(topic, partition)) ?? {};
  const known = (offset: number): number => (offset < 0 ? E.RD_KAFKA_OFFSET_INVALID : offset);
  return { err: 0, low: known(low), high: known(high) };
}

/** Puts the offset of the first record at or after each entry's timestamp in its place; entries without a leader get `err`. */
export function* offsetsForTimesSteps(
  rk: Handle,
  list: PartitionList,
  given: TopicPartitionsToFill,
  timeoutMs: number,
): Steps<number> {
  if (list.cnt === 0) return E.RD_KAFKA_RESP_ERR__INVALID_ARG;
  const questions = list.elems.map(
    ({ topic, partition, offset }): Question => ({ topic, partition, timestamp: offset }),
  );
  const answer = yield* timedSteps(rk, 'query_offsets', timeoutMs, [questions]);
  if (answer === null) return E.RD_KAFKA_RESP_ERR__TIMED_OUT;
  for (const [i, found] of ((answer.value ?? []) as readonly Found[]).entries()) {
    const entry = list.elems[i];
    if (entry === undefined) break;
    entry.err = found.err;
    // A call that failed leaves the timestamps where they are, to be asked for again.
    if (answer.err !== 0 || found.err !== 0) continue;
    entry.offset = found.offset;
    entry.leaderEpoch = found.leaderEpoch;
  }
  fillPartitions(given, list);
  return answer.err;
}
