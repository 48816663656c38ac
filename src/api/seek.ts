// Chapters "seek" and "pause_resume" of rdkafka.h. @thread app
import { pause, type SeekResult, seekSteps } from '../app/flow.ts';
import type { Handle } from '../app/handle.ts';
import type { Steps } from '../app/steps.ts';
import {
  RD_KAFKA_PARTITION_UA,
  RD_KAFKA_RESP_ERR__INVALID_ARG,
  RD_KAFKA_RESP_ERR__TIMED_OUT,
  type rd_kafka_resp_err_t,
} from '../defs/enums.ts';
import { KafkaError, kafkaErrorOf } from '../defs/kafka_error.ts';
import { fillPartitions, PartitionList, partitionsToFill } from '../defs/partition_list.ts';
import type { rd_kafka_error_t, rd_kafka_t, rd_kafka_topic_t, TopicPartitionsToFill } from '../defs/types.ts';
import { checkInt32, checkInt64 } from '../rd/check.ts';
import {
  block,
  checkConsumer,
  checkHandle,
  checkSignal,
  checkTimeout,
  checkTopic,
  promise,
  type TwinOptions,
} from './check_handle.ts';

function* one(rk: Handle, topic: string, partition: number, offset: number, timeoutMs: number): Steps<number> {
  if (partition === RD_KAFKA_PARTITION_UA) return RD_KAFKA_RESP_ERR__INVALID_ARG;
  const list = new PartitionList();
  const entry = list.add(topic, partition);
  entry.offset = offset;
  const { waiting } = yield* seekSteps(rk, list.elems, timeoutMs);
  return waiting > 0 ? RD_KAFKA_RESP_ERR__TIMED_OUT : entry.err;
}

/**
 * rd_kafka_seek: the next message of this assigned partition will be the one at `offset` (BEGINNING, END and TAIL too);
 * what was fetched before is never handed out after it. Waits up to `timeout_ms` until the fetchers know (0: does not
 * wait). 0; _UNKNOWN_PARTITION for one that is not assigned; _INVALID_ARG for another logical offset; _TIMED_OUT.
 */
export function seek(
  rkt: rd_kafka_topic_t,
  partition: number,
  offset: number,
  timeout_ms: number,
): rd_kafka_resp_err_t {
  const { rk, name } = checkTopic('seek', rkt);
  checkConsumer('seek', rk, 'rkt');
  checkInt32('seek', 'partition', partition);
  checkInt64('seek', 'offset', offset);
  return block(rk, one(rk, name, partition, offset, checkTimeout('seek', timeout_ms))) as rd_kafka_resp_err_t;
}

/** `seek` as a promise. */
export async function seek_async(
  rkt: rd_kafka_topic_t,
  partition: number,
  offset: number,
  timeout_ms: number = -1,
  o?: TwinOptions,
): Promise<void> {
  const { rk, name } = checkTopic('seek', rkt);
  checkConsumer('seek', rk, 'rkt');
  checkInt32('seek', 'partition', partition);
  checkInt64('seek', 'offset', offset);
  const steps = one(rk, name, partition, offset, checkTimeout('seek', timeout_ms));
  const err = await promise('seek_async', rk, steps, o);
  if (err !== 0) throw kafkaErrorOf(err);
}

function* many(rk: Handle, list: PartitionList, given: TopicPartitionsToFill, timeoutMs: number): Steps<SeekResult> {
  const result = yield* seekSteps(rk, list.elems, timeoutMs);
  fillPartitions(given, list);
  return result;
}

function late({ waiting }: SeekResult): KafkaError | null {
  if (waiting === 0) return null;
  return new KafkaError(
    RD_KAFKA_RESP_ERR__TIMED_OUT,
    `seek_partitions: ${waiting} partition(s) have not been sought in time`,
  );
}

/**
 * rd_kafka_seek_partitions: seeks each entry's partition to its offset; each gets its `err`. Waits as `seek` does. Null,
 * or an error of the whole: _INVALID_ARG for a producer or an empty list, _TIMED_OUT (entries that are not done have
 * _IN_PROGRESS).
 */
export function seek_partitions(
  rk: rd_kafka_t,
  partitions: TopicPartitionsToFill,
  timeout_ms: number,
): rd_kafka_error_t | null {
  const handle = checkHandle('seek_partitions', rk);
  const list = partitionsToFill('seek_partitions', 'partitions', partitions);
  checkTimeout('seek_partitions', timeout_ms);
  return wrong(handle, list) ?? late(block(handle, many(handle, list, partitions, timeout_ms)));
}

function wrong(handle: Handle, list: PartitionList): KafkaError | null {
  if (handle.consuming === null)
    return new KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, 'seek_partitions: rk must be a consumer');
  if (list.elems.length === 0)
    return new KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, 'seek_partitions: partitions must not be empty');
  return null;
}

/** `seek_partitions` as a promise of the list; rejects with the error of the whole. */
export async function seek_partitions_async(
  rk: rd_kafka_t,
  partitions: TopicPartitionsToFill,
  timeout_ms: number = -1,
  o?: TwinOptions,
): Promise<TopicPartitionsToFill> {
  const handle = checkHandle('seek_partitions', rk);
  const list = partitionsToFill('seek_partitions', 'partitions', partitions);
  checkTimeout('seek_partitions', timeout_ms);
  const err = wrong(handle, list);
  if (err !== null) throw err;
  const result = await promise('seek_partitions_async', handle, many(handle, list, partitions, timeout_ms), o);
  const timedOut = late(result);
  if (timedOut !== null) throw timedOut;
  return partitions;
}

function pauseOrResume(fn: string, rk: rd_kafka_t, partitions: TopicPartitionsToFill, paused: boolean): void {
  const handle = checkHandle(fn, rk);
  checkConsumer(fn, handle, 'rk');
  const list = partitionsToFill(fn, 'partitions', partitions);
  pause(handle, list.elems, paused);
  fillPartitions(partitions, list);
}

/**
 * rd_kafka_pause_partitions: nothing of these is handed out until resume_partitions; what was fetched is kept for then.
 * Each entry gets its `err` (_UNKNOWN_PARTITION for one that is not assigned). Gives 0. Never blocks.
 */
export function pause_partitions(rk: rd_kafka_t, partitions: TopicPartitionsToFill): rd_kafka_resp_err_t {
  pauseOrResume('pause_partitions', rk, partitions, true);
  return 0;
}

/** `pause_partitions` as a promise of the list. */
export async function pause_partitions_async(
  rk: rd_kafka_t,
  partitions: TopicPartitionsToFill,
  o?: TwinOptions,
): Promise<TopicPartitionsToFill> {
  checkSignal('pause_partitions_async', o);
  pause_partitions(rk, partitions);
  return partitions;
}

/** rd_kafka_resume_partitions: these are handed out again, from where they were paused. Entries as in pause_partitions. */
export function resume_partitions(rk: rd_kafka_t, partitions: TopicPartitionsToFill): rd_kafka_resp_err_t {
  pauseOrResume('resume_partitions', rk, partitions, false);
  return 0;
}

/** `resume_partitions` as a promise of the list. */
export async function resume_partitions_async(
  rk: rd_kafka_t,
  partitions: TopicPartitionsToFill,
  o?: TwinOptions,
): Promise<TopicPartitionsToFill> {
  checkSignal('resume_partitions_async', o);
  resume_partitions(rk, partitions);
  return partitions;
}
