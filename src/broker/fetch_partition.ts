// An assigned partition that this broker leads: where it is fetched next, and what of it waits for the app.
// @thread broker

import { RD_KAFKA_OFFSET_END, RD_KAFKA_OFFSET_TAIL_BASE } from '../defs/enums.ts';
import { isDuration } from '../defs/offset_time.ts';
import { Cell, MESSAGES } from '../ops/cells.ts';
import type { HandleMemory } from '../ops/memory.ts';
import type { FetchStartOp } from '../ops/ops.ts';
import type { Standing } from './fetch_stalls.ts';

const END = RD_KAFKA_OFFSET_END;

interface Sent {
  /** The session that has it, 0 for none. */
  session: number;
  /** The last request that asked for it, and the last that was answered for it. */
  turn: number;
  answered: number;
  offset: number;
  leaderEpoch: number;
  maxBytes: number;
}

export class FetchPartition {
  readonly topic: string;
  readonly number: number;
  readonly cell: Cell;
  readonly home: number;
  /** ZERO_UUID where the cluster names none. */
  readonly topicId: string;
  /** False: this broker is a follower, which lists no offsets and whose word on what is out of range is not the last. */
  readonly leader: boolean;
  /** Logical offset for `auto.offset.reset`: -2 earliest, -1 latest, or a duration; null: an error. */
  readonly reset: number | null;
  /** Next offset to fetch, while `logical` is null. */
  offset: number;
  /** Leader epoch of the record before `offset`, -1 where it is not known. */
  offsetEpoch: number;
  /** A logical offset (-2 beginning, -1 end, a duration) that ListOffsets has to resolve first. */
  logical: number | null;
  /** So many before the end, while `logical` is -1. */
  tail: number;
  /** Bytes to ask for; raised when not even one batch fits, as old brokers then send a part of it. */
  maxBytes: number;
  leaderEpoch: number;
  /** There was a leader change since `offset` was known to lie in the log: to be asked first (KIP-320). */
  unchecked: boolean;
  /** A request about its offset is under way. */
  resolving: boolean;
  /** Left out of requests; an answer under way is still delivered. */
  paused: boolean;
  /** What the broker's fetch session has of it (FetchSession). */
  readonly sent: Sent;
  notBefore: number;
  /** Log start and high watermark as the app knows them. */
  low: number;
  high: number;
  lastEof: number;
  /** Counted up as the cell's counter is, so the difference is what waits for the app. */
  fetchedMessages: number;
  lastError: string;
  /** Of the last answer, 0 for none: why nothing comes (FetchStalls). */
  failing: number;
  standing: Standing | null;
  /** Base offset of the broken batch that the app was told of last; -1: none. */
  broken: number;
  stopped: boolean;

  constructor(op: FetchStartOp, memory: HandleMemory, maxBytes: number) {
    this.topic = op.topic;
    this.number = op.partition;
    this.cell = new Cell(op.cell, memory.page(op.cell));
    this.home = op.home;
    this.topicId = op.topicId;
    this.leader = op.leader;
    this.reset = op.reset;
    this.offset = op.offset >= 0 ? op.offset : -1;
    this.offsetEpoch = op.offsetEpoch;
    const tail = op.offset <= RD_KAFKA_OFFSET_TAIL_BASE && !isDuration(op.offset);
    this.tail = tail ? RD_KAFKA_OFFSET_TAIL_BASE - op.offset : 0;
    this.logical = op.offset >= 0 ? null : tail ? END : op.offset;
    this.maxBytes = maxBytes;
    this.leaderEpoch = op.leaderEpoch;
    this.unchecked = op.leader && op.offset >= 0 && op.offsetEpoch >= 0 && op.offsetEpoch < op.leaderEpoch;
    this.resolving = false;
    this.paused = op.paused;
    this.sent = { session: 0, turn: 0, answered: 0, offset: -1, leaderEpoch: -1, maxBytes: -1 };
    this.notBefore = 0;
    this.low = -1;
    this.high = -1;
    this.lastEof = -1;
    this.fetchedMessages = Atomics.load(this.cell.words, this.cell.base + MESSAGES);
    this.lastError = '';
    this.failing = 0;
    this.standing = null;
    this.broken = -1;
    this.stopped = false;
  }

  /** Where another fetcher would have to go on. */
  get start(): number {
    if (this.logical === null) return this.offset;
    return this.tail > 0 ? RD_KAFKA_OFFSET_TAIL_BASE - this.tail : this.logical;
  }

  /** Can be fetched, but for a pause after an error. */
  get fetchable(): boolean {
    return this.logical === null && !this.unchecked && !this.paused;
  }

  /** To be fetched from `offset` on, behind a record of that leader epoch. */
  moveTo(offset: number, epoch: number): void {
    this.offset = offset;
    this.offsetEpoch = epoch;
    this.logical = null;
    this.tail = 0;
    this.lastError = '';
    this.failing = 0;
  }

  /** To be fetched from where ListOffsets finds that logical offset. */
  ask(logical: number): void {
    this.logical = logical;
    this.offsetEpoch = -1;
    this.unchecked = false;
    this.broken = -1;
    this.notBefore = 0;
  }

  get queuedMessages(): number {
    return (this.fetchedMessages - Atomics.load(this.cell.words, this.cell.base + MESSAGES)) | 0;
  }
}
