// The end of a handle: outstanding messages get their last reports, the group is left, threads let go
// (api.md, section 5; memory.md, part 2, 28).
// @thread app

import * as E from '../defs/enums.ts';
import { kafkaErrorOf } from '../defs/kafka_error.ts';
import { CLOSING } from '../ops/head_page.ts';
import { GONE } from '../rd/check.ts';
import type { Handle } from './handle.ts';
import type { OpQueue } from './op_queue.ts';
import { registry } from './registry.ts';
import { run, type Steps } from './steps.ts';
import { now } from './thread.ts';
import { serveUrgent } from './urgent.ts';

/** A consumer whose coordinator is connected has so long for its last commit and leave. */
const LEAVE_MS = 5000;
/** What is left after that has so long to close its sockets. */
const CLOSE_MS = 1000;
/** How long purged messages may wait for the writes that are pending over them before their sockets go. */
const PURGE_MS = 300;
/** A close that is served by polling a queue takes no longer. */
const CLOSE_INTO_MS = 12_000;

/** Ends the handle in so many steps; afterwards nothing of it is left: no thread, port, listener or timer. */
export function* closeSteps(rk: Handle, flags: number): Steps<void> {
  if (rk.closing) return;
  rk.closing = true;
  rk.serving = false;
  const leave =
    rk.consumer !== null &&
    !rk.consumer.closed &&
    (flags & E.RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE) === 0 &&
    rk.fatal === null;
  const thrown: unknown[] = [];
  if (leave) {
    try {
      yield* leaveSteps(rk, LEAVE_MS);
    } catch (error) {
      thrown.push(error);
    }
  }
  if (rk.producer) yield* purgeSteps(rk, thrown);
  Atomics.store(rk.memory.head, CLOSING, 1);
  if (!rk.dead) {
    rk.toMain({ type: 'close', deadline: now() - rk.startedAt + CLOSE_MS });
    yield { timeoutMs: CLOSE_MS + 500, ready: () => rk.closed || rk.dead, whole: true };
  }
  lastReports(rk, thrown);
  rk.requests.failAll(E.RD_KAFKA_RESP_ERR__DESTROY);
  for (const hook of rk.onClosed) yield* hook();
  rk.detach();
  registry().handles.delete(rk);
  rk[GONE] = 'has been destroyed';
  // Promises that are pending on this handle find that it is gone.
  rk.thread.turnSoon();
  if (thrown.length > 0) throw thrown[0];
}

/** Serves all that is there. Callbacks that throw or yield don't keep the handle from its end: the first error is. */
function serveAll(rk: Handle, thrown: unknown[]): void {
  for (;;) {
    try {
      if (rk.queue.serve(Number.POSITIVE_INFINITY) === 0) return;
    } catch (error) {
      thrown.push(error);
    }
  }
}

/** Everything outstanding is purged, and its reports are served. */
function* purgeSteps(rk: Handle, thrown: unknown[]): Steps<void> {
  const served = (): boolean => {
    serveAll(rk, thrown);
    return rk.limits!.messages === 0 || rk.dead;
  };
  rk.awaited?.failWaiting(kafkaErrorOf(E.RD_KAFKA_RESP_ERR__DESTROY));
  if (served()) return;
  rk.logs.add(
    4,
    'TERMINATE',
    `${rk.limits!.messages} messages were not delivered: they are reported as purged; flush() before destroy() delivers them`,
  );
  rk.held.purge(E.RD_KAFKA_RESP_ERR__PURGE_QUEUE);
  rk.requests.post('purge', -1, [true, true]);
  yield { timeoutMs: PURGE_MS, ready: served, whole: true };
}

/** Threads are gone: what was not reported by them gets its report here, once. */
function lastReports(rk: Handle, thrown: unknown[]): void {
  if (rk.reports === null) return;
  rk.thread.drain();
  rk.reports.take();
  serveAll(rk, thrown);
  if (rk.limits!.messages === 0) return;
  rk.dead = true;
  rk.reports.claimAll(E.RD_KAFKA_RESP_ERR__PURGE_INFLIGHT);
  serveAll(rk, thrown);
}

/** Leaves the group: revoke by the app's callback, commit, leave. Bounded by `timeoutMs`. */
export function* leaveSteps(rk: Handle, timeoutMs: number): Steps<number> {
  const consumer = rk.consumer!;
  if (consumer.closed || consumer.closing) return E.RD_KAFKA_RESP_ERR__DESTROY;
  consumer.closing = true;
  const call = rk.requests.start('consumer_close', -1, [timeoutMs, rk.closing], E.RD_KAFKA_RESP_ERR__FATAL);
  const thrown: unknown[] = [];
  const serve = (): void => {
    try {
      // A hook that is awaited would not come to its end in here.
      if (rk.thread.isBlocked) consumer.rebalances.abandon();
      serveUrgent(rk, consumer.queue.target);
      rk.queue.serve(Number.POSITIVE_INFINITY);
    } catch (error) {
      // Of a callback: the group is left all the same.
      thrown.push(error);
    }
  };
  const ready = (): boolean => {
    serve();
    return rk.requests.answered(call);
  };
  yield { timeoutMs, ready, whole: true };
  const answer = rk.requests.take(call);
  consumer.leftGroup();
  if (thrown.length > 0) throw thrown[0];
  if (rk.fatal !== null) return E.RD_KAFKA_RESP_ERR__FATAL;
  return answer === null ? E.RD_KAFKA_RESP_ERR__TIMED_OUT : answer.err;
}

/** rd_kafka_consumer_close_queue: begins to leave; what the app has to hear of lies in `queue` from here on. */
export function closeInto(rk: Handle, queue: OpQueue): number {
  const { consumer } = rk;
  if (consumer === null) return E.RD_KAFKA_RESP_ERR__UNKNOWN_GROUP;
  if (consumer.closed || consumer.closing) return E.RD_KAFKA_RESP_ERR__DESTROY;
  if (consumer.queue !== queue) consumer.queue.forwardTo(queue);
  consumer.closing = true;
  rk.requests.later('consumer_close', [CLOSE_INTO_MS, false], E.RD_KAFKA_RESP_ERR__FATAL, () => {
    consumer.leftGroup();
  });
  return 0;
}

/** rd_kafka_destroy_flags; inside a callback it marks, and the outermost call ends the handle when it unwinds. */
export function destroy(rk: Handle, flags: number): void {
  if (rk.inCallback > 0) {
    if (!rk.destroyLater) rk.destroyFlags = flags;
    rk.destroyLater = true;
    return;
  }
  run(rk.thread, closeSteps(rk, flags));
}

/** At the end of every call that may have run callbacks. */
export function unwind(rk: Handle): void {
  if (rk.destroyLater && rk.inCallback === 0) {
    rk.destroyLater = false;
    destroy(rk, rk.destroyFlags);
  }
}

export function installClose(rk: Handle): void {
  rk.callbacks.destroyHandle = () => destroy(rk, 0);
  rk.callbacks.unwindHandle = () => unwind(rk);
}
