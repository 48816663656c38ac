// A partition's part in idempotence: the sequence of each batch, what refusals of it mean, when a new epoch is due.
// @thread broker
//
// A batch gets its sequence when it is first sent and keeps it for all retries, so the broker knows one that it has.
//
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

  constructor(state: SequenceState | null) {
    this.id = state?.id ?? -1;
    this.epoch = state?.epoch ?? -1;
    this.next = state?.next ?? 0;
    this.due = state?.due ?? 0;
    this.draining = true;
    this.broken = state?.broken ?? false;
    this.asked = false;
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
    for (const batch of fifo) batch.sequence = -1;
    return true;
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
