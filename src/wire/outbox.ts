// Requests that wait for being written: in order, until taken, expired or purged. @thread main|broker
import { RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE as TIMED_OUT_QUEUE } from '../defs/enums.generated.ts';
import { Fifo } from '../rd/fifo.ts';
import type { Deadlines } from './deadlines.ts';
import type { Deliveries, Pending, WireRequest } from './requests.ts';

/** So many expired requests may lie between the others before they are swept out. */
const LITTER = 64;

export class Outbox {
  private readonly queue: Fifo<Pending>;
  private readonly deadlines: Deadlines;
  private readonly deliveries: Deliveries;
  /** Those in `queue` that have no outcome; expired ones stay there until they come to the front, or a sweep. */
  private live: number;

  constructor(deadlines: Deadlines, deliveries: Deliveries) {
    this.queue = new Fifo();
    this.deadlines = deadlines;
    this.deliveries = deliveries;
    this.live = 0;
  }

  get size(): number {
    return this.live;
  }

  push(pending: Pending): void {
    this.queue.push(pending);
    this.live++;
  }

  /** The first one, which is the caller's from now on, with its deadline; undefined if there is none. */
  shift(): Pending | undefined {
    for (let pending = this.queue.shift(); pending !== undefined; pending = this.queue.shift()) {
      if (pending.settled) continue;
      this.live--;
      return pending;
    }
    return undefined;
  }

  /** One of them has waited too long. */
  expired(pending: Pending): void {
    this.live--;
    pending.settle(TIMED_OUT_QUEUE);
    this.deliveries.later(pending);
    if (this.queue.size > 2 * this.live + LITTER) this.queue.remove((other) => other.settled);
  }

  /** Ends those that `filter` picks; gives how many. */
  purge(error: number, filter: (request: WireRequest) => boolean): number {
    const purged = this.queue.remove((pending) => pending.settled || filter(pending.request));
    let count = 0;
    for (const pending of purged) {
      if (!pending.settle(error)) continue;
      count++;
      this.deadlines.cancel(pending);
      this.deliveries.later(pending);
    }
    this.live -= count;
    return count;
  }
}
