// The one entry of all workers of ours: enters the room that its starter names.
// @thread main, broker, mock

import { isMainThread, workerData } from 'node:worker_threads';
import { enterBroker } from './broker/entry.ts';
import { enterMain } from './main/entry.ts';
import { enterMock } from './mock/entry.ts';
import { watchDeath } from './ops/death.ts';
import type { WorkerStart } from './ops/spawn.ts';

const ROOMS = { main: enterMain, broker: enterBroker, mock: enterMock } as const;

if (!isMainThread) {
  const start = workerData as WorkerStart;
  watchDeath(start);
  ROOMS[start.kind](start);
}
