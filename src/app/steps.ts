// One way to write what waits: a generator that yields its conditions, run by blocking or by promise.
// @thread app

import { constants } from 'node:os';
import type { MessagePort } from 'node:worker_threads';
import { RD_KAFKA_RESP_ERR__INTR } from '../defs/enums.ts';
import { setLastError } from './registry.ts';
import { unwindHandles } from './signals.ts';
import { type AppThread, now } from './thread.ts';

const EINTR: number = constants.errno.EINTR;

export interface Wait {
  /** ms; negative: for ever. */
  readonly timeoutMs: number;
  /** Looked at after each drain; may serve callbacks. */
  readonly ready: () => boolean;
  /** A signal does not end it: its handlers run, and it goes on. */
  readonly whole?: boolean;
}

/** Yields waits, is told whether they came true in time, returns what the call gives. */
export type Steps<T> = Generator<Wait, T, boolean>;

/**
 * Blocks this thread until the last step. Handlers of signals that have come run first; from where one has run the waits
 * of this call count as timed out, and last_error() is _INTR afterwards.
 */
export function run<T>(thread: AppThread, steps: Steps<T>): T {
  const from = thread.handled;
  thread.serveSignals();
  try {
    return drive(thread, steps, from);
  } finally {
    if (thread.handled !== from) unwindHandles();
  }
}

function drive<T>(thread: AppThread, steps: Steps<T>, from: number): T {
  let cut = false;
  let at = steps.next(true);
  while (at.done !== true) {
    const { timeoutMs, ready, whole = false } = at.value;
    let ok: boolean;
    try {
      ok = thread.wait(timeoutMs, ready, whole ? null : from);
    } catch (error) {
      at = steps.throw(error);
      continue;
    }
    if (!ok && !whole && thread.handled !== from) cut = true;
    at = steps.next(ok);
  }
  if (cut) setLastError(RD_KAFKA_RESP_ERR__INTR, EINTR);
  return at.value;
}

/** For calls that do not wait. */
export function serveSignals(thread: AppThread): void {
  thread.serveSignals();
  unwindHandles();
}

/** Never blocks; keeps the process alive by `port` until the last step. An abort ends the waiting, not what was asked. */
export async function runAsync<T>(
  thread: AppThread,
  port: MessagePort | null,
  steps: Steps<T>,
  signal?: AbortSignal,
): Promise<T> {
  let at = steps.next(true);
  while (at.done !== true) {
    let ok: boolean;
    try {
      ok = await thread.waitAsync(at.value.timeoutMs, at.value.ready, port, signal);
    } catch (error) {
      at = steps.throw(error);
      continue;
    }
    at = steps.next(ok);
  }
  return at.value;
}

/**
 * The same steps; `first` is asked before each condition of theirs: true ends the wait as one that came true, and what it
 * throws is thrown into them.
 */
export function* asking<T>(first: () => boolean, steps: Steps<T>): Steps<T> {
  let at = steps.next(true);
  while (at.done !== true) {
    const { ready } = at.value;
    let ok: boolean;
    try {
      ok = yield { ...at.value, ready: () => first() || ready() };
    } catch (error) {
      at = steps.throw(error);
      continue;
    }
    at = steps.next(ok);
  }
  return at.value;
}

/** Rest of a timeout that began at `from`; negative stays for ever. */
export function rest(timeoutMs: number, from: number): number {
  return timeoutMs < 0 ? -1 : Math.max(0, timeoutMs - (now() - from));
}
