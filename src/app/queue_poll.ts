// What queue_poll (events), queue_poll_callback and poll after poll_set_consumer (callbacks) take off a queue.
// @thread app

import { queueFull } from '../ops/queue_limits.ts';
import { GONE } from '../rd/check.ts';
import { unwind } from './close.ts';
import type { ErrorMessage } from './consumed_message.ts';
import { QueueEvent } from './event.ts';
import type { Handle } from './handle.ts';
import type { OpQueue } from './op_queue.ts';
import { type Polled, pollOnce, queuePollSteps, serveFirst } from './serve.ts';
import type { Steps } from './steps.ts';
import { serveUrgent } from './urgent.ts';

/** rd_kafka_poll: serves what is there; waits for the first thing otherwise. Gives how many were served. */
export function* pollSteps(rk: Handle, timeoutMs: number): Steps<number> {
  // After poll_set_consumer it is the consumer's queue that is served, as far as that can be done by callbacks.
  // So is all of it when the consumer's queue goes to the main one.
  if (rk.mainQueue.consumes || (rk.mainQueue.forwarded && rk.callbacks.conf.consume_cb !== null))
    return yield* callbackPollSteps(rk, rk.mainQueue, timeoutMs);
  let served = 0;
  const serve = (): boolean => {
    served = rk.mainQueue.forwarded ? 0 : rk.queue.serve(Number.POSITIVE_INFINITY);
    return served > 0 || rk.stops;
  };
  try {
    yield { timeoutMs, ready: serve };
  } finally {
    rk.yielded = false;
    unwind(rk);
  }
  return served;
}

/** rd_kafka_queue_poll. Reports, throttle times and log lines go to their callbacks on the way. */
export function eventSteps(rk: Handle, queue: OpQueue, timeoutMs: number): Steps<QueueEvent | null> {
  return queuePollSteps(rk, queue, timeoutMs, takeEvent);
}

function takeEvent(rk: Handle, queue: OpQueue): QueueEvent | null {
  const urgent = queue.urgent.shift();
  if (urgent !== undefined) {
    if (urgent.kind === 'offset_commit') return QueueEvent.offsetCommit(urgent);
    rk.consuming!.assignmentLost = urgent.op.lost;
    return QueueEvent.rebalance(urgent.op);
  }
  if (rk.mainQueue.target === queue) {
    const reply = rk.queue.nextEvent();
    if (reply !== null) return reply;
  }
  const message = rk.stops || rk.consuming === null ? null : rk.consuming.walk.next(queue);
  return message === null ? null : QueueEvent.fetched(message);
}

/** rd_kafka_queue_poll_callback: everything here to its callback; gives how many were served. */
export function* callbackPollSteps(rk: Handle, queue: OpQueue, timeoutMs: number): Steps<number> {
  return (yield* queuePollSteps(rk, queue, timeoutMs, serveCallbacks)) ?? 0;
}

/** Messages wait where there is no consume_cb for them. Null for nothing. */
export function serveCallbacks(rk: Handle, queue: OpQueue): number | null {
  let served = queue.urgent.length;
  serveUrgent(rk, queue);
  served -= queue.urgent.length;
  if (rk.mainQueue.target === queue && !rk.stops) served += rk.queue.serve(Number.POSITIVE_INFINITY);
  const { consuming, callbacks } = rk;
  while (consuming !== null && !rk.stops && queue.urgent.length === 0) {
    if (callbacks.conf.consume_cb === null && queue.items[queue.head]?.kind !== 'error') break;
    const message = consuming.walk.next(queue);
    if (message === null) break;
    served++;
    deliver(rk, message);
  }
  return served > 0 ? served : null;
}

function deliver(rk: Handle, message: NonNullable<Polled>): void {
  const { consume_cb, opaque } = rk.callbacks.conf;
  if (message.err === 0) rk.callbacks.consumed(consume_cb!, message, opaque);
  else rk.queue.tellError(message.err, (message as ErrorMessage).errorText() ?? '');
}

/**
 * rd_kafka_consume_batch and _queue: as many as are wanted, or those that came in the time, or as many as are fetched
 * ahead. They are taken at the end, all at once: what is let go, sought over or paused while a promise is pending is not
 * among them, and one that is aborted has taken nothing.
 */
export function* batchSteps(rk: Handle, queue: OpQueue, timeoutMs: number, most: number): Steps<NonNullable<Polled>[]> {
  const messages: NonNullable<Polled>[] = [];
  if (most === 0) return messages;
  const { walk } = rk.consuming!;
  const enough = (_rk: Handle, target: OpQueue): true | null => {
    serveFirst(rk, target);
    if (rk.stops) return null;
    const length = walk.lengthUpTo(target, most);
    return length >= most || (length > 0 && queueFull(rk.memory.head, rk.settings)) ? true : null;
  };
  yield* queuePollSteps(rk, queue, timeoutMs, enough);
  while (messages.length < most && rk[GONE] === '') {
    const message = walk.next(queue.target);
    if (message === null) break;
    messages.push(message);
  }
  return messages;
}

/**
 * rd_kafka_consume_callback and _queue: waits for the first, then hands out what is here, at most `most` (0: no bound);
 * ends when a callback yields. Gives how many.
 */
export function* consumeCallbackSteps(
  rk: Handle,
  queue: OpQueue,
  timeoutMs: number,
  most: number,
  cb: (message: NonNullable<Polled>) => void,
): Steps<number> {
  let count = 0;
  const take = (_rk: Handle, target: OpQueue): true | null => {
    for (;;) {
      const message = pollOnce(rk, target);
      if (message === null) return count > 0 ? true : null;
      count++;
      cb(message);
      if (rk.stops || count === most) return true;
    }
  };
  yield* queuePollSteps(rk, queue, timeoutMs, take);
  return count;
}
