// An assigned partition that this broker leads: where it is fetched next, and what of it waits for the app.
// @thread broker

import { Cell, MESSAGES } from '../ops/cells.ts';
import type { HandleMemory } from '../ops/memory.ts';
import type { FetchStartOp } from '../ops/ops.ts';

/** RD_KAFKA_OFFSET_TAIL(0). */
const TAIL_BASE = -2000;
const END = -1;

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
  /** So many before the end, while `logical` is -1. */
  tail: number;
  /** Bytes to ask for; raised when not even one batch fits, as old brokers then send a part of it. */
  maxBytes: number;
  leaderEpoch: number;
  resolving: boolean;
  notBefore: number;
  lastEof: number;
  /** Counted up as the cell's counter is, so the difference is what waits for the app. */
  fetchedMessages: number;
  lastError: string;
  /** Base offset of the broken batch that the app was told of last; -1: none. */
  broken: number;
  stopped: boolean;

  constructor(op: FetchStartOp, memory: HandleMemory, maxBytes: number) {
    this.topic = op.topic;
    this.number = op.partition;
    this.cell = new Cell(op.cell, memory.page(op.cell));
    this.home = op.home;
    this.reset = op.reset;
    this.offset = op.offset >= 0 ? op.offset : -1;
    this.tail = op.offset <= TAIL_BASE ? TAIL_BASE - op.offset : 0;
    this.logical = op.offset >= 0 ? null : op.offset <= TAIL_BASE ? END : op.offset;
    this.maxBytes = maxBytes;
    this.leaderEpoch = op.leaderEpoch;
    this.resolving = false;
    this.notBefore = 0;
    this.lastEof = -1;
    this.fetchedMessages = Atomics.load(this.cell.words, this.cell.base + MESSAGES);
    this.lastError = '';
    this.broken = -1;
    this.stopped = false;
  }

  /** Where another fetcher would have to go on. */
  get start(): number {
    if (this.logical === null) return this.offset;
    return this.tail > 0 ? TAIL_BASE - this.tail : this.logical;
  }

  get queuedMessages(): number {
    return (this.fetchedMessages - Atomics.load(this.cell.words, this.cell.base + MESSAGES)) | 0;
  }
}
