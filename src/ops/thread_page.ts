// The page that a thread shares with all that may ring it: bell, MODE, DEAD, heartbeat (memory.md, part 1, 0 and 6).
// @thread any
//
//   word  0  BELL       added to and notified by every ringer; a thread sleeps on it
//        16  MODE       0 awake or blocked in wait, 2 asleep in the event loop with something armed (app threads only)
//        32  DEAD       1 once the thread knows that it ends (exit hooks) or main saw its port close; 2 when it is of
//                    another build than its starter (ops/death)
//        40  WORKERS_OF_APP  workers of ours that the families of this app thread have, added to by each starter;
//                    in a main's page those that it started itself
//        48  HEARTBEAT  main adds 1 every 250 ms
//
// Each word has a cache line of its own, since each is written by another thread.

export const BELL = 0;
export const MODE = 16;
export const DEAD = 32;
export const WORKERS_OF_APP = 40;
export const HEARTBEAT = 48;

/** MODE of an app thread that sleeps in its event loop and wants a wake message. */
export const MODE_EVENT_LOOP = 2;

const PAGE_BYTES = 256;

export type ThreadPage = Int32Array;

/** @thread any */
export function newThreadPage(): ThreadPage {
  return new Int32Array(new SharedArrayBuffer(PAGE_BYTES));
}

/** Views a page that came with a message. @thread any */
export function threadPage(memory: SharedArrayBuffer): ThreadPage {
  return new Int32Array(memory, 0, PAGE_BYTES / 4);
}

/** The data is changed before this is called. Notifies without a count: part 2, 4. @thread any */
export function ring(page: ThreadPage): void {
  Atomics.add(page, BELL, 1);
  Atomics.notify(page, BELL);
}

/**
 * True when the ringed thread sleeps in its event loop; the caller, and only it, then owes it one wake message.
 * Called after `ring`. @thread any
 */
export function owesWake(page: ThreadPage): boolean {
  return (
    Atomics.load(page, MODE) === MODE_EVENT_LOOP &&
    Atomics.compareExchange(page, MODE, MODE_EVENT_LOOP, 0) === MODE_EVENT_LOOP
  );
}
