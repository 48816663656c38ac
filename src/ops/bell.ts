// How a thread waits for its bell (memory.md, part 1, 6 and part 2, 4).
// @thread any: `BellLoop` runs in workers, `waitBell` blocks an app thread.

import { BELL, type ThreadPage } from './thread_page.ts';

/**
 * A worker's side: calls `drain` after every ring, once for any number of rings, and never starves sockets or timers:
 * one `waitAsync` outstanding and without timeout, and a turn of the event loop after each answer that was immediate.
 * The bell is read before `drain` looks at anything, so that what is published meanwhile rings again.
 */
export class BellLoop {
  readonly page: ThreadPage;
  readonly drain: () => void;
  stopped: boolean;
  private readonly turn: () => void;

  constructor(page: ThreadPage, drain: () => void) {
    this.page = page;
    this.drain = drain;
    this.stopped = false;
    this.turn = () => this.run();
  }

  start(): void {
    setImmediate(this.turn);
  }

  /** The outstanding wait is left behind: it keeps nothing alive, and its wake finds `stopped`. */
  stop(): void {
    this.stopped = true;
    Atomics.notify(this.page, BELL);
  }

  private run(): void {
    if (this.stopped) return;
    const seen = Atomics.load(this.page, BELL);
    this.drain();
    if (this.stopped) return;
    const wait = Atomics.waitAsync(this.page, BELL, seen);
    if (wait.async) wait.value.then(this.turn);
    else setImmediate(this.turn);
  }
}

/** Blocks this thread until the bell differs from `seen` or `ms` have passed. @thread app */
export function waitBell(page: ThreadPage, seen: number, ms: number): void {
  Atomics.wait(page, BELL, seen, ms);
}
