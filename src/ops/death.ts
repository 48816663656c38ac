// How a worker's death is told: DEAD and a ring from its exit hooks, where there still is a hook to run
// (memory.md, part 1, 8). Out of memory and terminate() run none: those are seen by the port's close.
// @thread main, broker, mock

import { writeSync } from 'node:fs';
import type { WorkerStart } from './spawn.ts';
import { DEAD, ring, threadPage } from './thread_page.ts';

/** In DEAD of a worker that did not begin: it and its starter are not from one build. */
export const OTHER_BUILD = 2;

/** False when the library that started this worker is of another build than its text: the worker has to end then. */
export function isSameBuild(start: WorkerStart, hash: string): boolean {
  if (start.code.hash === hash) return true;
  Atomics.store(threadPage(start.page), DEAD, OTHER_BUILD);
  return false;
}

export function watchDeath(start: WorkerStart): void {
  const own = threadPage(start.page);
  const starter = threadPage(start.starterPage);
  const tell = () => {
    Atomics.compareExchange(own, DEAD, 0, 1);
    ring(starter);
  };
  process.on('exit', tell);
  process.on('uncaughtException', (error: unknown) => {
    tell();
    const text = error !== null && typeof error === 'object' && 'stack' in error ? String(error.stack) : String(error);
    try {
      writeSync(2, `rdkafka-ts: a ${start.kind} worker ends on an error of ours, please report it: ${text}\n`);
    } catch {
      // Nobody reads stderr; the handle says what happened.
    }
    process.exit(1);
  });
}
