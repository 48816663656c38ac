// Which messages of `each` may be in work at the same time: one of each lane, in order. @thread any
import { Fifo } from '../rd/fifo.ts';

/** So many lanes that are free are kept, since most keys come again. */
const MOST_FREE = 4096;

export class Lane<T> {
  /** Something of it is in work. */
  taken: boolean;
  /** What waits behind that; null until something does. */
  queue: Fifo<T> | null;

  constructor() {
    this.taken = false;
    this.queue = null;
  }
}

export class Lanes<T> {
  /** Waiting behind others of their lanes. */
  waiting: number;
  private readonly lanes: Map<unknown, Lane<T>>;
  /** When the free ones are thrown out. */
  private most: number;

  constructor() {
    this.waiting = 0;
    this.lanes = new Map();
    this.most = MOST_FREE;
  }

  /** The lane of a name; to be taken, or waited in, before another one is asked for. */
  of(name: unknown): Lane<T> {
    const known = this.lanes.get(name);
    if (known !== undefined) return known;
    if (this.lanes.size >= this.most) this.sweep();
    const lane = new Lane<T>();
    this.lanes.set(name, lane);
    return lane;
  }

  /** How many there are, free ones too. */
  get size(): number {
    return this.lanes.size;
  }

  private sweep(): void {
    for (const [name, lane] of this.lanes) if (!lane.taken) this.lanes.delete(name);
    this.most = this.lanes.size + MOST_FREE;
  }

  /** Waits in a lane that is taken. */
  wait(lane: Lane<T>, item: T): void {
    lane.queue ??= new Fifo();
    lane.queue.push(item);
    this.waiting++;
  }

  /** What was in work in the lane has ended; the next of it, which is in work now, or undefined. */
  leave(lane: Lane<T>): T | undefined {
    const next = lane.queue?.shift();
    if (next === undefined) lane.taken = false;
    else this.waiting--;
    return next;
  }

  /** Takes out all that wait and that `gone` says true to. */
  drop(gone: (item: T) => boolean): void {
    for (const { queue } of this.lanes.values()) if (queue !== null) this.waiting -= queue.remove(gone).length;
  }
}
