// The topics of a handle whose records the app keeps itself for a while. @thread app
import type { TopicCallbacks } from '../conf/callbacks.ts';
import { Held } from './held.ts';
import { heldEncoder } from './held_encoder.ts';
import type { Topic } from './topic.ts';

export class HeldTopics {
  private readonly all: Set<Held>;

  constructor() {
    this.all = new Set();
  }

  /** A topic with a partitioner or an order of the user's. */
  open(topic: Topic, { partitioner_cb, msg_order_cmp, opaque }: TopicCallbacks): void {
    const lifo = topic.settings['queuing.strategy'] === 'lifo';
    if (partitioner_cb === null && msg_order_cmp === null && !lifo) return;
    topic.held = new Held(topic, { partitioner: partitioner_cb, order: msg_order_cmp, lifo, opaque }, heldEncoder);
    this.all.add(topic.held);
  }

  /** Some record waits for the app itself. */
  get any(): boolean {
    for (const held of this.all) if (held.holds) return true;
    return false;
  }

  /** When `serve` has something to do that no bell tells. */
  get dueAt(): number {
    let due = Number.POSITIVE_INFINITY;
    for (const held of this.all) if (held.holds) due = Math.min(due, held.dueAt);
    return due;
  }

  /** Sends on what can go; runs partitioners and orders. */
  serve(): void {
    for (const held of this.all) if (held.holds) held.serve();
  }

  /** Ends all that waits. */
  purge(err: number): void {
    for (const held of this.all) held.purge(err);
  }
}
