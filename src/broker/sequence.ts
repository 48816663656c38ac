// A partition's part in idempotence: the sequence of each batch, what refusals of it mean, when a new epoch is due.
// @thread broker
//
// A batch gets its sequence when it is first sent and keeps it for all retries, so the broker knows one that it has.
//
//   (begun)    the first batch goes alone: were it refused, and one behind it not, the order would be lost
//   (steady)   up to five requests are in flight, each batch behind the one before
//   draining   one failed: nothing is sent until nothing is in flight, then all that failed go again, in order
//   broken     one that was sent is given up, so the broker would refuse what follows. First all that may be stored go
//              again under their old sequences until that is known; then the partition begins a new epoch at sequence 0
//
// A batch that was never sent has no sequence, so giving it up breaks nothing.

import type { TakenBatch } from '../ops/batch_owner.ts';
import type { ProducerId, SequenceState } from '../ops/ops.ts';

/** Sequences are 31 bits wide and wrap. */
const MASK = 0x7fffffff;

/** What an OUT_OF_ORDER_SEQUENCE_NUMBER or UNKNOWN_PRODUCER_ID is a sign of. */
export type Disorder = 'follows' | 'lost' | 'rewound';

export class PartitionSequence {
  id: number;
  epoch: number;
  /** Of the next batch that is sent for the first time. */
  next: number;
  /** Of the batch whose success is due next. */
  due: number;
  draining: boolean;
  broken: boolean;
  /** Main was asked for the next epoch. */
  asked: boolean;
  /** Of the batch that `doubts` was last told of. */
  private doubted: number;

  constructor(state: SequenceState | null) {
    this.id = state?.id ?? -1;
    this.epoch = state?.epoch ?? -1;
    this.next = state?.next ?? 0;
    this.due = state?.due ?? 0;
    this.draining = true;
    this.broken = state?.broken ?? false;
    this.asked = false;
    this.doubted = -1;
  }

  save(): SequenceState {
    const { id, epoch, next, due, broken } = this;
    return { id, epoch, next, due, broken };
  }

  /** True when the partition goes on under `now`: what was sent under another identity is settled. */
  adopts(now: ProducerId, fifo: readonly TakenBatch[], inflight: number): boolean {
    if (this.id === now.id && this.epoch === now.epoch && !this.broken) return true;
    if (inflight > 0 || !this.settled(fifo)) return false;
    if (this.id === now.id && this.epoch === now.epoch) return false;
    this.id = now.id;
    this.epoch = now.epoch;
    this.next = 0;
    this.due = 0;
    this.draining = false;
    this.broken = false;
    this.asked = false;
    this.doubted = -1;
    for (const batch of fifo) batch.sequence = -1;
    return true;
  }

  /** Nothing of this epoch is known to be stored: a broker that knows no other takes any sequence as the first. */
  get unknown(): boolean {
    return this.due === 0;
  }

  /** Nothing in the row has to go again under its old sequence. */
  settled(fifo: readonly TakenBatch[]): boolean {
    return fifo.every((batch) => batch.sequence < 0 || (this.broken && !batch.maybePersisted));
  }

  /** The batch is about to be sent. */
  give(batch: TakenBatch): void {
    if (batch.sequence >= 0) return;
    batch.sequence = this.next;
    this.next = (this.next + batch.count) & MASK;
  }

  delivered(batch: TakenBatch): void {
    const end = (batch.sequence + batch.count) & MASK;
    if (distance(end, this.due) > 0) this.due = end;
  }

  /** It is given up. */
  givenUp(batch: TakenBatch): void {
    if (batch.sequence >= 0) this.broken = true;
  }

  /** It may be stored, and one behind it is: no broker takes the second without the first. */
  stored(batch: TakenBatch): boolean {
    return batch.maybePersisted && batch.sequence >= 0 && distance(batch.sequence, this.due) < 0;
  }

  /**
   * The broker has lost this batch, or has it and remembers younger ones only (of each producer just the last one
   * outlives a restart): those behind it in flight will tell. True once for each batch.
   */
  doubts(batch: TakenBatch, inflight: number): boolean {
    if (!batch.maybePersisted || inflight === 0 || batch.sequence === this.doubted) return false;
    this.doubted = batch.sequence;
    return batch.sequence === this.due;
  }

  /** Why the broker does not see this batch behind what it has. */
  disorder(batch: TakenBatch): Disorder {
    const ahead = distance(batch.sequence, this.due);
    if (ahead > 0 || this.broken) return 'follows';
    return ahead === 0 ? 'lost' : 'rewound';
  }
}

/** How far `a` is ahead of `b`; negative when behind. */
function distance(a: number, b: number): number {
  return ((a - b) << 1) >> 1;
}
