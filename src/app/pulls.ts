// Who pulls a consumer's messages (`messages`, `batches`, `each`), and what that changes: an offset is stored when its
// message has been handled, not when it is handed out.
// @thread app

import * as E from '../defs/enums.ts';
import { kafkaErrorOf } from '../defs/kafka_error.ts';
import { NOTES } from '../ops/cells.ts';
import { APP_STORES, ASKS_APP, POLLS, WAITING } from '../ops/head_page.ts';
import type { AppConsumer, Consumed } from './consumer.ts';
import type { Handle } from './handle.ts';

export interface Pull {
  /** Of close_async: hands out nothing more, and settles when nothing of what was handed out is in work. */
  stop(): Promise<void>;
}

export class Pulls {
  current: Pull | null;
  /** close_async has begun. */
  stopping: boolean;
  /** What is handed out does not count as stored; until somebody polls in another way. */
  private storesHandled: boolean;
  /** What is handled is stored. */
  private storing: boolean;
  private waits: boolean;
  private readonly rk: Handle;
  private readonly consumer: AppConsumer;

  constructor(rk: Handle, consumer: AppConsumer) {
    this.rk = rk;
    this.consumer = consumer;
    this.current = null;
    this.stopping = false;
    this.storesHandled = false;
    this.storing = false;
    this.waits = false;
  }

  /** @param always stores what is handled whatever enable.auto.offset.store says. */
  begin(fn: string, pull: Pull, always: boolean): void {
    if (this.current !== null)
      throw kafkaErrorOf(
        E.RD_KAFKA_RESP_ERR__STATE,
        `${fn}: the messages of this consumer are being pulled already: there can be one of messages(), batches() and each() at a time`,
      );
    this.current = pull;
    // Or main would let go of partitions by itself while their messages are in work.
    Atomics.store(this.rk.memory.head, ASKS_APP, 1);
    const auto = this.rk.settings['enable.auto.offset.store'];
    this.storing = auto || always;
    if (!auto || this.storesHandled) return;
    // What was handed out so far counts as stored.
    for (const part of this.consumer.assigned.values()) {
      const { offset, leaderEpoch } = part.cell.handedOut;
      if (offset >= 0) part.cell.store(offset, leaderEpoch);
    }
    this.storesHandled = true;
    Atomics.store(this.rk.memory.head, APP_STORES, 1);
  }

  end(pull: Pull): void {
    if (this.current === pull) this.current = null;
  }

  /** Waits for messages, which counts as polling all the while (max.poll.interval.ms), or does so no more. */
  setWaiting(waits: boolean): void {
    if (this.waits === waits) return;
    this.waits = waits;
    const { head } = this.rk.memory;
    Atomics.add(head, WAITING, waits ? 1 : -1);
    if (!waits) Atomics.add(head, POLLS, 1);
  }

  /** Somebody polls: what is handed out counts as stored again. */
  polled(): void {
    if (!this.storesHandled || this.current !== null) return;
    this.storesHandled = false;
    Atomics.store(this.rk.memory.head, APP_STORES, 0);
  }

  /** The partition may be committed up to `next`. Nothing happens when it is gone. */
  handled(part: Consumed, next: number, leaderEpoch: number): void {
    const { cell } = part;
    // Main may have given the cell to another partition since.
    if (!this.storing || this.consumer.assigned.get(cell.id) !== part) return;
    if (cell.words[cell.base + NOTES] === 0) cell.store(next, leaderEpoch);
    else this.consumer.storeIn(part, { offset: next, leaderEpoch, metadata: null });
  }
}
