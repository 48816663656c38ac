// What `each` has in work of one assigned partition: which offsets are done, and how far all are. @thread app
import type { Consumed } from '../app/consumer.ts';
import { Fifo } from '../rd/fifo.ts';

/** A message in work. */
export interface Ticket {
  readonly offset: number;
  readonly leaderEpoch: number;
  done: boolean;
}

export class EachPartition {
  readonly part: Consumed;
  /** Of its own among all. */
  readonly number: number;
  /** What its handlers are given. */
  readonly context: { readonly signal: AbortSignal };
  /** Aborted when the partition is lost, or handlers take too long to let go of it. */
  readonly controller: AbortController;
  /** Handlers at work. */
  running: number;
  /** It goes, or is gone: nothing of it is begun any more. */
  revoked: boolean;
  /** We have paused it, because it is `max_ahead` beyond what is not done. */
  paused: boolean;
  /** From the lowest that is not done, in order. */
  private readonly tickets: Fifo<Ticket>;

  constructor(part: Consumed, number: number) {
    this.part = part;
    this.number = number;
    this.controller = new AbortController();
    this.context = { signal: this.controller.signal };
    this.running = 0;
    this.revoked = false;
    this.paused = false;
    this.tickets = new Fifo();
  }

  /** The lowest that is not done; null for none. */
  get lowest(): number | null {
    return this.tickets.peek()?.offset ?? null;
  }

  /** Messages from the lowest that is not done. */
  get ahead(): number {
    return this.tickets.size;
  }

  take(offset: number, leaderEpoch: number): Ticket {
    const ticket = { offset, leaderEpoch, done: false };
    this.tickets.push(ticket);
    return ticket;
  }

  /** The last of those that are done without a gap before them; null when the lowest is still in work. */
  finish(ticket: Ticket): Ticket | null {
    ticket.done = true;
    let last: Ticket | null = null;
    for (let first = this.tickets.peek(); first?.done === true; first = this.tickets.peek()) {
      last = first;
      this.tickets.shift();
    }
    return last;
  }
}
