// Which partitions of a broker may send something, and when the others may: nobody goes through ten thousand that
// linger to find the one that is full.
// @thread broker

import { Heap } from '../rd/heap.ts';
import type { Partition } from './partition.ts';

/**
 * A partition with something in its row stands in one of these:
 *
 *     ready      to be looked at, in this order: something has changed, or there was no room for it
 *     lingering  by the time at which linger.ms is over for its batch
 *     resting    by the time at which the backoff of its first batch is over
 *     held       it may not send before something changes: an answer, another producer id
 */
export class Schedule {
  readonly ready: Set<Partition>;
  private readonly lingering: Heap<Partition>;
  private readonly resting: Heap<Partition>;
  private readonly held: Set<Partition>;

  constructor() {
    this.ready = new Set();
    this.lingering = new Heap();
    this.resting = new Heap();
    this.held = new Set();
  }

  get empty(): boolean {
    return this.ready.size + this.lingering.size + this.resting.size + this.held.size === 0;
  }

  /** Something about the partition has changed. One whose row is empty, or that leaves, is forgotten. */
  look(part: Partition): void {
    if (part.fifo.length === 0 || part.leaving) this.forget(part);
    else if (!this.ready.has(part)) {
      this.forget(part);
      this.ready.add(part);
    }
  }

  /** It has had its turn, and waits behind those that a full request left out. */
  sent(part: Partition): void {
    this.ready.delete(part);
    if (part.fifo.length > 0) this.ready.add(part);
  }

  linger(part: Partition, until: number): void {
    this.forget(part);
    this.lingering.move(part, until);
  }

  rest(part: Partition, until: number): void {
    this.forget(part);
    this.resting.move(part, until);
  }

  hold(part: Partition): void {
    this.forget(part);
    this.held.add(part);
  }

  /** What is held is to be looked at again, all of it. */
  release(): void {
    for (const part of this.held) this.ready.add(part);
    this.held.clear();
  }

  forget(part: Partition): void {
    if (this.ready.delete(part) || this.held.delete(part) || this.lingering.remove(part)) return;
    this.resting.remove(part);
  }

  /** What is due by `now` becomes ready; what lingers by `lingeredTo`, so that it can be held back or hurried. */
  advance(now: number, lingeredTo: number): void {
    this.drain(this.resting, now);
    this.drain(this.lingering, lingeredTo);
  }

  private drain(heap: Heap<Partition>, until: number): void {
    for (let first = heap.peek(); first !== undefined && first.at <= until; first = heap.peek()) {
      heap.remove(first);
      this.ready.add(first);
    }
  }

  /** When the next backoff is over, or (if it counts) linger time. */
  next(lingers: boolean): number {
    const resting = this.resting.peek()?.at ?? Number.POSITIVE_INFINITY;
    const lingering = lingers ? this.lingering.peek()?.at : undefined;
    return lingering !== undefined && lingering < resting ? lingering : resting;
  }
}
