// Waits for a condition without sleeping for a guessed time. @thread any
import { performance } from 'node:perf_hooks';

export interface UntilOptions {
  /** Fails after so many ms of real time. */
  deadline_ms?: number;
  /** What is waited for; a function is asked when the wait has failed, so it can tell how far things got. */
  what?: string | (() => string);
}

/**
 * Looks at `cond` at once, then in each of the next turns of the event loop, then every millisecond or two. Gives the
 * first value that counts as true; cond may be async. Throws an Error that prints `what` after the deadline (default 30 s).
 */
export async function until<T>(cond: () => T | Promise<T>, options: UntilOptions = {}): Promise<NonNullable<T>> {
  const deadline = options.deadline_ms ?? 30_000;
  const start = performance.now();
  for (let turn = 0; ; turn++) {
    const value = await cond();
    if (value) return value as NonNullable<T>;
    if (performance.now() - start > deadline) {
      const what = typeof options.what === 'function' ? options.what() : (options.what ?? cond.toString());
      throw new Error(`waited ${deadline} ms in vain for: ${what}`);
    }
    if (turn < 50) await new Promise<void>((resolve) => setImmediate(resolve));
    else await new Promise<void>((resolve) => setTimeout(resolve, 1));
  }
}
