// rd_kafka_queue_t: what waits for the app in one place, in order. A queue may be forwarded to another: then all that is
// meant for it lies there.
// @thread app

import type { OffsetCommitCb } from '../defs/types.ts';
import type { FetchedEntry, MainToAppOp, PartitionOffset } from '../ops/ops.ts';
import type { Consumed } from './consumer.ts';
import type { Handle } from './handle.ts';

/** The buffers of one answer, shared by its entries; given back when the last one is done. */
export interface Block {
  readonly views: Buffer[];
  /** Whose it is; -1: copied out, nobody wants it back. */
  readonly worker: number;
  entries: number;
  bytes: number;
}

export interface Records {
  readonly kind: 'records';
  readonly part: Consumed;
  readonly entry: FetchedEntry;
  readonly block: Block;
  /** Index of the batch at hand. Those before it are done and off the queue's counters. */
  batch: number;
  /** Position in the batch at hand; -1: not begun. */
  at: number;
  left: number;
  /** Waits for a resume: off the handle's count of messages, which must not keep the others from being fetched. */
  aside: boolean;
}

export interface ErrorItem {
  readonly kind: 'error';
  /** Dropped with it; null: of none. */
  readonly part: Consumed | null;
  readonly err: number;
  readonly text: string;
  readonly topic: string | null;
  readonly partition: number;
  readonly offset: number;
}

export type Item = Records | ErrorItem;

export type RebalanceOp = Extract<MainToAppOp, { type: 'rebalance' }>;

export interface CommitResult {
  readonly kind: 'offset_commit';
  readonly err: number;
  readonly offsets: readonly PartitionOffset[];
  /** Of rd_kafka_commit_queue; null: the queue's reader wants an event. */
  readonly cb: OffsetCommitCb | null;
  readonly opaque: any;
}

/** Served before records, however many of them lie here. */
export type Urgent = { readonly kind: 'rebalance'; readonly op: RebalanceOp } | CommitResult;

export class OpQueue {
  readonly rk: Handle;
  /** Of a consumer's records: serving it counts as a poll (max.poll.interval.ms). */
  consumes: boolean;
  urgent: Urgent[];
  /** From `head` on; what lies before it is done. */
  items: Item[];
  head: number;
  /** queue_yield. */
  woken: boolean;
  /** The app has said where this goes: the library does not say otherwise. */
  byApp: boolean;
  private forward: OpQueue | null;

  constructor(rk: Handle, consumes: boolean) {
    this.rk = rk;
    this.consumes = consumes;
    this.urgent = [];
    this.items = [];
    this.head = 0;
    this.woken = false;
    this.byApp = false;
    this.forward = null;
  }

  /** Where what is meant for this queue lies. */
  get target(): OpQueue {
    let queue: OpQueue = this;
    while (queue.forward !== null) queue = queue.forward;
    return queue;
  }

  /** What lies here moves on; null: what comes from here on stays here. Gives false for a circle, which is not made. */
  forwardTo(to: OpQueue | null): boolean {
    for (let queue = to; queue !== null; queue = queue.forward) if (queue === this) return false;
    this.forward = to;
    if (to === null) return true;
    const { target } = to;
    if (this.consumes)
      for (let queue: OpQueue | null = to; queue !== null; queue = queue.forward) queue.consumes = true;
    target.urgent.push(...this.urgent.splice(0));
    for (let i = this.head; i < this.items.length; i++) target.items.push(this.items[i]!);
    this.items = [];
    this.head = 0;
    return true;
  }

  get forwarded(): boolean {
    return this.forward !== null;
  }

  push(item: Item): void {
    this.target.items.push(item);
  }

  pushUrgent(item: Urgent): void {
    this.target.urgent.push(item);
  }

  /** The item at the front is done. */
  skip(): void {
    this.head++;
    if (this.head > 256 && this.head * 2 > this.items.length) {
      this.items.splice(0, this.head);
      this.head = 0;
    }
  }

  /** Keeps those items that `keep` wants, of those that are not done. */
  filter(keep: (item: Item) => boolean): void {
    if (this.items.length === this.head) return;
    this.items = this.items.slice(this.head).filter(keep);
    this.head = 0;
  }

  /** Before all others. */
  unshift(items: readonly Item[]): void {
    const { target } = this;
    target.items = items.concat(target.items.slice(target.head));
    target.head = 0;
  }

  get empty(): boolean {
    return this.head === this.items.length && this.urgent.length === 0;
  }

  /** Messages, errors and all else that wait here, or where this is forwarded to. */
  get length(): number {
    return this.lengthUpTo(Number.POSITIVE_INFINITY);
  }

  /** The same, counted as far as `most`. */
  lengthUpTo(most: number): number {
    const { urgent, items, head } = this.target;
    let length = urgent.length;
    for (let i = head; i < items.length && length < most; i++) length += sizeOf(items[i]!);
    return length;
  }
}

function sizeOf(item: Item): number {
  if (item.kind === 'error') return 1;
  const { batches, eof } = item.entry;
  let size = eof >= 0 && eof !== item.part.eof ? 1 : 0;
  size += item.at < 0 ? (batches[item.batch]?.count ?? 0) : item.left;
  for (let i = item.batch + 1; i < batches.length; i++) size += batches[i]!.count;
  return size;
}
