// How a worker's death is told: DEAD and a ring from its exit hooks, where there still is a hook to run
// (memory.md, part 1, 8). Out of memory and terminate() run none: those are seen by the port's close.
// @thread main, broker, mock

import { writeSync } from 'node:fs';
import type { WorkerStart } from './spawn.ts';
import { DEAD, ring, threadPage } from './thread_page.ts';

export function watchDeath(start: WorkerStart): void {
  const own = threadPage(start.page);
  const starter = threadPage(start.starterPage);
  const tell = () => {
    Atomics.store(own, DEAD, 1);
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
