// One way to write what waits: a generator that yields its conditions, run by blocking or by promise.
// @thread app

import type { MessagePort } from 'node:worker_threads';
import { type AppThread, now } from './thread.ts';

export interface Wait {
  /** ms; negative: for ever. */
  readonly timeoutMs: number;
  /** Looked at after each drain; may serve callbacks. */
  readonly ready: () => boolean;
}

/** Yields waits, is told whether they came true in time, returns what the call gives. */
export type Steps<T> = Generator<Wait, T, boolean>;

/** Blocks this thread until the last step. */
export function run<T>(thread: AppThread, steps: Steps<T>): T {
  let at = steps.next(true);
  while (at.done !== true) {
    let ok: boolean;
    try {
      ok = thread.wait(at.value.timeoutMs, at.value.ready);
    } catch (error) {
      at = steps.throw(error);
      continue;
    }
    at = steps.next(ok);
  }
  return at.value;
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

/** Rest of a timeout that began at `from`; negative stays for ever. */
export function rest(timeoutMs: number, from: number): number {
  return timeoutMs < 0 ? -1 : Math.max(0, timeoutMs - (now() - from));
}
