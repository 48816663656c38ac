// Chapter "consumer" of rdkafka.h: the group consumer. @thread app
import { commitCallbackSteps, commitSteps, commitToQueue, committedSteps } from '../app/commit.ts';
import {
  assignment as assignmentOf,
  assign as assignNow,
  consumerCloseSteps,
  position as positionOf,
  subscribe as subscribeNow,
  unsubscribe as unsubscribeNow,
} from '../app/group.ts';
import type { Handle } from '../app/handle.ts';
import { setLastError } from '../app/registry.ts';
import { consumerPollSteps, pollHot } from '../app/serve.ts';
import {
  RD_KAFKA_RESP_ERR__INVALID_ARG,
  RD_KAFKA_RESP_ERR__UNKNOWN_GROUP,
  type rd_kafka_resp_err_t,
} from '../defs/enums.ts';
import { kafkaErrorOf } from '../defs/kafka_error.ts';
import type { MessageParts } from '../defs/message.ts';
import type { Out } from '../defs/out.ts';
import { PartitionList, partitionsFrom, partitionsToFill } from '../defs/partition_list.ts';
import type {
  OffsetCommitCb,
  rd_kafka_message_t,
  rd_kafka_queue_t,
  rd_kafka_t,
  rd_kafka_topic_partition_list_t,
  TopicPartitions,
  TopicPartitionsToFill,
} from '../defs/types.ts';
import { checkBrand, checkFunctionOrNull, checkOut, checkYesNo } from '../rd/check.ts';
import { block, checkHandle, checkSignal, checkTimeout, promise, type TwinOptions } from './check_handle.ts';
import { checkQueue } from './queue.ts';

function reject(err: number): void {
  if (err !== 0) throw kafkaErrorOf(err);
}

/**
 * rd_kafka_subscribe: joins the group and takes part in sharing out these topics (only the names of the list count); a
 * new subscription replaces the old one. Goes on in the background: partitions come with consumer_poll. 0;
 * _UNKNOWN_GROUP without group.id; _INVALID_ARG for an empty list, an empty or a repeated name; _FATAL. Does not wait.
 */
export function subscribe(rk: rd_kafka_t, topics: TopicPartitions): rd_kafka_resp_err_t {
  const handle = checkHandle('subscribe', rk);
  return subscribeNow(
    handle,
    partitionsFrom('subscribe', 'topics', topics).elems.map((entry) => entry.topic),
  );
}

/** `subscribe` as a promise: rejects with the code as a KafkaError. */
export async function subscribe_async(rk: rd_kafka_t, topics: TopicPartitions, o?: TwinOptions): Promise<void> {
  checkSignal('subscribe_async', o);
  reject(subscribe(rk, topics));
}

/** rd_kafka_unsubscribe: leaves the subscription; partitions are revoked in the background. Does not wait. */
export function unsubscribe(rk: rd_kafka_t): rd_kafka_resp_err_t {
  return unsubscribeNow(checkHandle('unsubscribe', rk));
}

/** `unsubscribe` as a promise. */
export async function unsubscribe_async(rk: rd_kafka_t, o?: TwinOptions): Promise<void> {
  checkSignal('unsubscribe_async', o);
  reject(unsubscribe(rk));
}

function subscriptionOf(handle: Handle): PartitionList {
  const list = new PartitionList();
  for (const topic of handle.consumer?.subscription ?? []) list.add(topic, -1);
  return list;
}

/** rd_kafka_subscription: the topics of the last subscribe, as a list of yours. _UNKNOWN_GROUP without group.id. */
export function subscription(rk: rd_kafka_t, topics: Out<rd_kafka_topic_partition_list_t> | null): rd_kafka_resp_err_t {
  const handle = checkHandle('subscription', rk);
  const target = checkOut('subscription', 'topics', topics);
  if (handle.consumer === null) return RD_KAFKA_RESP_ERR__UNKNOWN_GROUP;
  if (target !== null) target.value = subscriptionOf(handle);
  return 0;
}

/** `subscription` as a promise. */
export async function subscription_async(rk: rd_kafka_t, o?: TwinOptions): Promise<rd_kafka_topic_partition_list_t> {
  checkSignal('subscription_async', o);
  const handle = checkHandle('subscription', rk);
  if (handle.consumer === null) throw kafkaErrorOf(RD_KAFKA_RESP_ERR__UNKNOWN_GROUP);
  return subscriptionOf(handle);
}

/**
 * rd_kafka_consumer_poll: the next message, or an error in its place (`err` other than 0: its payload is the text), or
 * null when none came within `timeout_ms` (0: only what is here, negative: for ever). rebalance_cb runs in it. Counts for
 * max.poll.interval.ms. What it gives is an ordinary object with ordinary Buffers, yours for as long as you hold it.
 */
export function consumer_poll(rk: rd_kafka_t, timeout_ms: number): rd_kafka_message_t | null {
  const handle = checkHandle('consumer_poll', rk);
  checkTimeout('consumer_poll', timeout_ms);
  setLastError(0);
  return pollHot(handle) ?? block(handle, consumerPollSteps(handle, timeout_ms));
}

/** `consumer_poll` as a promise: null at the time-out. Rebalances run from the event loop while it is pending. */
export async function consumer_poll_async(
  rk: rd_kafka_t,
  timeout_ms: number = -1,
  o?: TwinOptions,
): Promise<rd_kafka_message_t | null> {
  const handle = checkHandle('consumer_poll', rk);
  return promise(
    'consumer_poll_async',
    handle,
    consumerPollSteps(handle, checkTimeout('consumer_poll', timeout_ms)),
    o,
  );
}

/**
 * rd_kafka_consumer_close: revokes the assignment (by rebalance_cb if there is one), commits when enable.auto.commit,
 * leaves the group. Blocks until that is done, at most 12 s. 0; _DESTROY the second time; _FATAL after a fatal error.
 * `destroy` ends the handle afterwards.
 */
export function consumer_close(rk: rd_kafka_t): rd_kafka_resp_err_t {
  const handle = checkHandle('consumer_close', rk);
  return block(handle, consumerCloseSteps(handle));
}

/** `consumer_close` as a promise. */
export async function consumer_close_async(rk: rd_kafka_t, o?: TwinOptions): Promise<void> {
  const handle = checkHandle('consumer_close', rk);
  reject(await promise('consumer_close_async', handle, consumerCloseSteps(handle), o));
}

/** rd_kafka_consumer_closed: 1 once consumer_close is done, else 0. Never blocks. */
export function consumer_closed(rk: rd_kafka_t): number {
  return checkHandle('consumer_closed', rk).consumer?.closed === true ? 1 : 0;
}

/**
 * rd_kafka_assign: what is consumed from here on, in place of what was; null: nothing. Without a subscription, or as the
 * answer of rebalance_cb. An offset that is RD_KAFKA_OFFSET_INVALID or _STORED means the committed one, else
 * auto.offset.reset. Nothing of the old assignment is handed out after it returns. 0; _INVALID_ARG for a partition named
 * twice or an offset that is none; _UNKNOWN_GROUP. Does not wait.
 */
export function assign(rk: rd_kafka_t, partitions: TopicPartitions | null): rd_kafka_resp_err_t {
  const handle = checkHandle('assign', rk);
  return assignNow(
    handle,
    partitions === null || partitions === undefined ? null : partitionsFrom('assign', 'partitions', partitions),
  );
}

/** `assign` as a promise. */
export async function assign_async(rk: rd_kafka_t, partitions: TopicPartitions | null, o?: TwinOptions): Promise<void> {
  checkSignal('assign_async', o);
  reject(assign(rk, partitions));
}

/** rd_kafka_assignment: the current assignment, as a list of yours. Never blocks. */
export function assignment(
  rk: rd_kafka_t,
  partitions: Out<rd_kafka_topic_partition_list_t> | null,
): rd_kafka_resp_err_t {
  const handle = checkHandle('assignment', rk);
  const target = checkOut('assignment', 'partitions', partitions);
  if (handle.consumer === null) return RD_KAFKA_RESP_ERR__UNKNOWN_GROUP;
  if (target !== null) target.value = assignmentOf(handle);
  return 0;
}

/** `assignment` as a promise. */
export async function assignment_async(rk: rd_kafka_t, o?: TwinOptions): Promise<rd_kafka_topic_partition_list_t> {
  checkSignal('assignment_async', o);
  const handle = checkHandle('assignment', rk);
  if (handle.consumer === null) throw kafkaErrorOf(RD_KAFKA_RESP_ERR__UNKNOWN_GROUP);
  return assignmentOf(handle);
}

/** rd_kafka_assignment_lost: 1 when the assignment that is being revoked may belong to others already. Never blocks. */
export function assignment_lost(rk: rd_kafka_t): number {
  const { consumer, thread } = checkHandle('assignment_lost', rk);
  thread.drain();
  return consumer?.assignmentLost === true ? 1 : 0;
}

/**
 * rd_kafka_commit: commits these offsets (each the next one to consume), or with null those of the messages handed out
 * so far. Waits for the coordinator's answer unless `async`; the result goes to offset_commit_cb as well. _NO_OFFSET when
 * there was nothing to commit.
 */
export function commit(rk: rd_kafka_t, offsets: TopicPartitions | null, async: boolean | number): rd_kafka_resp_err_t {
  const handle = checkHandle('commit', rk);
  return block(
    handle,
    commitSteps(handle, listOrNull('commit', 'offsets', offsets), checkYesNo('commit', 'async', async)),
  );
}

/** `commit` as a promise, of a commit that is waited for. */
export async function commit_async(rk: rd_kafka_t, offsets: TopicPartitions | null, o?: TwinOptions): Promise<void> {
  const handle = checkHandle('commit', rk);
  reject(
    await promise('commit_async', handle, commitSteps(handle, listOrNull('commit', 'offsets', offsets), false), o),
  );
}

function listOrNull(fn: string, param: string, list: TopicPartitions | null): PartitionList | null {
  return list === null || list === undefined ? null : partitionsFrom(fn, param, list);
}

/** The position behind a message, or null for an error in a message's place. */
function behind(fn: string, rkmessage: rd_kafka_message_t): PartitionList | null {
  const message = checkBrand<MessageParts>(fn, 'rkmessage', rkmessage, 'rd_kafka_message_t');
  if (message.err !== 0) return null;
  const list = new PartitionList();
  list.add(message.topic ?? '', message.partition).offset = message.offset + 1;
  return list;
}

/** rd_kafka_commit_message: commits the position behind this message; _INVALID_ARG for an error message. Waits like commit. */
export function commit_message(
  rk: rd_kafka_t,
  rkmessage: rd_kafka_message_t,
  async: boolean | number,
): rd_kafka_resp_err_t {
  const handle = checkHandle('commit_message', rk);
  const list = behind('commit_message', rkmessage);
  const later = checkYesNo('commit_message', 'async', async);
  return list === null ? RD_KAFKA_RESP_ERR__INVALID_ARG : block(handle, commitSteps(handle, list, later));
}

/** `commit_message` as a promise. */
export async function commit_message_async(
  rk: rd_kafka_t,
  rkmessage: rd_kafka_message_t,
  o?: TwinOptions,
): Promise<void> {
  checkSignal('commit_message_async', o);
  const handle = checkHandle('commit_message', rk);
  const list = behind('commit_message', rkmessage);
  if (list === null) throw kafkaErrorOf(RD_KAFKA_RESP_ERR__INVALID_ARG);
  reject(await promise('commit_message_async', handle, commitSteps(handle, list, false), o));
}

/**
 * rd_kafka_commit_queue: commits like commit, and gives the result to `cb(rk, err, offsets, commit_opaque)`, in which each
 * offset has its own `err`. With a queue it returns at once, and the call that serves the queue calls `cb` (or gives an
 * OFFSET_COMMIT event); with null it waits for the answer, calls `cb` by itself and returns the result. With a `cb`
 * offset_commit_cb is not called. _UNKNOWN_GROUP; _FATAL.
 */
export function commit_queue(
  rk: rd_kafka_t,
  offsets: TopicPartitions | null,
  rkqu: rd_kafka_queue_t | null,
  cb: OffsetCommitCb | null,
  commit_opaque: any,
): rd_kafka_resp_err_t {
  const fn = 'commit_queue';
  const handle = checkHandle(fn, rk);
  const list = listOrNull(fn, 'offsets', offsets);
  const queue = rkqu === null || rkqu === undefined ? null : checkQueue(fn, 'rkqu', rkqu);
  const call = checkFunctionOrNull(fn, 'cb', cb);
  if (queue !== null) return commitToQueue(handle, list, queue, call, commit_opaque);
  return block(handle, commitCallbackSteps(handle, list, call, commit_opaque));
}

/** `commit_queue` without a queue, as a promise: `cb` is called before it settles. */
export async function commit_queue_async(
  rk: rd_kafka_t,
  offsets: TopicPartitions | null,
  cb: OffsetCommitCb | null,
  commit_opaque: any,
  o?: TwinOptions,
): Promise<void> {
  const fn = 'commit_queue';
  const handle = checkHandle(fn, rk);
  const list = listOrNull(fn, 'offsets', offsets);
  const steps = commitCallbackSteps(handle, list, checkFunctionOrNull(fn, 'cb', cb), commit_opaque);
  reject(await promise('commit_queue_async', handle, steps, o));
}

/**
 * rd_kafka_committed: asks for the committed offsets of these partitions and fills them in: RD_KAFKA_OFFSET_INVALID where
 * there is none, `err` per partition. Waits up to `timeout_ms`; _TIMED_OUT.
 */
export function committed(rk: rd_kafka_t, partitions: TopicPartitionsToFill, timeout_ms: number): rd_kafka_resp_err_t {
  const handle = checkHandle('committed', rk);
  const list = partitionsToFill('committed', 'partitions', partitions);
  return block(handle, committedSteps(handle, list, partitions, checkTimeout('committed', timeout_ms)));
}

/** `committed` as a promise of the list. */
export async function committed_async(
  rk: rd_kafka_t,
  partitions: TopicPartitionsToFill,
  timeout_ms: number = -1,
  o?: TwinOptions,
): Promise<TopicPartitionsToFill> {
  const handle = checkHandle('committed', rk);
  const list = partitionsToFill('committed', 'partitions', partitions);
  reject(
    await promise(
      'committed_async',
      handle,
      committedSteps(handle, list, partitions, checkTimeout('committed', timeout_ms)),
      o,
    ),
  );
  return partitions;
}

/**
 * rd_kafka_position: fills in the next offset that consumer_poll would give for each partition, RD_KAFKA_OFFSET_INVALID
 * before the first, `err` _UNKNOWN_PARTITION where it is not assigned. Never blocks.
 */
export function position(rk: rd_kafka_t, partitions: TopicPartitionsToFill): rd_kafka_resp_err_t {
  const handle = checkHandle('position', rk);
  return positionOf(handle, partitionsToFill('position', 'partitions', partitions), partitions);
}

/**
 * rd_kafka_poll_set_consumer: what poll serves (reports, errors, commit results) is served by consumer_poll from here on,
 * so that a program needs only that one loop. _UNKNOWN_GROUP without group.id. Never blocks.
 */
export function poll_set_consumer(rk: rd_kafka_t): rd_kafka_resp_err_t {
  const handle = checkHandle('poll_set_consumer', rk);
  if (handle.consumer === null) return RD_KAFKA_RESP_ERR__UNKNOWN_GROUP;
  handle.mainQueue.forwardTo(handle.consumer.queue);
  return 0;
}
