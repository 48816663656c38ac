// The consumer queue of a handle: fetched records, errors, rebalances. rd_kafka_consumer_poll serves it.
// @thread app

import * as E from '../defs/enums.ts';
import { BYTES, Cell, MESSAGES } from '../ops/cells.ts';
import { QUEUED_BYTES, QUEUED_MESSAGES } from '../ops/head_page.ts';
import type { BrokerToAppOp, FetchedBatch, FetchedEntry, MainToAppOp, PartitionOffset } from '../ops/ops.ts';
import { RecordCursor } from '../records/record_reader.ts';
import { Chunks } from './chunks.ts';
import { ConsumedMessage, ErrorMessage } from './consumed_message.ts';
import type { Handle } from './handle.ts';

type FetchedOp = Extract<BrokerToAppOp, { type: 'fetched' }>;
type FetchErrorOp = Extract<BrokerToAppOp, { type: 'fetch_error' }>;
type AssignedOp = Extract<MainToAppOp, { type: 'assigned' }>;
type ConsumerErrorOp = Extract<MainToAppOp, { type: 'consumer_error' }>;
type RebalanceOp = Extract<MainToAppOp, { type: 'rebalance' }>;

/** A partition that is assigned, as far as the app has read. */
export interface Consumed {
  readonly topic: string;
  readonly number: number;
  readonly cell: Cell;
  home: number;
  /** Where the end was last told. */
  eof: number;
  /** The app has been told that it may not read this. */
  denied: boolean;
}

/** The buffers of one answer, shared by its entries; given back when the last one is done. */
interface Block {
  readonly views: Buffer[];
  readonly worker: number;
  entries: number;
  bytes: number;
}

interface Records {
  readonly kind: 'records';
  readonly part: Consumed;
  readonly entry: FetchedEntry;
  readonly block: Block;
  /** Index of the batch at hand. Those before it are done and off the queue's counters. */
  batch: number;
  /** Position in the batch at hand; -1: not begun. */
  at: number;
  left: number;
}

/** What came from a home that main has not spoken of yet. */
type Held =
  | { readonly home: number; readonly entry: FetchedEntry; readonly block: Block }
  | { readonly home: number; readonly error: FetchErrorOp };

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
  /** Counts assign calls: partitions of an older one, whose word is still on its way, are not taken up. */
  version: number;
  /** The highest home that main has spoken of; they rise over all partitions. */
  private homes: number;
  private held: Held[];
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
    this.version = 0;
    this.homes = 0;
    this.held = [];
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
        this.take(op);
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
        this.consumerError(op);
        return;
      case 'group':
        this.memberId = op.memberId;
        this.generation = op.generation;
        this.protocol = op.protocol;
    }
  }

  private take(op: AssignedOp): void {
    this.homes = op.home;
    if (op.version < 0 || op.version === this.version) {
      const cell = new Cell(op.cell, this.rk.memory.page(op.cell));
      this.assigned.set(op.cell, {
        topic: op.topic,
        number: op.partition,
        cell,
        home: op.home,
        eof: -1,
        denied: false,
      });
    }
    this.release();
  }

  /** Of a partition: dropped with it, like its records. */
  private consumerError(op: ConsumerErrorOp): void {
    const { topic = null, partition = -1, err, text, offset = E.RD_KAFKA_OFFSET_INVALID } = op;
    let part: Consumed | null = null;
    if (partition >= 0) {
      part = [...this.assigned.values()].find((each) => each.topic === topic && each.number === partition) ?? null;
      if (part === null || this.toldBefore(part, err)) return;
    }
    this.push({ kind: 'error', part, err, text, topic, partition, offset });
  }

  /** Main hears of refused rights from metadata, the partition's worker from its fetches: the app is told once. */
  private toldBefore(part: Consumed, err: number): boolean {
    if (err !== E.RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED) return false;
    const before = part.denied;
    part.denied = true;
    return before;
  }

  /** What the old home posted comes first (memory.md, part 1, 7). */
  private moved(op: Extract<MainToAppOp, { type: 'home' }>): void {
    this.rk.drainWorker(op.oldWorker);
    this.homes = op.home;
    const part = this.assigned.get(op.cell);
    if (part !== undefined) part.home = op.home;
    this.release();
  }

  private release(): void {
    if (this.held.length === 0) return;
    const held = this.held;
    this.held = [];
    for (const each of held) {
      if (each.home > this.homes) this.held.push(each);
      else if ('entry' in each) this.addEntry(each.entry, each.block);
      else this.fetchError(each.error);
    }
  }

  private revoked(cells: readonly number[]): void {
    for (const cell of cells) this.assigned.delete(cell);
    this.dropStale();
    this.rk.toMain({ type: 'cells_done', cells });
  }

  /** The app lets go of everything: what lies here is handed out no more, main closes the cells and takes up `next`. */
  assign(next: readonly PartitionOffset[] | null): void {
    this.version++;
    this.explicit = next ?? [];
    this.assignmentLost = false;
    this.assigned.clear();
    this.dropStale();
    this.rk.toMain({ type: 'assign', partitions: next, version: this.version });
  }

  private dropStale(): void {
    const kept = this.items.slice(this.head).filter((item) => {
      if (item.part === null || this.assigned.get(item.part.cell.id) === item.part) return true;
      if (item.kind === 'records') this.drop(item.entry, item.block, item.batch);
      return false;
    });
    this.items = kept;
    this.head = 0;
  }

  fetched(op: FetchedOp, worker: number): void {
    const views = op.buffers.map((buffer) => Buffer.from(buffer));
    const block: Block = { views, worker, entries: op.entries.length, bytes: 0 };
    for (const entry of op.entries) {
      if (entry.home > this.homes) this.held.push({ home: entry.home, entry, block });
      else this.addEntry(entry, block);
    }
  }

  private addEntry(entry: FetchedEntry, block: Block): void {
    const part = this.partOf(entry.cell, entry.home);
    if (part === null) this.drop(entry, block, 0);
    else {
      part.denied = false;
      this.push({ kind: 'records', part, entry, block, batch: 0, at: -1, left: 0 });
    }
  }

  /** Records that nobody will see: batches from `batch` on. */
  private drop(entry: FetchedEntry, block: Block, batch: number): void {
    for (let i = batch; i < entry.batches.length; i++) this.uncount(entry.batches[i]!);
    this.endEntry(block, entry.bytes);
  }

  fetchError(op: FetchErrorOp): void {
    if (op.home > this.homes) {
      this.held.push({ home: op.home, error: op });
      return;
    }
    const part = this.partOf(op.cell, op.home);
    if (part !== null && !this.toldBefore(part, op.err))
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

  /** The partition that data is for; null when it is stale. */
  private partOf(cell: number, home: number): Consumed | null {
    const part = this.assigned.get(cell);
    return part !== undefined && part.home === home && !part.cell.closed ? part : null;
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
    const { version } = this;
    try {
      this.rk.callbacks.rebalance(op.err, op.partitions);
    } catch (error) {
      // The group waits for an answer: the one that an app without the callback gives.
      if (this.version === version)
        this.assign(op.err === E.RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS ? op.partitions : null);
      throw error;
    }
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
      this.count(part.cell, batch);
      item.batch++;
      item.at = -1;
    }
    this.skip();
    this.endEntry(item.block, entry.bytes);
    if (entry.eof < 0 || entry.eof === part.eof || part.cell.closed) return null;
    part.eof = entry.eof;
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
      const offset = batch.baseOffset + cursor.offsetDelta;
      if (offset < entry.fetchOffset) continue;
      if (!part.cell.advance(offset + 1)) return null;
      return ConsumedMessage.of(this.rk.topic(part.topic), part.number, offset, batch, bytes, cursor, this.chunks);
    }
    return null;
  }

  /** For the prefetch limits, a batch at a time: plain adds of one writer, read by the worker. */
  private count(cell: Cell, batch: FetchedBatch): void {
    const { words, base } = cell;
    Atomics.store(words, base + MESSAGES, (words[base + MESSAGES]! + batch.count) | 0);
    Atomics.store(words, base + BYTES, (words[base + BYTES]! + batch.to - batch.from) | 0);
    this.uncount(batch);
  }

  private uncount(batch: FetchedBatch): void {
    const { head } = this.rk.memory;
    Atomics.sub(head, QUEUED_MESSAGES, batch.count);
    Atomics.sub(head, QUEUED_BYTES, batch.to - batch.from);
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
    if (--block.entries === 0) {
      const buffers = block.views.map((view) => view.buffer as ArrayBuffer);
      this.rk.giveBack(block.worker, buffers, block.bytes);
    }
  }

  /** Next offsets of the assigned partitions; RD_KAFKA_OFFSET_INVALID where none was handed out. */
  position(topic: string, partition: number): number | null {
    for (const part of this.assigned.values())
      if (part.topic === topic && part.number === partition) return part.cell.position;
    // Main has yet to take it up.
    const asked = this.explicit?.some((each) => each.topic === topic && each.partition === partition) ?? false;
    return asked ? E.RD_KAFKA_OFFSET_INVALID : null;
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
