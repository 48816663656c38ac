// Polling: what poll, flush, purge and consumer_poll serve and wait for; and poll_start.
// @thread app

import * as E from '../defs/enums.ts';
import { kafkaErrorOf } from '../defs/kafka_error.ts';
import { FLUSHING, POLLS, WAITING } from '../ops/head_page.ts';
import { unwind } from './close.ts';
import { type ConsumedMessage, ErrorMessage } from './consumed_message.ts';
import type { Handle } from './handle.ts';
import type { OpQueue } from './op_queue.ts';
import { setLastError } from './registry.ts';
import type { Steps } from './steps.ts';
import { serveUrgent } from './urgent.ts';

/** Records accepted and not reported, and everything else that a poll would serve. */
export function outqLen(rk: Handle): number {
  dropReports(rk);
  return outstanding(rk);
}

function outstanding(rk: Handle): number {
  return (rk.limits?.messages ?? 0) + (rk.awaited?.waitingCount ?? 0) + rk.queue.length;
}

/**
 * Without anybody to hear of them, reports are taken here: nobody would ever poll (memory.md, part 2, 13). Promises are
 * settled, all of them: whoever asks may give the event loop no turn until there is room.
 */
export function dropReports(rk: Handle): void {
  rk.thread.drain();
  rk.reports?.settle(Number.POSITIVE_INFINITY);
  dropUnheard(rk);
}

/** The same of those that wait for no promise: for promises that wait for room, which come to it with the turns. */
export function dropSettled(rk: Handle): void {
  rk.thread.drain();
  dropUnheard(rk);
}

function dropUnheard(rk: Handle): void {
  if (rk.reports !== null && !rk.callbacks.reports && rk.reports.pending > 0)
    rk.reports.serve(Number.POSITIVE_INFINITY);
}

/** rd_kafka_flush: linger counts as 0 until everything is reported or the time is up. */
export function* flushSteps(rk: Handle, timeoutMs: number): Steps<number> {
  if (!rk.producer) return E.RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
  Atomics.add(rk.memory.head, FLUSHING, 1);
  rk.ringAll();
  const empty = (): boolean => outstanding(rk) === 0;
  const done = (): boolean => {
    rk.awaited?.admit();
    rk.queue.serve(Number.POSITIVE_INFINITY);
    return empty() || rk.stops;
  };
  try {
    yield { timeoutMs, ready: done };
    return empty() ? 0 : E.RD_KAFKA_RESP_ERR__TIMED_OUT;
  } finally {
    rk.yielded = false;
    Atomics.sub(rk.memory.head, FLUSHING, 1);
    unwind(rk);
  }
}

/** rd_kafka_purge: the reports of what was purged are there when it returns, for poll to serve. */
export function* purgeSteps(rk: Handle, flags: number): Steps<number> {
  if (!rk.producer) return E.RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED;
  const all = E.RD_KAFKA_PURGE_F_QUEUE | E.RD_KAFKA_PURGE_F_INFLIGHT | E.RD_KAFKA_PURGE_F_NON_BLOCKING;
  if ((flags & ~all) !== 0) return E.RD_KAFKA_RESP_ERR__INVALID_ARG;
  const queue = (flags & E.RD_KAFKA_PURGE_F_QUEUE) !== 0;
  const inflight = (flags & E.RD_KAFKA_PURGE_F_INFLIGHT) !== 0;
  if (!queue && !inflight) return 0;
  if (queue) {
    rk.awaited?.failWaiting(kafkaErrorOf(E.RD_KAFKA_RESP_ERR__PURGE_QUEUE));
    rk.held.purge(E.RD_KAFKA_RESP_ERR__PURGE_QUEUE);
  }
  if ((flags & E.RD_KAFKA_PURGE_F_NON_BLOCKING) !== 0) {
    rk.requests.post('purge', -1, [queue, inflight]);
    return 0;
  }
  const call = rk.requests.start('purge', -1, [queue, inflight], 0);
  yield { timeoutMs: -1, ready: () => rk.requests.answered(call), whole: true };
  rk.requests.take(call);
  return 0;
}

export type Polled = ConsumedMessage | ErrorMessage | null;

/**
 * The common case on a busy topic: a record is here. No generator, no waiting flag; null when poll has to look closer.
 */
export function pollHot(rk: Handle): Polled {
  const { consumer } = rk;
  if (consumer === null) return null;
  // Handlers run where a call waits.
  if (rk.thread.signalled) return null;
  consumer.pulls.polled();
  Atomics.add(rk.memory.head, POLLS, 1);
  rk.thread.drain();
  const message = pollOnce(rk, consumer.queue.target);
  if (message !== null) {
    rk.yielded = false;
    unwind(rk);
  }
  return message;
}

/** The same amid a batch: a rebalance is not begun, and nothing is given while one waits. */
export function pollMore(rk: Handle): Polled {
  const { consumer } = rk;
  if (consumer === null) return null;
  Atomics.add(rk.memory.head, POLLS, 1);
  rk.thread.drain();
  const { target } = consumer.queue;
  return target.urgent.length > 0 ? null : consumer.walk.next(target);
}

/** rd_kafka_consumer_poll: the next record or error; rebalances run on the way. */
export function* consumerPollSteps(rk: Handle, timeoutMs: number): Steps<Polled> {
  if (rk.consumer === null)
    return new ErrorMessage(
      E.RD_KAFKA_RESP_ERR__UNKNOWN_GROUP,
      'this handle has no group.id',
      null,
      -1,
      E.RD_KAFKA_OFFSET_INVALID,
    );
  return yield* queuePollSteps(rk, rk.consumer.queue, timeoutMs, pollOnce);
}

/**
 * Takes one thing off a queue, or off the one that it is forwarded to: what `take` gives, which runs callbacks on the
 * way; null at the end of the time, when `queue_yield` is called, and when a callback yields.
 */
export function* queuePollSteps<T>(
  rk: Handle,
  queue: OpQueue,
  timeoutMs: number,
  take: (rk: Handle, queue: OpQueue) => T | null,
): Steps<T | null> {
  let got: T | null = null;
  const { head } = rk.memory;
  const { consuming } = rk;
  const counts = queue.target.consumes && consuming !== null;
  if (counts) {
    consuming.pulls.polled();
    Atomics.add(head, POLLS, 1);
  }
  const next = (): boolean => {
    const { target } = queue;
    got = take(rk, target);
    // A closed consumer has nothing to wait for.
    return got !== null || rk.stops || target.woken || queue.woken || (counts && consuming.ends);
  };
  // The first look costs no waiting flag: the common case on a busy topic.
  rk.thread.drain();
  if (!next() && timeoutMs !== 0) {
    if (counts) Atomics.add(head, WAITING, 1);
    try {
      yield { timeoutMs, ready: next };
    } finally {
      if (counts) {
        Atomics.sub(head, WAITING, 1);
        Atomics.add(head, POLLS, 1);
      }
    }
  }
  const yielded = rk.yielded || queue.woken || queue.target.woken;
  rk.yielded = queue.woken = queue.target.woken = false;
  unwind(rk);
  if (got === null) {
    const waited = counts && consuming.closed ? E.RD_KAFKA_RESP_ERR__DESTROY : E.RD_KAFKA_RESP_ERR__TIMED_OUT;
    setLastError(yielded ? E.RD_KAFKA_RESP_ERR__INTR : waited);
  }
  return got;
}

/** One look at a queue that is not forwarded: what is urgent first, replies if they go here, then a message. */
export function pollOnce(rk: Handle, queue: OpQueue): Polled {
  serveFirst(rk, queue);
  return rk.stops || rk.consuming === null ? null : rk.consuming.walk.next(queue);
}

/** What comes before the messages of a queue. */
export function serveFirst(rk: Handle, queue: OpQueue): void {
  serveUrgent(rk, queue);
  if (rk.mainQueue.target === queue && !rk.stops) rk.queue.serve(Number.POSITIVE_INFINITY);
  else if (rk.logs.pending > 0) rk.logs.serve();
}

/** poll_start: the event loop serves from here on. */
export function startServing(rk: Handle): Disposable & { stop(): void } {
  if (!rk.serving) {
    rk.serving = true;
    rk.thread.turnSoon();
  }
  const stop = (): void => {
    rk.serving = false;
  };
  return { stop, [Symbol.dispose]: stop };
}

/** Room in the producer's queue for one more record, after _QUEUE_FULL: F_BLOCK waits here and serves reports. */
export function* roomSteps(rk: Handle, valueBytes: number): Steps<void> {
  const limits = rk.limits!;
  const hasRoom = (): boolean =>
    !limits.memoryFull && limits.messages < limits.maxMessages && limits.bytes + valueBytes <= limits.maxBytes;
  try {
    yield {
      timeoutMs: -1,
      ready: () => {
        rk.queue.serve(Number.POSITIVE_INFINITY);
        return hasRoom() || rk.fatal !== null || (rk.destroyLater && !rk.closing);
      },
    };
  } finally {
    rk.yielded = false;
    unwind(rk);
  }
}
