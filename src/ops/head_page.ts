// The head page of a handle: 64 KiB that all its threads see (memory.md, part 1, 0).
// @thread any
//
//   word  0  CLOSING        set once by the app when destroy begins
//         1  WORKERS        threads of this handle that read pages: main counts, so it starts at 1
//         2  POLLS          a consumer's poll counter: the app adds 1 a poll and a record
//         3  WAITING        how many polls of the consumer queue the app blocks in (or awaits)
//         4  FLUSHING       calls of flush under way; owners seal at once while it is not 0
//         5  UNDELIVERED    records accepted and not yet reported: app, read by the exit line only
//         6  QUEUED_MESSAGES  fetched records that wait for the app: added by the fetchers, taken off by the app
//         7  QUEUED_BYTES   their bytes (unsigned)
//         9  HELD_BYTES   memory alive for the app: answers and what was decompressed of them, counted by the I/O workers
//                         alone, until the app gives it back (unsigned)
//        10  APP_STORES     1: offsets are stored by the app when it has handled a message, whatever was handed out
//        11  ASKS_APP       1: rebalances are the app's to answer though it has no callback for them
//         8  LOG_LEVEL      lines less severe are not made: the app writes it, everybody reads it
//     16-31  REPORTS[slot]  top of the report stack of app slot 1..15
//   64-4159  READY[worker]  top of the ready stack of each worker; 0 is main
//
// All words only by Atomics.

import { EMPTY } from './stacks.ts';

export const CLOSING = 0;
export const WORKERS = 1;
export const POLLS = 2;
export const WAITING = 3;
export const FLUSHING = 4;
export const QUEUED_MESSAGES = 6;
export const QUEUED_BYTES = 7;
export const LOG_LEVEL = 8;
export const HELD_BYTES = 9;
export const APP_STORES = 10;
export const ASKS_APP = 11;
export const REPORTS = 16;
export const READY = 64;

export const MAX_WORKERS = 4096;

export type HeadPage = Int32Array;

/** @thread app */
export function newHeadPage(): HeadPage {
  const head = new Int32Array(new SharedArrayBuffer(65536));
  head.fill(EMPTY, REPORTS, REPORTS + 16);
  head.fill(EMPTY, READY, READY + MAX_WORKERS);
  Atomics.store(head, WORKERS, 1);
  return head;
}
