// Collects garbage by hand: V8 doesn't count shared memory, so a worker that has little else to do would hold on to
// dropped slabs for good (memory.md, part 2, 11).
// @thread main, broker

import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Flags are the whole process's: a thread that does the same may take this one back before the context is made. */
const TRIES = 20;

/** A full collection of this thread, some 5 ms when it holds little; none when other threads are in the way again and again. */
export function collect(): void {
  for (let tries = 0; tries < TRIES; tries++) {
    setFlagsFromString('--expose-gc');
    const gc: unknown = runInNewContext('globalThis.gc');
    // Contexts that others make shall not have it.
    setFlagsFromString('--no-expose-gc');
    if (typeof gc !== 'function') continue;
    gc();
    return;
  }
}
