// The graceful end of a handle from the event loop: close_async, and what `await using` runs. @thread app

import * as E from '../defs/enums.ts';
import { PartitionList } from '../defs/partition_list.ts';
import type { rd_kafka_topic_partition_t } from '../defs/types.ts';
import { GONE } from '../rd/check.ts';
import { closeSteps, leaveSteps } from './close.ts';
import { commitOffsetsSteps, committedSteps } from './commit.ts';
import type { Handle } from './handle.ts';
import { flushSteps, outqLen } from './serve.ts';
import { runAsync, type Steps } from './steps.ts';
import { now } from './thread.ts';

/** What could not be brought to its end. */
export interface Closed {
  /** Messages whose reports said, since it was called, that they are not delivered. */
  readonly undelivered: number;
  /** Partitions with their stored offsets that are not committed. */
  readonly uncommitted: rd_kafka_topic_partition_t[];
}

/** close_async settles within this, and a second for the last. */
export const CLOSE_MS = 30_000;
/** Of what is left: for what is in work, and for the commit. The rest is for leaving, and for the end. */
const WORK_SHARE = 0.6;
const COMMIT_SHARE = 0.5;
/** Leaving the group, and asking what is committed, take no longer. */
const LEAVE_MS = 5000;

/** One end for all who ask; later ones get the first one's promise, whatever their times. */
export function closeAsync(rk: Handle, timeoutMs: number, signal?: AbortSignal): Promise<Closed> {
  rk.ending ??= end(rk, timeoutMs, signal);
  return rk.ending;
}

async function end(rk: Handle, timeoutMs: number, signal: AbortSignal | undefined): Promise<Closed> {
  const failed = rk.reports?.failed ?? 0;
  const until = timeoutMs < 0 ? Number.POSITIVE_INFINITY : now() + timeoutMs;
  /** Nothing is waited for once it is aborted: then the handle ends at once. */
  const left = (share: number, most: number = Number.POSITIVE_INFINITY): number => {
    if (signal?.aborted === true) return 0;
    return Math.min(most, until === Number.POSITIVE_INFINITY ? 0x7fffffff : Math.max(0, (until - now()) * share));
  };
  const within = <T>(ms: number, what: Steps<T>, otherwise: T | null = null): Promise<T> =>
    runAsync(rk.thread, rk.port, bounded(rk, ms, signal, what, otherwise));
  const thrown: unknown[] = [];
  /** What a callback or hook throws meanwhile keeps no handle from its end. */
  const goOn = async (work: Promise<unknown>): Promise<void> => {
    await work.catch((error: unknown) => thrown.push(error));
  };
  const unlisten = signal && rk.thread.aborts.add(signal, () => rk.thread.turnSoon());
  // A callback that asked for it comes to its end first.
  await Promise.resolve();
  let uncommitted: rd_kafka_topic_partition_t[] = [];
  if (rk[GONE] === '' && !rk.closing) {
    await stopPulls(rk, left, signal);
    if (rk.producer) {
      // A callback that throws or yields ends a flush. It has had its report, so each of them is one step ahead.
      do await goOn(within(left(1), flushSteps(rk, -1)));
      while (rk[GONE] === '' && !rk.dead && left(1) > 0 && outqLen(rk) > 0);
    } else if (rk.consumer !== null && !rk.consumer.closed) {
      const { rebalances } = rk.consumer;
      const list = await within(left(COMMIT_SHARE), commitStored(rk), stored(rk));
      const ask = async (otherwise: rd_kafka_topic_partition_t[]): Promise<void> => {
        uncommitted = await within(left(COMMIT_SHARE, LEAVE_MS), stillOpen(rk, list), otherwise);
      };
      await ask(list.elems);
      // The last moment to ask: a hook may have committed, and who has left the group can't ask any more.
      if (uncommitted.length > 0) rebalances.afterRevoke = () => ask(uncommitted);
      const leaveMs = Math.round(left(1, LEAVE_MS));
      await goOn(within(leaveMs, leave(rk, leaveMs)));
      rebalances.afterRevoke = null;
    }
    if (rk[GONE] === '')
      await goOn(runAsync(rk.thread, rk.port, closeSteps(rk, E.RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE)));
  }
  unlisten?.();
  signal?.throwIfAborted();
  if (thrown.length > 0) throw thrown[0];
  return { undelivered: (rk.reports?.failed ?? 0) - failed, uncommitted };
}

/** Or waits for a consumer_close that is under way. */
function* leave(rk: Handle, timeoutMs: number): Steps<void> {
  const consumer = rk.consumer!;
  if (consumer.closing) yield { timeoutMs, ready: () => consumer.closed };
  else yield* leaveSteps(rk, timeoutMs);
}

async function stopPulls(rk: Handle, left: (share: number) => number, signal: AbortSignal | undefined): Promise<void> {
  const pulls = rk.consumer?.pulls;
  if (pulls === undefined) return;
  pulls.stopping = true;
  rk.thread.turnSoon();
  const { current } = pulls;
  if (current === null) return;
  let stopped = false;
  void current.stop().then(() => {
    stopped = true;
    rk.thread.turnSoon();
  });
  function* wait(): Steps<void> {
    yield { timeoutMs: left(WORK_SHARE), ready: () => stopped || signal?.aborted === true || rk[GONE] !== '' };
  }
  await runAsync(rk.thread, rk.port, wait());
}

/** The same steps within a time; `otherwise` when it is over. */
function* bounded<T>(
  rk: Handle,
  timeoutMs: number,
  signal: AbortSignal | undefined,
  steps: Steps<T>,
  otherwise: T | null = null,
): Steps<T> {
  const until = now() + timeoutMs;
  const over = (): boolean => signal?.aborted === true || rk[GONE] !== '' || rk.dead;
  let at = steps.next(true);
  while (at.done !== true) {
    const { ready } = at.value;
    let ok: boolean;
    try {
      ok = yield { timeoutMs: Math.max(0, until - now()), ready: () => ready() || over() };
    } catch (error) {
      at = steps.throw(error);
      continue;
    }
    if (!ok || over()) {
      steps.return(otherwise as T);
      return otherwise as T;
    }
    at = steps.next(true);
  }
  return at.value;
}

/** What was stored of the partitions that are assigned. */
function stored(rk: Handle): PartitionList {
  const consumer = rk.consumer!;
  const list = new PartitionList();
  for (const { topic, number, cell } of consumer.assigned.values()) {
    const handed = cell.handedOut;
    const { offset, leaderEpoch } = consumer.autoStores && handed.offset >= 0 ? handed : cell.stored;
    if (offset < 0) continue;
    const entry = list.add(topic, number);
    entry.offset = offset;
    entry.leaderEpoch = leaderEpoch;
  }
  return list;
}

/** Commits it, with enable.auto.commit; gives what is not known to be committed then. */
function* commitStored(rk: Handle): Steps<PartitionList> {
  const list = stored(rk);
  if (list.elems.length === 0 || !rk.settings['enable.auto.commit']) return list;
  const { err, offsets } = yield* commitOffsetsSteps(rk, list);
  const open = new PartitionList();
  for (const [i, entry] of list.elems.entries()) {
    const own = (offsets[i]?.err ?? 0) || err;
    if (own === 0) continue;
    const copy = open.add(entry.topic, entry.partition);
    copy.offset = entry.offset;
    copy.leaderEpoch = entry.leaderEpoch;
    copy.err = own;
  }
  return open;
}

/** Those of them that the group has no such offset of, as far as can be learnt. */
function* stillOpen(rk: Handle, list: PartitionList): Steps<rd_kafka_topic_partition_t[]> {
  if (list.elems.length === 0) return [];
  const known = list.copy();
  const err = yield* committedSteps(rk, known, known, LEAVE_MS);
  return list.elems.filter(
    ({ offset }, i) => err !== 0 || known.elems[i]!.err !== 0 || known.elems[i]!.offset < offset,
  );
}
