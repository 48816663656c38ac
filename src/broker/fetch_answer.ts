// One Fetch answer on its way to the app: partition by partition, as far as there is room for what decompresses.
// @thread broker
//
// What is held for the app (HELD_BYTES) is counted here: a frame when it comes, each decompressed buffer when it is made,
// until the app gives the block back, or at once where nothing in the frame is the app's.

import * as E from '../defs/enums.ts';
import { HELD_BYTES, QUEUED_BYTES, QUEUED_MESSAGES } from '../ops/head_page.ts';
import type { BrokerToAppOp, FetchedEntry } from '../ops/ops.ts';
import { bytesFull } from '../ops/queue_limits.ts';
import { AbortedTransactions } from '../records/aborted.ts';
import { type FetcherEnv, isolationOf, READ_COMMITTED } from './fetch_env.ts';
import type { FetchErrors } from './fetch_errors.ts';
import type { FetchPartition } from './fetch_partition.ts';
import { Block, type PartitionRecords, type RecordsSource, readRecords } from './fetch_response.ts';

/** Beyond this a batch is too large for us, whatever is asked for. */
const MOST_BYTES = 1 << 30;

/** A partition of the answer that has been found free of errors. */
interface Portion extends RecordsSource {
  readonly part: FetchPartition;
  readonly result: any;
  /** Where the part was when the answer came. */
  readonly start: number;
}

export class FetchAnswer {
  private readonly env: FetcherEnv;
  private readonly errors: FetchErrors;
  /** Null when the app has it. */
  private frame: Uint8Array | null;
  private readonly portions: Portion[];
  private next: number;

  /** @param frame whose memory the records of all results are views of. */
  constructor(env: FetcherEnv, errors: FetchErrors, frame: Uint8Array) {
    this.env = env;
    this.errors = errors;
    this.frame = frame;
    this.portions = [];
    this.next = 0;
    Atomics.add(env.head, HELD_BYTES, frame.length);
  }

  add(part: FetchPartition, result: any): void {
    const listed = isolationOf(this.env.settings) === READ_COMMITTED ? (result.abortedTransactions ?? []) : [];
    this.portions.push({
      part,
      result,
      start: part.offset,
      records: result.records ?? new Uint8Array(0),
      at: 0,
      aborted: listed.length > 0 ? new AbortedTransactions(listed) : null,
    });
  }

  /** Hands on what there is room for, at least one batch. True: that was all. */
  read(): boolean {
    const { env } = this;
    const block = new Block();
    const entries: FetchedEntry[] = [];
    const later: BrokerToAppOp[] = [];
    let paused = false;
    while (!paused && this.next < this.portions.length) {
      const portion = this.portions[this.next]!;
      if (!portion.part.stopped) paused = this.portion(portion, block, entries, later);
      if (paused) break;
      this.next++;
      paused = block.bytes > 0 && !this.room(block);
    }
    const done = this.next === this.portions.length;
    this.count(block);
    this.passOn(block, entries, done);
    for (const op of later) env.toApp(op);
    return done;
  }

  /** Nobody wants the rest. */
  drop(): void {
    if (this.frame === null) return;
    Atomics.sub(this.env.head, HELD_BYTES, this.frame.length);
    this.env.giveBack([this.frame.buffer as ArrayBuffer]);
    this.frame = null;
  }

  private room(block: Block): boolean {
    this.count(block);
    return !bytesFull(this.env.head, this.env.settings);
  }

  /** At once, or answers of several brokers would each take the same room. */
  private count(block: Block): void {
    Atomics.add(this.env.head, HELD_BYTES, block.bytes - block.counted);
    block.counted = block.bytes;
  }

  private passOn(block: Block, entries: FetchedEntry[], done: boolean): void {
    const { env } = this;
    if (block.frame >= 0) {
      // The memory goes to the app, with the rest in it that waits for room.
      const last = entries.findLastIndex(({ batches }) => batches.length > 0);
      entries[last] = { ...entries[last]!, bytes: entries[last]!.bytes + this.frame!.length };
      if (done) this.frame = null;
      else this.keepRest();
    } else if (done) this.drop();
    if (entries.length > 0) env.toApp({ type: 'fetched', buffers: block.buffers, entries }, block.buffers);
  }

  /** Copies what has not been read to memory of its own. */
  private keepRest(): void {
    const frame = this.frame!;
    const first = this.portions[this.next]!;
    const from = first.records.byteOffset - frame.byteOffset + first.at;
    const rest = frame.slice(from);
    for (let i = this.next; i < this.portions.length; i++) {
      const portion = this.portions[i]!;
      const at = portion.records.byteOffset + portion.at - frame.byteOffset - from;
      portion.records = rest.subarray(at, at + portion.records.length - portion.at);
      portion.at = 0;
    }
    this.frame = rest;
    Atomics.add(this.env.head, HELD_BYTES, rest.length);
  }

  /** True: there is more, but no room. */
  private portion(portion: Portion, block: Block, entries: FetchedEntry[], later: BrokerToAppOp[]): boolean {
    const { env } = this;
    const { part } = portion;
    const fetchOffset = part.offset;
    const before = block.bytes;
    const read = readRecords(portion, fetchOffset, block, {
      checkCrcs: env.settings['check.crcs'],
      maxDecompressed: env.settings['receive.message.max.bytes'],
      // At the second look: the first may have met a fault of the wire.
      broken: part.broken,
      broker: env.broker,
      room: () => this.room(block),
    });
    if (read.nextOffset > fetchOffset) {
      part.offset = read.nextOffset;
      part.offsetEpoch = read.leaderEpoch;
    }
    part.fetchedMessages = (part.fetchedMessages + read.messages) | 0;
    Atomics.add(env.head, QUEUED_MESSAGES, read.messages);
    Atomics.add(env.head, QUEUED_BYTES, read.bytes);
    if (!read.paused) this.finish(portion, read, later);
    const eof = read.paused || read.error !== null ? -1 : this.endOf(portion);
    const { batches, passed } = read;
    const { highWatermark, logStartOffset } = portion.result;
    const moved = part.high !== highWatermark || part.low !== logStartOffset;
    part.high = highWatermark;
    part.low = logStartOffset;
    if (batches.length === 0 && eof < 0 && passed < 0) {
      const { cell, home } = part;
      if (moved) env.toApp({ type: 'watermarks', cell: cell.id, home, low: logStartOffset, high: highWatermark });
      return read.paused;
    }
    entries.push({
      cell: part.cell.id,
      home: part.home,
      fetchOffset,
      batches,
      bytes: block.bytes - before,
      passed,
      leaderEpoch: read.leaderEpoch,
      eof,
      highWatermark,
      logStartOffset,
    });
    return read.paused;
  }

  /** All that came for the partition has been read. */
  private finish({ part, start, records }: Portion, read: PartitionRecords, later: BrokerToAppOp[]): void {
    const { env } = this;
    const { error } = read;
    if (error !== null) {
      part.notBefore = env.now() + env.settings['fetch.error.backoff.ms'];
      part.failing = error.err;
      this.errors.report(part, error.err, error.text, error.offset, later);
      if (error.err === E.RD_KAFKA_RESP_ERR__BAD_MSG) part.broken = error.offset;
    } else if (part.offset > start || records.length === 0) part.lastError = '';
    else this.noProgress(part, read.partial, later);
  }

  /** Nothing new came, though something did: that must not make a loop. */
  private noProgress(part: FetchPartition, bytes: number, later: BrokerToAppOp[]): void {
    if (bytes > 0 && part.maxBytes < MOST_BYTES) {
      // Not one whole batch: more is asked for at once, up to a limit.
      part.maxBytes = Math.min(MOST_BYTES, Math.max(1, part.maxBytes) * 2);
      return;
    }
    part.notBefore = this.env.now() + this.env.settings['fetch.error.backoff.ms'];
    if (bytes === 0) return;
    part.failing = E.RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE;
    const text = `no whole batch in ${bytes} bytes: it may be too large to fetch (receive.message.max.bytes)`;
    this.errors.report(part, E.RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE, text, part.offset, later);
  }

  /** The end of the partition, if it has been reached and was not told before at this place; -1. */
  private endOf({ part, result }: Portion): number {
    const { settings } = this.env;
    const stable = isolationOf(settings) === READ_COMMITTED && result.lastStableOffset >= 0;
    const end = stable ? result.lastStableOffset : result.highWatermark;
    if (!settings['enable.partition.eof'] || part.offset !== end || part.lastEof === end) return -1;
    part.lastEof = end;
    return end;
  }
}
