// Chapter "consume_legacy" of rdkafka.h: the simple consumer, which starts and stops partitions by itself, and the calls
// that take messages off any queue. @thread app
import type { Handle } from '../app/handle.ts';
import type { OpQueue } from '../app/op_queue.ts';
import { batchSteps, consumeCallbackSteps } from '../app/queue_poll.ts';
import { registry, setLastError } from '../app/registry.ts';
import { pollOnce, queuePollSteps } from '../app/serve.ts';
import { consumeStart, consumeStopSteps, startedQueue } from '../app/simple.ts';
import type { Topic } from '../app/topic.ts';
import { kafkaErrorOf } from '../defs/kafka_error.ts';
import type { ConsumeCb, rd_kafka_message_t, rd_kafka_queue_t, rd_kafka_topic_t } from '../defs/types.ts';
import { checkFunction, checkInt32, checkInt64, checkSize, typeError } from '../rd/check.ts';
import { block, checkConsumer, checkTimeout, checkTopic, promise, type TwinOptions } from './check_handle.ts';
import { checkQueue } from './queue.ts';

function checkConsumed(fn: string, rkt: rd_kafka_topic_t, partition: number): Topic {
  const topic = checkTopic(fn, rkt);
  checkConsumer(fn, topic.rk, 'rkt');
  checkInt32(fn, 'partition', partition);
  return topic;
}

function checkFrom(fn: string, rkqu: rd_kafka_queue_t): OpQueue {
  const queue = checkQueue(fn, 'rkqu', rkqu);
  checkConsumer(fn, queue.rk, 'rkqu');
  return queue;
}

/**
 * rd_kafka_consume_start: begins to fetch a partition from `offset` (BEGINNING, END, TAIL(n) and STORED too), without a
 * group's assignment; `consume`, `consume_batch` and `consume_callback` take its messages. 0, or -1 with last_error
 * _UNKNOWN_PARTITION (negative) or _INVALID_ARG (another logical offset, STORED without group.id, or a consumer that has
 * subscribed or assigned). Does not wait.
 */
export function consume_start(rkt: rd_kafka_topic_t, partition: number, offset: number): number {
  const topic = checkConsumed('consume_start', rkt, partition);
  return consumeStart(topic, partition, checkInt64('consume_start', 'offset', offset), null);
}

/** rd_kafka_consume_start_queue: the same, its messages go to `rkqu`, for consume_queue and the like. */
export function consume_start_queue(
  rkt: rd_kafka_topic_t,
  partition: number,
  offset: number,
  rkqu: rd_kafka_queue_t,
): number {
  const topic = checkConsumed('consume_start_queue', rkt, partition);
  checkInt64('consume_start_queue', 'offset', offset);
  return consumeStart(topic, partition, offset, checkFrom('consume_start_queue', rkqu));
}

/**
 * rd_kafka_consume_stop: ends what consume_start began; what was fetched is dropped, the last offset stored. Waits until
 * that is done. 0, or -1 with last_error _UNKNOWN_PARTITION for one that was not started.
 */
export function consume_stop(rkt: rd_kafka_topic_t, partition: number): number {
  const topic = checkConsumed('consume_stop', rkt, partition);
  return block(topic.rk, consumeStopSteps(topic, partition));
}

/** `consume_stop` as a promise. */
export async function consume_stop_async(rkt: rd_kafka_topic_t, partition: number, o?: TwinOptions): Promise<void> {
  const topic = checkConsumed('consume_stop', rkt, partition);
  const done = await promise('consume_stop_async', topic.rk, consumeStopSteps(topic, partition), o);
  if (done !== 0) throw kafkaErrorOf(registry().lastError);
}

/** The queue of a started partition. Twins reject for another. */
function startedOrThrow(topic: Topic, partition: number): OpQueue {
  const queue = startedQueue(topic, partition);
  if (queue === null) throw kafkaErrorOf(registry().lastError);
  return queue;
}

/**
 * rd_kafka_consume: the next message of a started partition, or an error in its place; null when none came within
 * `timeout_ms`, with last_error _TIMED_OUT, or _UNKNOWN_PARTITION for a partition that was not started.
 */
export function consume(rkt: rd_kafka_topic_t, partition: number, timeout_ms: number): rd_kafka_message_t | null {
  const topic = checkConsumed('consume', rkt, partition);
  checkTimeout('consume', timeout_ms);
  const queue = startedQueue(topic, partition);
  return queue === null ? null : take(topic.rk, queue, timeout_ms);
}

function take(rk: Handle, queue: OpQueue, timeoutMs: number): rd_kafka_message_t | null {
  setLastError(0);
  return block(rk, queuePollSteps(rk, queue, timeoutMs, pollOnce));
}

/** `consume` as a promise: null at the time-out. */
export async function consume_async(
  rkt: rd_kafka_topic_t,
  partition: number,
  timeout_ms: number = -1,
  o?: TwinOptions,
): Promise<rd_kafka_message_t | null> {
  const topic = checkConsumed('consume', rkt, partition);
  checkTimeout('consume', timeout_ms);
  const queue = startedOrThrow(topic, partition);
  return promise('consume_async', topic.rk, queuePollSteps(topic.rk, queue, timeout_ms, pollOnce), o);
}

function checkLent(fn: string, rkmessages: rd_kafka_message_t[], rkmessages_size: number): number {
  if (!Array.isArray(rkmessages)) throw typeError(fn, 'rkmessages', 'an array', rkmessages);
  return checkSize(fn, 'rkmessages_size', rkmessages_size);
}

function fill(rk: Handle, queue: OpQueue, timeoutMs: number, rkmessages: rd_kafka_message_t[], most: number): number {
  const messages = block(rk, batchSteps(rk, queue, timeoutMs, most));
  rkmessages.length = 0;
  rkmessages.push(...messages);
  if (messages.length > 0) setLastError(0);
  return messages.length;
}

/**
 * rd_kafka_consume_batch: up to `rkmessages_size` messages of a started partition into `rkmessages`, whose length is set;
 * waits up to `timeout_ms` for that many, or for as many as are fetched ahead (queued.min.messages and
 * queued.max.messages.kbytes), and gives how many there are; -1 with last_error _UNKNOWN_PARTITION for a partition that
 * was not started. Callbacks run meanwhile; what they seek over, pause or let go is not in the batch.
 */
export function consume_batch(
  rkt: rd_kafka_topic_t,
  partition: number,
  timeout_ms: number,
  rkmessages: rd_kafka_message_t[],
  rkmessages_size: number,
): number {
  const topic = checkConsumed('consume_batch', rkt, partition);
  checkTimeout('consume_batch', timeout_ms);
  const most = checkLent('consume_batch', rkmessages, rkmessages_size);
  const queue = startedQueue(topic, partition);
  return queue === null ? -1 : fill(topic.rk, queue, timeout_ms, rkmessages, most);
}

/** `consume_batch` as a promise of the messages. */
export async function consume_batch_async(
  rkt: rd_kafka_topic_t,
  partition: number,
  timeout_ms: number,
  rkmessages_size: number,
  o?: TwinOptions,
): Promise<rd_kafka_message_t[]> {
  const topic = checkConsumed('consume_batch', rkt, partition);
  const most = checkSize('consume_batch', 'rkmessages_size', rkmessages_size);
  checkTimeout('consume_batch', timeout_ms);
  const queue = startedOrThrow(topic, partition);
  return promise('consume_batch_async', topic.rk, batchSteps(topic.rk, queue, timeout_ms, most), o);
}

/** Without a function of its own the call hands messages to the handle's (conf_set_consume_cb). */
function checkConsumeCb(fn: string, rk: Handle, consume_cb: ConsumeCb | null): ConsumeCb {
  return checkFunction(fn, 'consume_cb', consume_cb ?? rk.callbacks.conf.consume_cb) as ConsumeCb;
}

function served(rk: Handle, cb: ConsumeCb, opaque: any): (message: rd_kafka_message_t) => void {
  return (message) => rk.callbacks.consumed(cb, message, opaque);
}

/**
 * rd_kafka_consume_callback: waits up to `timeout_ms` for the first message of a started partition, then calls
 * `consume_cb(message, commit_opaque)` with it and with what else is here, at most consume.callback.max.messages; yield_
 * in the callback ends it early. Gives how many; -1 with last_error _UNKNOWN_PARTITION.
 */
export function consume_callback(
  rkt: rd_kafka_topic_t,
  partition: number,
  timeout_ms: number,
  consume_cb: ConsumeCb | null,
  commit_opaque: any,
): number {
  const topic = checkConsumed('consume_callback', rkt, partition);
  checkTimeout('consume_callback', timeout_ms);
  const cb = checkConsumeCb('consume_callback', topic.rk, consume_cb);
  const queue = startedQueue(topic, partition);
  if (queue === null) return -1;
  return block(topic.rk, callbackSteps(topic, queue, timeout_ms, cb, commit_opaque));
}

function callbackSteps(topic: Topic, queue: OpQueue, timeoutMs: number, cb: ConsumeCb, opaque: any) {
  const most = topic.settings['consume.callback.max.messages'];
  return consumeCallbackSteps(topic.rk, queue, timeoutMs, most, served(topic.rk, cb, opaque));
}

/** `consume_callback` as a promise. */
export async function consume_callback_async(
  rkt: rd_kafka_topic_t,
  partition: number,
  timeout_ms: number,
  consume_cb: ConsumeCb | null,
  commit_opaque: any,
  o?: TwinOptions,
): Promise<number> {
  const topic = checkConsumed('consume_callback', rkt, partition);
  const cb = checkConsumeCb('consume_callback', topic.rk, consume_cb);
  checkTimeout('consume_callback', timeout_ms);
  const queue = startedOrThrow(topic, partition);
  const steps = callbackSteps(topic, queue, timeout_ms, cb, commit_opaque);
  return promise('consume_callback_async', topic.rk, steps, o);
}

/** rd_kafka_consume_queue: the next message of any partition that goes to this queue; as consume. */
export function consume_queue(rkqu: rd_kafka_queue_t, timeout_ms: number): rd_kafka_message_t | null {
  const queue = checkFrom('consume_queue', rkqu);
  return take(queue.rk, queue, checkTimeout('consume_queue', timeout_ms));
}

/** `consume_queue` as a promise. */
export async function consume_queue_async(
  rkqu: rd_kafka_queue_t,
  timeout_ms: number = -1,
  o?: TwinOptions,
): Promise<rd_kafka_message_t | null> {
  const queue = checkFrom('consume_queue', rkqu);
  checkTimeout('consume_queue', timeout_ms);
  return promise('consume_queue_async', queue.rk, queuePollSteps(queue.rk, queue, timeout_ms, pollOnce), o);
}

/** rd_kafka_consume_batch_queue: as consume_batch, of any partition that goes to this queue. */
export function consume_batch_queue(
  rkqu: rd_kafka_queue_t,
  timeout_ms: number,
  rkmessages: rd_kafka_message_t[],
  rkmessages_size: number,
): number {
  const queue = checkFrom('consume_batch_queue', rkqu);
  checkTimeout('consume_batch_queue', timeout_ms);
  const most = checkLent('consume_batch_queue', rkmessages, rkmessages_size);
  return fill(queue.rk, queue, timeout_ms, rkmessages, most);
}

/** `consume_batch_queue` as a promise of the messages. */
export async function consume_batch_queue_async(
  rkqu: rd_kafka_queue_t,
  timeout_ms: number,
  rkmessages_size: number,
  o?: TwinOptions,
): Promise<rd_kafka_message_t[]> {
  const queue = checkFrom('consume_batch_queue', rkqu);
  const most = checkSize('consume_batch_queue', 'rkmessages_size', rkmessages_size);
  checkTimeout('consume_batch_queue', timeout_ms);
  return promise('consume_batch_queue_async', queue.rk, batchSteps(queue.rk, queue, timeout_ms, most), o);
}

/** rd_kafka_consume_callback_queue: as consume_callback, of any partition that goes to this queue. */
export function consume_callback_queue(
  rkqu: rd_kafka_queue_t,
  timeout_ms: number,
  consume_cb: ConsumeCb | null,
  commit_opaque: any,
): number {
  const queue = checkFrom('consume_callback_queue', rkqu);
  checkTimeout('consume_callback_queue', timeout_ms);
  const cb = checkConsumeCb('consume_callback_queue', queue.rk, consume_cb);
  const { rk } = queue;
  return block(rk, consumeCallbackSteps(rk, queue, timeout_ms, 0, served(rk, cb, commit_opaque)));
}

/** `consume_callback_queue` as a promise. */
export async function consume_callback_queue_async(
  rkqu: rd_kafka_queue_t,
  timeout_ms: number,
  consume_cb: ConsumeCb | null,
  commit_opaque: any,
  o?: TwinOptions,
): Promise<number> {
  const queue = checkFrom('consume_callback_queue', rkqu);
  const cb = checkConsumeCb('consume_callback_queue', queue.rk, consume_cb);
  checkTimeout('consume_callback_queue', timeout_ms);
  const { rk } = queue;
  const steps = consumeCallbackSteps(rk, queue, timeout_ms, 0, served(rk, cb, commit_opaque));
  return promise('consume_callback_queue_async', rk, steps, o);
}
