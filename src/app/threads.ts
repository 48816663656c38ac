// How many threads of ours this JavaScript thread has, and waiting until it has none. @thread app

import * as E from '../defs/enums.ts';
import { WORKERS_OF_APP } from '../ops/thread_page.ts';
import { registry, setLastError } from './registry.ts';
import type { Steps } from './steps.ts';
import { type AppThread, appThread } from './thread.ts';

/** 0 before the first handle; asking makes nothing. */
export function threadCount(): number {
  const thread = registry().workers as AppThread | undefined;
  return thread === undefined ? 0 : Math.max(0, Atomics.load(thread.page, WORKERS_OF_APP));
}

/** No handle is left, and no worker that serves one. */
function allDestroyed(): boolean {
  const thread = appThread();
  return registry().handles.size === 0 && (thread.mains?.all.length ?? 0) === 0 && thread.mock === null;
}

/** 0, or -1 and last_error() _TIMED_OUT. */
export function* destroyedSteps(timeoutMs: number): Steps<number> {
  const done = allDestroyed() || (yield { timeoutMs, ready: allDestroyed });
  setLastError(done ? 0 : E.RD_KAFKA_RESP_ERR__TIMED_OUT);
  return done ? 0 : -1;
}
