// What `each` has in work of one assigned partition: which offsets are done, and how far all are. @thread app
import type { Consumed } from '../app/consumer.ts';
import { Fifo } from '../rd/fifo.ts';

/** A message in work. */
export interface Ticket {
  readonly offset: number;
  readonly leaderEpoch: number;
  done: boolean;
}

/** What a handler is given. The signal is its own, made when it asks: what it adds to it goes with it. */
export class HandlerContext {
  private readonly work: EachPartition;
  private controller: AbortController | null;

  constructor(work: EachPartition) {
    this.work = work;
    this.controller = null;
  }

  get signal(): AbortSignal {
    this.controller ??= this.work.newController();
    return this.controller.signal;
  }

  /** The handler has ended. */
  end(): void {
    if (this.controller !== null) this.work.forget(this.controller);
  }
}

export class EachPartition {
  readonly part: Consumed;
  /** Of its own among all. */
  readonly number: number;
  /** It is lost, or handlers took too long to let go of it, or all ends: why. */
  aborted: { readonly reason: unknown } | null;
  /** Handlers at work. */
  running: number;
  /** It goes, or is gone: nothing of it is begun any more. */
  revoked: boolean;
  /** We have paused it, because it is `max_ahead` beyond what is not done. */
  paused: boolean;
  /** Of the handlers at work. */
  private readonly controllers: Set<AbortController>;
  /** From the lowest that is not done, in order. */
  private readonly tickets: Fifo<Ticket>;

  constructor(part: Consumed, number: number) {
    this.part = part;
    this.number = number;
    this.aborted = null;
    this.controllers = new Set();
    this.running = 0;
    this.revoked = false;
    this.paused = false;
    this.tickets = new Fifo();
  }

  newController(): AbortController {
    const controller = new AbortController();
    if (this.aborted === null) this.controllers.add(controller);
    else controller.abort(this.aborted.reason);
    return controller;
  }

  forget(controller: AbortController): void {
    this.controllers.delete(controller);
  }

  /** Once: the first reason is the one that handlers hear. */
  abort(reason: unknown): void {
    if (this.aborted !== null) return;
    this.aborted = { reason };
    for (const controller of this.controllers) controller.abort(reason);
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
