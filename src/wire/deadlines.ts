// All deadlines of a connection under one timer. @thread main|broker
import type { Clock, Timer } from '../rd/clock.ts';
import { Heap, type HeapEntry } from '../rd/heap.ts';

/** Something that is due at a time, unless it is cancelled before. */
export interface Deadline extends HeapEntry {
  /** Time is up; the entry has left the heap. */
  due(): void;
}

/** A deadline of its own, for what is no request. */
export class Alarm implements Deadline {
  at: number;
  heapIndex: number;
  heapOrder: number;
  readonly due: () => void;

  constructor(due: () => void) {
    this.at = 0;
    this.heapIndex = -1;
    this.heapOrder = 0;
    this.due = due;
  }
}

/**
 * Setting and cancelling is a heap operation; the timer is touched only for a deadline earlier than all others. It is
 * not taken back when that one is cancelled, but fires for nothing and is set anew for the next one.
 */
export class Deadlines {
  private readonly clock: Clock;
  private readonly heap: Heap<Deadline>;
  private readonly afterDue: () => void;
  private timer: Timer | null;
  private timerAt: number;

  /** @param afterDue called once after all that fell due together have been told. */
  constructor(clock: Clock, afterDue: () => void) {
    this.clock = clock;
    this.heap = new Heap();
    this.afterDue = afterDue;
    this.timer = null;
    this.timerAt = 0;
  }

  /** Sets or moves a deadline to `at` (ms of clock.now()). */
  set(deadline: Deadline, at: number): void {
    this.heap.move(deadline, at);
    this.arm();
  }

  /** Forgets a deadline; one that is not set is left alone. */
  cancel(deadline: Deadline): void {
    this.heap.remove(deadline);
  }

  /** Forgets all and leaves no timer. */
  clear(): void {
    while (this.heap.shift() !== undefined);
    this.timer?.clear();
    this.timer = null;
  }

  private arm(): void {
    const first = this.heap.peek();
    if (first === undefined || (this.timer !== null && this.timerAt <= first.at)) return;
    this.timer?.clear();
    this.timerAt = first.at;
    // Node rounds fractions down, which would fire too early and once more.
    this.timer = this.clock.setTimer(Math.ceil(first.at - this.clock.now()), () => this.fire());
  }

  private fire(): void {
    this.timer = null;
    const now = this.clock.now();
    let any = false;
    for (let first = this.heap.peek(); first !== undefined && first.at <= now; first = this.heap.peek()) {
      this.heap.remove(first);
      first.due();
      any = true;
    }
    if (any) this.afterDue();
    this.arm();
  }
}
