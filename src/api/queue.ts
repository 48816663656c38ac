// Chapter "queue" of rdkafka.h: queues of events, and where each is forwarded. @thread app
import { closeInto } from '../app/close.ts';
import { OpQueue } from '../app/op_queue.ts';
import { callbackPollSteps, eventSteps } from '../app/queue_poll.ts';
import { QueueRef } from '../app/queue_ref.ts';
import { RD_KAFKA_RESP_ERR__INVALID_ARG } from '../defs/enums.ts';
import { KafkaError, kafkaErrorOf } from '../defs/kafka_error.ts';
import type { rd_kafka_error_t, rd_kafka_event_t, rd_kafka_queue_t, rd_kafka_t } from '../defs/types.ts';
import { checkBrand, checkInt32, checkString, destroyedError, GONE } from '../rd/check.ts';
import { block, checkHandle, checkTimeout, promise, type TwinOptions } from './check_handle.ts';

/** The queue, and the handle that it is of, which still has to be there. */
export function checkQueue(fn: string, param: string, rkqu: rd_kafka_queue_t): OpQueue {
  const { of } = checkBrand<QueueRef>(fn, param, rkqu, 'rd_kafka_queue_t');
  if (of.rk[GONE] !== '') throw destroyedError(fn, param, `is of a handle that ${of.rk[GONE]}`);
  return of;
}

/** rd_kafka_queue_new: a queue of the app's own, for others to be forwarded to. queue_destroy lets it go. */
export function queue_new(rk: rd_kafka_t): rd_kafka_queue_t {
  const handle = checkHandle('queue_new', rk);
  const queue = new OpQueue(handle, false);
  handle.consuming?.queues.add(queue);
  return new QueueRef(queue);
}

/** rd_kafka_queue_destroy: lets go of this reference. Whatever is forwarded to the queue goes there all the same. */
export function queue_destroy(rkqu: rd_kafka_queue_t): void {
  checkBrand<QueueRef>('queue_destroy', 'rkqu', rkqu, 'rd_kafka_queue_t').destroy();
}

/** rd_kafka_queue_get_main: what `poll` serves. */
export function queue_get_main(rk: rd_kafka_t): rd_kafka_queue_t {
  return new QueueRef(checkHandle('queue_get_main', rk).mainQueue);
}

/** rd_kafka_queue_get_consumer: what `consumer_poll` serves; null without group.id. Poll one or the other. */
export function queue_get_consumer(rk: rd_kafka_t): rd_kafka_queue_t | null {
  const { consumer } = checkHandle('queue_get_consumer', rk);
  return consumer === null ? null : new QueueRef(consumer.queue);
}

/**
 * rd_kafka_queue_get_partition: the queue of one partition, which goes to the consumer's queue until it is forwarded
 * elsewhere (`queue_forward(queue, null)`: nowhere, then it is to be polled by itself). Null for a producer.
 */
export function queue_get_partition(rk: rd_kafka_t, topic: string, partition: number): rd_kafka_queue_t | null {
  const handle = checkHandle('queue_get_partition', rk);
  checkString('queue_get_partition', 'topic', topic);
  checkInt32('queue_get_partition', 'partition', partition);
  return handle.consuming === null ? null : new QueueRef(handle.consuming.partitionQueue(topic, partition));
}

/**
 * rd_kafka_queue_forward: what is meant for `src` lies in `dst` from here on, what lies in it now as well; null: it stays
 * in `src`. RangeError for queues that would go round in a circle, TypeError for queues of two handles.
 */
export function queue_forward(src: rd_kafka_queue_t, dst: rd_kafka_queue_t | null): void {
  const from = checkQueue('queue_forward', 'src', src);
  const to = dst === null || dst === undefined ? null : checkQueue('queue_forward', 'dst', dst);
  if (to !== null && to.rk !== from.rk) throw new TypeError('queue_forward: dst must be a queue of the same handle');
  if (!from.forwardTo(to)) throw new RangeError('queue_forward: dst is forwarded to src already');
  from.byApp = true;
}

/** rd_kafka_queue_length: messages and events that wait, here or where it is forwarded to. */
export function queue_length(rkqu: rd_kafka_queue_t): number {
  const queue = checkQueue('queue_length', 'rkqu', rkqu);
  queue.rk.thread.drain();
  const replies = queue.rk.mainQueue.target === queue.target ? queue.rk.queue.length : 0;
  return queue.length + replies;
}

/**
 * rd_kafka_queue_poll: the next event, null when none came within `timeout_ms` (0: only what is here, negative: for
 * ever). Messages come as RD_KAFKA_EVENT_FETCH, rebalances and results of commits as their events (conf_set_events wants
 * them made), errors as RD_KAFKA_EVENT_ERROR; delivery reports, throttle times and log lines go to their callbacks. Counts
 * for max.poll.interval.ms where the queue has a consumer's messages. A message counts as handed out from here on.
 */
export function queue_poll(rkqu: rd_kafka_queue_t, timeout_ms: number): rd_kafka_event_t | null {
  const queue = checkQueue('queue_poll', 'rkqu', rkqu);
  return block(queue.rk, eventSteps(queue.rk, queue, checkTimeout('queue_poll', timeout_ms)));
}

/** `queue_poll` as a promise: null at the time-out. */
export async function queue_poll_async(
  rkqu: rd_kafka_queue_t,
  timeout_ms: number = -1,
  o?: TwinOptions,
): Promise<rd_kafka_event_t | null> {
  const queue = checkQueue('queue_poll', 'rkqu', rkqu);
  return promise('queue_poll_async', queue.rk, eventSteps(queue.rk, queue, checkTimeout('queue_poll', timeout_ms)), o);
}

/**
 * rd_kafka_queue_poll_callback: serves what is here by callbacks (messages: consume_cb; without one they wait), after
 * waiting up to `timeout_ms` for the first. Gives how many were served.
 */
export function queue_poll_callback(rkqu: rd_kafka_queue_t, timeout_ms: number): number {
  const queue = checkQueue('queue_poll_callback', 'rkqu', rkqu);
  return block(queue.rk, callbackPollSteps(queue.rk, queue, checkTimeout('queue_poll_callback', timeout_ms)));
}

/** `queue_poll_callback` as a promise. */
export async function queue_poll_callback_async(
  rkqu: rd_kafka_queue_t,
  timeout_ms: number = -1,
  o?: TwinOptions,
): Promise<number> {
  const queue = checkQueue('queue_poll_callback', 'rkqu', rkqu);
  return promise(
    'queue_poll_callback_async',
    queue.rk,
    callbackPollSteps(queue.rk, queue, checkTimeout('queue_poll_callback', timeout_ms)),
    o,
  );
}

/** rd_kafka_queue_yield: whoever waits on the queue (a pending twin) comes back with nothing. Never blocks. */
export function queue_yield(rkqu: rd_kafka_queue_t): void {
  const queue = checkQueue('queue_yield', 'rkqu', rkqu);
  queue.target.woken = true;
  queue.rk.thread.turnSoon();
}

/**
 * rd_kafka_consumer_close_queue: begins consumer_close and comes back at once: rebalances and messages go to `rkqu`, which
 * is to be polled until consumer_closed gives 1. Null, or _UNKNOWN_GROUP, _DESTROY (closed before), _INVALID_ARG (no
 * queue).
 */
export function consumer_close_queue(rk: rd_kafka_t, rkqu: rd_kafka_queue_t): rd_kafka_error_t | null {
  const handle = checkHandle('consumer_close_queue', rk);
  if (rkqu === null || rkqu === undefined)
    return new KafkaError(RD_KAFKA_RESP_ERR__INVALID_ARG, 'consumer_close_queue: a queue must be given');
  const err = closeInto(handle, checkQueue('consumer_close_queue', 'rkqu', rkqu));
  return err === 0 ? null : kafkaErrorOf(err);
}
