// The consumer queue of a handle: fetched records, errors, rebalances. rd_kafka_consumer_poll serves it.
// @thread app

import * as E from '../defs/enums.ts';
import { BYTES, Cell, MESSAGES } from '../ops/cells.ts';
import { POLLS } from '../ops/head_page.ts';
import type { BrokerToAppOp, FetchedBatch, FetchedEntry, MainToAppOp, PartitionOffset } from '../ops/ops.ts';
import { RecordCursor } from '../records/record_reader.ts';
import { Chunks } from './chunks.ts';
import { ConsumedMessage, ErrorMessage } from './consumed_message.ts';
import type { Handle } from './handle.ts';

type FetchedOp = Extract<BrokerToAppOp, { type: 'fetched' }>;
type RebalanceOp = Extract<MainToAppOp, { type: 'rebalance' }>;

/** A partition that is assigned, as far as the app has read. */
export interface Consumed {
  readonly topic: string;
  readonly number: number;
  readonly cell: Cell;
  home: number;
}

/** The buffers of one answer, shared by its entries; given back when the last one is done. */
interface Block {
  readonly views: Uint8Array[];
  readonly worker: number;
  entries: number;
  bytes: number;
}

interface Records {
  readonly kind: 'records';
  readonly part: Consumed;
  readonly entry: FetchedEntry;
  readonly block: Block;
  batch: number;
  /** Position in the batch at hand; -1: not begun. */
  at: number;
  left: number;
}

type Item =
  | Records
  | {
      readonly kind: 'error';
      readonly part: Consumed | null;
      readonly err: number;
      readonly text: string;
      readonly topic: string | null;
      readonly partition: number;
      readonly offset: number;
    };

export class ConsumerQueue {
  /** By cell. */
  readonly assigned: Map<number, Consumed>;
  memberId: string;
  generation: number;
  protocol: string;
  assignmentLost: boolean;
  closing: boolean;
  closed: boolean;
  subscription: readonly string[];
  /** What the app assigned by itself (from rebalance_cb or without a group); null: main assigns. */
  explicit: readonly PartitionOffset[] | null;
  private readonly rk: Handle;
  private items: Item[];
  private head: number;
  private rebalances: RebalanceOp[];
  private readonly cursor: RecordCursor;
  private readonly chunks: Chunks;

  constructor(rk: Handle) {
    this.rk = rk;
    this.assigned = new Map();
    this.memberId = '';
    this.generation = -1;
    this.protocol = 'NONE';
    this.assignmentLost = false;
    this.closing = false;
    this.closed = false;
    this.subscription = [];
    this.explicit = null;
    this.items = [];
    this.head = 0;
    this.rebalances = [];
    this.cursor = new RecordCursor();
    this.chunks = new Chunks();
  }

  get length(): number {
    return this.items.length - this.head + this.rebalances.length;
  }

  // ---- routing: no user code

  route(
    op: Extract<MainToAppOp, { type: 'assigned' | 'home' | 'revoked' | 'rebalance' | 'consumer_error' | 'group' }>,
  ): void {
    switch (op.type) {
      case 'assigned':
        this.assigned.set(op.cell, {
          topic: op.topic,
          number: op.partition,
          cell: new Cell(op.cell, this.rk.memory.page(op.cell)),
          home: op.home,
        });
        return;
      case 'home':
        this.moved(op);
        return;
      case 'revoked':
        this.revoked(op.cells);
        return;
      case 'rebalance':
        this.rebalances.push(op);
        return;
      case 'consumer_error':
        this.push({
          kind: 'error',
          part: null,
          err: op.err,
          text: op.text,
          topic: op.topic ?? null,
          partition: op.partition ?? -1,
          offset: op.offset ?? E.RD_KAFKA_OFFSET_INVALID,
        });
        return;
      case 'group':
        this.memberId = op.memberId;
        this.generation = op.generation;
        this.protocol = op.protocol;
    }
  }

  /** What the old home posted comes first (memory.md, part 1, 7). */
  private moved(op: Extract<MainToAppOp, { type: 'home' }>): void {
    this.rk.drainWorker(op.oldWorker);
    const part = this.assigned.get(op.cell);
    if (part !== undefined) part.home = op.home;
  }

  private revoked(cells: readonly number[]): void {
    for (const cell of cells) this.assigned.delete(cell);
    this.dropStale();
    this.rk.toMain({ type: 'cells_done', cells });
  }

  /** The app let go of everything: what lies here is handed out no more. Main closes the cells. */
  letGo(): void {
    this.assigned.clear();
    this.dropStale();
  }

  private dropStale(): void {
    const kept = this.items.slice(this.head).filter((item) => {
      if (item.part === null || this.assigned.get(item.part.cell.id) === item.part) return true;
      if (item.kind === 'records') this.endEntry(item.block, item.entry.bytes);
      return false;
    });
    this.items = kept;
    this.head = 0;
  }

  fetched(op: FetchedOp, worker: number): void {
    const views = op.buffers.map((buffer) => new Uint8Array(buffer));
    const block: Block = { views, worker, entries: 0, bytes: 0 };
    for (const entry of op.entries) {
      const part = this.partOf(entry.cell, entry.home);
      if (part === null) {
        block.bytes += entry.bytes;
        continue;
      }
      block.entries++;
      this.push({ kind: 'records', part, entry, block, batch: 0, at: -1, left: 0 });
    }
    if (block.entries === 0) this.rk.giveBack(worker, block.bytes);
  }

  fetchError(op: Extract<BrokerToAppOp, { type: 'fetch_error' }>): void {
    const part = this.partOf(op.cell, op.home);
    if (part !== null)
      this.push({
        kind: 'error',
        part,
        err: op.err,
        text: op.text,
        topic: part.topic,
        partition: part.number,
        offset: op.offset,
      });
  }

  /** The partition that data is for; null when it is stale. Data of a newer home waits for main's word of it. */
  private partOf(cell: number, home: number): Consumed | null {
    for (;;) {
      const part = this.assigned.get(cell);
      if (part !== undefined && part.home === home && !part.cell.closed) return part;
      if (part !== undefined && part.home > home) return null;
      if (!this.rk.readMain()) return null;
    }
  }

  private push(item: Item): void {
    this.items.push(item);
  }

  fatal(err: number, text: string): void {
    this.push({
      kind: 'error',
      part: null,
      err: E.RD_KAFKA_RESP_ERR__FATAL,
      text: `Fatal error: ${text}`,
      topic: null,
      partition: -1,
      offset: E.RD_KAFKA_OFFSET_INVALID,
    });
    void err;
  }

  died(): void {
    this.rebalances = [];
  }

  // ---- serving

  /** True when a poll would find something. */
  get ready(): boolean {
    return this.head < this.items.length || this.rebalances.length > 0;
  }

  /** Runs a rebalance that waits; true when it did. Rebalances overtake records, which are stale by them anyway. */
  serveRebalance(): boolean {
    const op = this.rebalances.shift();
    if (op === undefined) return false;
    this.assignmentLost = op.lost;
    this.rk.callbacks.rebalance(op.err, op.partitions);
    return true;
  }

  /** The next record or error; null when there is none now. */
  next(): ConsumedMessage | ErrorMessage | null {
    while (this.head < this.items.length) {
      const item = this.items[this.head]!;
      if (item.kind === 'error') {
        this.skip();
        return new ErrorMessage(
          item.err,
          item.text,
          item.topic === null ? null : this.rk.topic(item.topic),
          item.partition,
          item.offset,
        );
      }
      const message = this.record(item);
      if (message !== null) return message;
    }
    return null;
  }

  private record(item: Records): ConsumedMessage | ErrorMessage | null {
    const { entry, part } = item;
    while (item.batch < entry.batches.length) {
      const batch = entry.batches[item.batch]!;
      const message = this.recordOf(item, batch);
      if (message !== null) return message;
      item.batch++;
      item.at = -1;
    }
    this.skip();
    this.endEntry(item.block, entry.bytes);
    if (entry.eof < 0 || part.cell.closed) return null;
    return new ErrorMessage(
      E.RD_KAFKA_RESP_ERR__PARTITION_EOF,
      `${part.topic} [${part.number}]: end of partition at offset ${entry.eof}`,
      this.rk.topic(part.topic),
      part.number,
      entry.eof,
    );
  }

  /** The next record of a batch that may be handed out; null at its end. */
  private recordOf(item: Records, batch: FetchedBatch): ConsumedMessage | ErrorMessage | null {
    const { part, entry, block } = item;
    const { cursor } = this;
    const bytes = block.views[batch.buffer]!;
    if (item.at < 0) {
      item.at = batch.from;
      item.left = batch.count;
    }
    while (item.left > 0) {
      const at = item.at;
      try {
        cursor.read(bytes, at, batch.to);
      } catch (error) {
        item.left = 0;
        return new ErrorMessage(
          E.RD_KAFKA_RESP_ERR__BAD_MSG,
          `${part.topic} [${part.number}]: ${(error as Error).message}`,
          this.rk.topic(part.topic),
          part.number,
          batch.baseOffset,
        );
      }
      item.at = cursor.next;
      item.left--;
      this.count(part.cell, cursor.next - at);
      const offset = batch.baseOffset + cursor.offsetDelta;
      if (offset < entry.fetchOffset) continue;
      if (!part.cell.advance(offset + 1)) return null;
      Atomics.add(this.rk.memory.head, POLLS, 1);
      return ConsumedMessage.of(this.rk.topic(part.topic), part.number, offset, batch, bytes, cursor, this.chunks);
    }
    return null;
  }

  /** For the prefetch limits: plain adds of one writer, read by the worker. */
  private count(cell: Cell, bytes: number): void {
    const { words, base } = cell;
    Atomics.store(words, base + MESSAGES, (words[base + MESSAGES]! + 1) | 0);
    Atomics.store(words, base + BYTES, (words[base + BYTES]! + bytes) | 0);
  }

  private skip(): void {
    this.head++;
    if (this.head > 256 && this.head * 2 > this.items.length) {
      this.items.splice(0, this.head);
      this.head = 0;
    }
  }

  private endEntry(block: Block, bytes: number): void {
    block.bytes += bytes;
    if (--block.entries === 0) this.rk.giveBack(block.worker, block.bytes);
  }

  /** Next offsets of the assigned partitions; RD_KAFKA_OFFSET_INVALID where none was handed out. */
  position(topic: string, partition: number): number | null {
    for (const part of this.assigned.values())
      if (part.topic === topic && part.number === partition) return part.cell.position;
    return null;
  }

  assignment(): readonly PartitionOffset[] {
    if (this.explicit !== null) return this.explicit;
    return [...this.assigned.values()].map((part) => ({
      topic: part.topic,
      partition: part.number,
      offset: E.RD_KAFKA_OFFSET_INVALID,
    }));
  }
}
