// From fetched blocks to messages: one record at a time out of a queue, and blocks back when they are walked.
// @thread app

import * as E from '../defs/enums.ts';
import { BYTES, type Cell, MESSAGES } from '../ops/cells.ts';
import { HELD_BYTES, QUEUED_BYTES, QUEUED_MESSAGES } from '../ops/head_page.ts';
import type { FetchedBatch, FetchedEntry } from '../ops/ops.ts';
import { RecordCursor } from '../records/record_reader.ts';
import { Chunks } from './chunks.ts';
import { ConsumedMessage, ErrorMessage } from './consumed_message.ts';
import type { Consumed } from './consumer.ts';
import type { Handle } from './handle.ts';
import type { Block, Item, OpQueue, Records } from './op_queue.ts';

export class RecordWalk {
  private readonly rk: Handle;
  private readonly cursor: RecordCursor;
  private readonly chunks: Chunks;
  /** Of the record that was handed out last. */
  part: Consumed | null;

  constructor(rk: Handle) {
    this.rk = rk;
    this.cursor = new RecordCursor();
    this.chunks = new Chunks();
    this.part = null;
  }

  /** The next record or error of a queue (one that is not forwarded); null when there is none now. */
  next(queue: OpQueue): ConsumedMessage | ErrorMessage | null {
    if (this.rk.consuming!.rebalances.running) return null;
    while (queue.head < queue.items.length) {
      const item = queue.items[queue.head]!;
      if (item.kind === 'error') {
        queue.skip();
        return new ErrorMessage(
          item.err,
          item.text,
          item.topic === null ? null : this.rk.topic(item.topic),
          item.partition,
          item.offset,
        );
      }
      const message = this.record(item, queue);
      if (message !== null) return message;
    }
    return null;
  }

  /** Messages and errors that next() would give now, counted as far as `most`. */
  lengthUpTo(queue: OpQueue, most: number): number {
    if (this.rk.consuming!.rebalances.running) return 0;
    for (let i = queue.head; i < queue.items.length && i < queue.head + most; i++) this.passOver(queue.items[i]!);
    return queue.lengthUpTo(most);
  }

  /** Brokers send whole batches: records before the one that was asked for count for nothing. */
  private passOver(item: Item): void {
    if (item.kind === 'error' || item.at >= 0) return;
    const { entry, block, part } = item;
    const batch = entry.batches[item.batch];
    if (batch === undefined || batch.baseOffset >= entry.fetchOffset || part.cell.closed) return;
    item.at = batch.from;
    item.left = batch.count;
    const { cursor } = this;
    try {
      while (item.left > 0) {
        cursor.read(block.views[batch.buffer]!, item.at, batch.to);
        if (batch.baseOffset + cursor.offsetDelta >= entry.fetchOffset) return;
        item.at = cursor.next;
        item.left--;
      }
    } catch {
      // Told when it is handed out.
    }
  }

  private record(item: Records, queue: OpQueue): ConsumedMessage | ErrorMessage | null {
    const { entry, part } = item;
    while (item.batch < entry.batches.length) {
      const batch = entry.batches[item.batch]!;
      const message = this.recordOf(item, batch);
      if (message !== null) return message;
      this.count(part.cell, batch);
      item.batch++;
      item.at = -1;
    }
    // Over control records, and what was written in aborted transactions: nobody is handed those.
    if (entry.passed >= 0) part.cell.advance(entry.passed, entry.leaderEpoch);
    queue.skip();
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
      if (!part.cell.advance(offset + 1, batch.leaderEpoch)) return null;
      this.part = part;
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
    Atomics.sub(this.rk.memory.head, QUEUED_MESSAGES, batch.count);
    Atomics.sub(this.rk.memory.head, QUEUED_BYTES, batch.to - batch.from);
  }

  /** Records that nobody will see: batches from `batch` on. */
  drop(entry: FetchedEntry, block: Block, batch: number): void {
    for (let i = batch; i < entry.batches.length; i++) this.uncount(entry.batches[i]!);
    this.endEntry(block, entry.bytes);
  }

  /** The same of what waits in a queue, or for a resume. */
  dropItem(item: Item): void {
    if (item.kind === 'error') return;
    this.takeBack(item);
    this.drop(item.entry, item.block, item.batch);
  }

  /** What waits for a resume is in memory of its own, so that the block can go back. */
  setAside(item: Records): Records {
    const copy = this.copyOut(item);
    copy.aside = true;
    Atomics.sub(this.rk.memory.head, QUEUED_MESSAGES, messagesOf(copy));
    return copy;
  }

  takeBack(item: Item): void {
    if (item.kind === 'error' || !item.aside) return;
    item.aside = false;
    Atomics.add(this.rk.memory.head, QUEUED_MESSAGES, messagesOf(item));
  }

  private copyOut(item: Records): Records {
    const { entry, block } = item;
    if (block.worker < 0) return item;
    const left = entry.batches.slice(item.batch);
    const begins = left.map((batch, i) => (i === 0 && item.at >= 0 ? item.at : batch.from));
    const size = left.reduce((sum, batch, i) => sum + batch.to - begins[i]!, 0);
    const view = Buffer.allocUnsafeSlow(size);
    const batches: FetchedBatch[] = [];
    let at = 0;
    for (const [i, batch] of left.entries()) {
      const bytes = block.views[batch.buffer]!.copy(view, at, begins[i]!, batch.to);
      batches.push({ ...batch, buffer: 0, from: at, to: at + bytes });
      at += bytes;
    }
    const { head } = this.rk.memory;
    Atomics.add(head, HELD_BYTES, size);
    this.endEntry(block, entry.bytes);
    const counted = left.reduce((sum, batch) => sum + batch.to - batch.from, 0);
    Atomics.sub(head, QUEUED_BYTES, counted - size);
    return {
      ...item,
      entry: { ...entry, batches, bytes: size },
      block: { views: [view], worker: -1, entries: 1, bytes: 0 },
      batch: 0,
      at: item.at < 0 ? -1 : 0,
    };
  }

  private endEntry(block: Block, bytes: number): void {
    block.bytes += bytes;
    if (--block.entries > 0) return;
    if (block.worker < 0) {
      Atomics.sub(this.rk.memory.head, HELD_BYTES, block.bytes);
      return;
    }
    const buffers = block.views.map((view) => view.buffer as ArrayBuffer);
    this.rk.giveBack(block.worker, buffers, block.bytes);
  }
}

/** As the counters have it: a batch is on them until it is done. */
function messagesOf({ entry, batch }: Records): number {
  let count = 0;
  for (let i = batch; i < entry.batches.length; i++) count += entry.batches[i]!.count;
  return count;
}
