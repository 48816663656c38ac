// A partition that this broker leads: its row of batches on the way out.
// @thread broker

import type { Codec } from '../compression/codec.ts';
import { codecBits, codecOf } from '../compression/registry.ts';
import { type TakenBatch, takeHead } from '../ops/batch_owner.ts';
import { indexOf } from '../ops/ids.ts';
import type { HandleMemory } from '../ops/memory.ts';
import type { JoinPartitionOp, LeftPartitionOp } from '../ops/ops.ts';
import { OWNER, PARTITION_WORDS } from '../ops/partitions.ts';
import { insertByNumber, restoreBatch, saveBatch } from '../ops/taken_state.ts';
import type { HeapEntry } from '../rd/heap.ts';
import { PartitionSequence } from './sequence.ts';

export class Partition implements HeapEntry {
  readonly block: number;
  readonly words: Int32Array;
  readonly base: number;
  readonly topic: string;
  readonly topicBytes: Uint8Array;
  readonly number: number;
  readonly acks: number;
  readonly requestTimeoutMs: number;
  /** 0: never. */
  readonly messageTimeoutMs: number;
  readonly codec: Codec | null;
  readonly codecBits: number;
  readonly compressionLevel: number;
  /** The batch that last turned out not to shrink. */
  plain: TakenBatch | null;
  /** Not yet sent or to be sent again, in the order of their numbers. */
  fifo: TakenBatch[];
  inflight: number;
  /** Purged behind what is in flight: reported when that is, so that reports keep their order. */
  purged: TakenBatch[];
  nextNumber: number;
  nextId: number;
  /** Of an idempotent producer. */
  readonly sequence: PartitionSequence | null;
  /** Set by `leave`: nothing is taken from HEAD any more; answered once nothing is in flight. */
  leaving: boolean;
  /** The schedule's. */
  at: number;
  heapIndex: number;
  heapOrder: number;

  constructor(op: JoinPartitionOp, memory: HandleMemory, idempotent: boolean) {
    const page = memory.page(op.block);
    this.block = op.block;
    this.words = page.words;
    this.base = indexOf(op.block) * PARTITION_WORDS;
    this.topic = op.topic;
    this.topicBytes = Buffer.from(op.topic);
    this.number = op.partition;
    const settings = op.settings;
    this.acks = settings['request.required.acks'];
    this.requestTimeoutMs = settings['request.timeout.ms'];
    this.messageTimeoutMs = settings['message.timeout.ms'];
    this.codecBits = codecBits(settings['compression.codec']);
    this.codec = codecOf(this.codecBits);
    this.compressionLevel = settings['compression.level'];
    this.plain = null;
    this.fifo = op.fifo.map((state) => restoreBatch(memory, state));
    this.inflight = 0;
    this.purged = [];
    this.nextNumber = op.nextNumber;
    this.nextId = op.nextId;
    this.sequence = idempotent ? new PartitionSequence(op.sequence) : null;
    this.leaving = false;
    this.at = 0;
    this.heapIndex = -1;
    this.heapOrder = 0;
  }

  /** The batch is past `message.timeout.ms`. */
  isLate(batch: TakenBatch, now: number): boolean {
    return this.messageTimeoutMs > 0 && ((now - batch.opened) | 0) >= this.messageTimeoutMs;
  }

  /** The join of a move: OWNER first, then HEAD, so that nothing pushed meanwhile is missed. */
  join(memory: HandleMemory, worker: number): void {
    Atomics.store(this.words, this.base + OWNER, worker);
    this.take(memory);
  }

  take(memory: HandleMemory): void {
    if (this.leaving) return;
    for (const batch of takeHead(memory, this.words, this.base)) this.fifo.push(batch);
  }

  /** Takes HEAD a last time; never again after this. */
  leave(memory: HandleMemory): void {
    this.take(memory);
    this.leaving = true;
  }

  /** Back into the row, in front of everything younger. */
  putBack(batch: TakenBatch): void {
    insertByNumber(this.fifo, batch);
  }

  left(): LeftPartitionOp {
    return {
      type: 'left',
      block: this.block,
      fifo: this.fifo.map(saveBatch),
      nextNumber: this.nextNumber,
      nextId: this.nextId,
      sequence: this.sequence?.save() ?? null,
    };
  }
}
