// An assigned partition that this broker leads: where it is fetched next, and what of it waits for the app.
// @thread broker

import { BYTES, Cell, MESSAGES } from '../ops/cells.ts';
import type { HandleMemory } from '../ops/memory.ts';
import type { FetchStartOp } from '../ops/ops.ts';

export class FetchPartition {
  readonly topic: string;
  readonly number: number;
  readonly cell: Cell;
  readonly home: number;
  /** ListOffsets timestamp for `auto.offset.reset`: -2 earliest, -1 latest; null: an error. */
  readonly reset: number | null;
  /** Next offset to fetch, while `logical` is null. */
  offset: number;
  /** A logical offset (-2 beginning, -1 end) that ListOffsets has to resolve first. */
  logical: number | null;
  leaderEpoch: number;
  resolving: boolean;
  notBefore: number;
  lastEof: number;
  /** Counted up as the cell's counters are, so the difference is what waits for the app. */
  fetchedMessages: number;
  fetchedBytes: number;
  lastError: string;
  stopped: boolean;

  constructor(op: FetchStartOp, memory: HandleMemory) {
    this.topic = op.topic;
    this.number = op.partition;
    this.cell = new Cell(op.cell, memory.page(op.cell));
    this.home = op.home;
    this.reset = op.reset;
    this.offset = op.offset >= 0 ? op.offset : -1;
    this.logical = op.offset >= 0 ? null : op.offset;
    this.leaderEpoch = op.leaderEpoch;
    this.resolving = false;
    this.notBefore = 0;
    this.lastEof = -1;
    this.fetchedMessages = Atomics.load(this.cell.words, this.cell.base + MESSAGES);
    this.fetchedBytes = Atomics.load(this.cell.words, this.cell.base + BYTES);
    this.lastError = '';
    this.stopped = false;
  }

  get queuedMessages(): number {
    return (this.fetchedMessages - Atomics.load(this.cell.words, this.cell.base + MESSAGES)) | 0;
  }

  get queuedBytes(): number {
    return (this.fetchedBytes - Atomics.load(this.cell.words, this.cell.base + BYTES)) | 0;
  }
}
