// Which messages of `each` may be in work at the same time: one of each lane, in order. @thread any
import { Fifo } from '../rd/fifo.ts';

/** A lane is there as long as something of it is in work or waits. */
export class Lanes<T> {
  /** What waits in each; null until something does, for most keys are in work once at a time. */
  private readonly lanes: Map<unknown, Fifo<T> | null>;
  /** Waiting behind others of their lanes. */
  waiting: number;

  constructor() {
    this.lanes = new Map();
    this.waiting = 0;
  }

  /** True when it may be begun now; else it waits in its lane. */
  enter(lane: unknown, item: T): boolean {
    let known = this.lanes.get(lane);
    if (known === undefined) {
      this.lanes.set(lane, null);
      return true;
    }
    if (known === null) {
      known = new Fifo();
      this.lanes.set(lane, known);
    }
    known.push(item);
    this.waiting++;
    return false;
  }

  /** What was begun in the lane has ended; the next of it, or undefined. */
  leave(lane: unknown): T | undefined {
    const next = this.lanes.get(lane)?.shift();
    if (next === undefined) this.lanes.delete(lane);
    else this.waiting--;
    return next;
  }

  /** Takes out all that wait and that `gone` says true to. */
  drop(gone: (item: T) => boolean): void {
    for (const lane of this.lanes.values()) if (lane !== null) this.waiting -= lane.remove(gone).length;
  }
}
