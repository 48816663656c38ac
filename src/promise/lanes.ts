// Which messages of `each` may be in work at the same time: one of each lane, in order. @thread any
import { Fifo } from '../rd/fifo.ts';

interface Lane<T> {
  readonly waiting: Fifo<T>;
}

/** A lane is there as long as something of it is in work or waits. */
export class Lanes<T> {
  private readonly lanes: Map<unknown, Lane<T>>;
  /** Waiting behind others of their lanes. */
  waiting: number;

  constructor() {
    this.lanes = new Map();
    this.waiting = 0;
  }

  /** True when it may be begun now; else it waits in its lane. */
  enter(lane: unknown, item: T): boolean {
    const known = this.lanes.get(lane);
    if (known === undefined) {
      this.lanes.set(lane, { waiting: new Fifo() });
      return true;
    }
    known.waiting.push(item);
    this.waiting++;
    return false;
  }

  /** What was begun in the lane has ended; the next of it, or undefined. */
  leave(lane: unknown): T | undefined {
    const { waiting } = this.lanes.get(lane)!;
    const next = waiting.shift();
    if (next === undefined) this.lanes.delete(lane);
    else this.waiting--;
    return next;
  }

  /** Takes out all that wait and that `gone` says true to. */
  drop(gone: (item: T) => boolean): void {
    for (const { waiting } of this.lanes.values()) this.waiting -= waiting.remove(gone).length;
  }
}
