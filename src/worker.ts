// The one entry of all workers of ours: enters the room that its starter names.
// @thread main, broker, mock

import { isMainThread, workerData } from 'node:worker_threads';
import { enterBroker } from './broker/entry.ts';
import { enterMain } from './main/entry.ts';
import { enterMock } from './mock/entry.ts';
import { isSameBuild, watchDeath } from './ops/death.ts';
import type { WorkerStart } from './ops/spawn.ts';

const ROOMS = { main: enterMain, broker: enterBroker, mock: enterMock } as const;

/** Put in by scripts/worker_text.mjs, once: the same hash that the library has beside the text. */
declare const __BUILD_HASH__: string;

if (!isMainThread) {
  const start = workerData as WorkerStart;
  watchDeath(start);
  if (isSameBuild(start, __BUILD_HASH__)) ROOMS[start.kind](start);
  else process.exit(1);
}
