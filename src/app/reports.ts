// Delivery reports: batches that are on their way, batches that came back, and the cursor that serves them record by
// record (memory.md, part 1, 4 and 9).
// @thread app

import * as E from '../defs/enums.ts';
import { BatchWalk, takeReports } from '../ops/batch_reader.ts';
import {
  APPEND_TIME,
  BASE_OFFSET,
  BATCH_WORDS,
  BROKER,
  COUNT_MASK,
  claim,
  ERROR,
  FIRST_TIMESTAMP,
  FLAG_DETAILS,
  FLAG_NO_OFFSET,
  GEN,
  STATUS,
  seal,
  TAIL,
  WORKER,
} from '../ops/batches.ts';
import { FIRST_APP_SLOT, indexOf } from '../ops/ids.ts';
import type { RelayOp } from '../ops/ops.ts';
import { RecordCursor } from '../records/record_reader.ts';
import type { Handle } from './handle.ts';
import { ReportMessage } from './report_message.ts';
import type { Topic } from './topic.ts';

/** Each waiting record stands behind the partition that its caller named. */
export const TARGET_BYTES = 4;

export interface RecordError {
  readonly index: number;
  readonly err: number;
  readonly text: string;
}

/** A batch of this thread whose records have not all been served. */
export class LiveBatch {
  readonly id: number;
  readonly generation: number;
  readonly topic: Topic;
  readonly partition: number;
  /** Its records stand behind their targets: they come back in batches of main's. */
  readonly waits: boolean;
  /** By record, once one was given. */
  opaques: any[] | null;
  /** Sum of the values' lengths, as the queue counts them. */
  valueBytes: number;
  count: number;
  /** Of a waiting batch: records that have been served. */
  served: number;
  /** Of a waiting batch: where each record lies, found at first need. */
  places: { slab: { bytes: Uint8Array; buffer: Buffer }; at: number; end: number }[] | null;
  readonly openedAt: number;
  /** Some record has a timestamp of its caller's: latencies then count from the batch. */
  ownTimestamps: boolean;

  constructor(id: number, generation: number, topic: Topic, partition: number, waits: boolean, openedAt: number) {
    this.id = id;
    this.generation = generation;
    this.topic = topic;
    this.partition = partition;
    this.waits = waits;
    this.opaques = null;
    this.valueBytes = 0;
    this.count = 0;
    this.served = 0;
    this.places = null;
    this.openedAt = openedAt;
    this.ownTimestamps = false;
  }
}

/** A verdict that the app gave by itself, after main died: words 11-13 may be half written then. */
interface OwnVerdict {
  readonly error: number;
  readonly status: number;
}

/** A batch that came back and is being served. */
class Reported {
  readonly id: number;
  readonly verdict: OwnVerdict | null;
  index: number;
  walk: BatchWalk | null;
  details: Map<number, RecordError> | null;

  constructor(id: number, verdict: OwnVerdict | null) {
    this.id = id;
    this.verdict = verdict;
    this.index = 0;
    this.walk = null;
    this.details = null;
  }
}

export class Reports {
  readonly live: Map<number, LiveBatch>;
  private readonly rk: Handle;
  private readonly queue: Reported[];
  private head: number;
  private readonly relays: Map<number, RelayOp>;
  private readonly details: Map<number, Map<number, RecordError>>;
  private readonly cursor: RecordCursor;
  private readonly reported: Set<number>;

  constructor(rk: Handle) {
    this.rk = rk;
    this.live = new Map();
    this.queue = [];
    this.head = 0;
    this.relays = new Map();
    this.details = new Map();
    this.cursor = new RecordCursor();
    this.reported = new Set();
  }

  /** Batches that wait to be served. */
  get pending(): number {
    return this.queue.length - this.head;
  }

  relay(op: RelayOp): void {
    if (!this.rk.dead) this.relays.set(op.batch, op);
  }

  detailsOf(batch: number, errors: readonly RecordError[]): void {
    this.details.set(batch, new Map(errors.map((row) => [row.index, row])));
  }

  /** Takes what the owners have reported since. */
  take(): void {
    for (const id of takeReports(this.rk.memory, FIRST_APP_SLOT)) {
      if (this.rk.dead && this.reported.has(id)) continue;
      if (this.rk.dead) this.reported.add(id);
      this.queue.push(new Reported(id, null));
    }
  }

  /**
   * Main died: every batch that nobody has reported gets its verdict here, once (memory.md, part 1, 8). Others may
   * still run for a while, so the verdict is kept in a field of ours and their late reports are overlooked.
   */
  claimAll(error: number = E.RD_KAFKA_RESP_ERR__FATAL): void {
    for (const entry of this.queue) this.reported.add(entry.id);
    const ids = [
      ...[...this.live.values()].filter((batch) => !batch.waits).map((batch) => batch.id),
      ...this.relays.keys(),
    ];
    for (const id of ids) this.claimOne(id, null, error);
    for (const batch of this.live.values()) if (batch.waits) this.claimOne(batch.id, batch, error);
  }

  private claimOne(id: number, waiting: LiveBatch | null, error: number): void {
    if (this.reported.has(id)) return;
    const words = this.rk.memory.page(id).words;
    const base = indexOf(id) * BATCH_WORDS;
    const generation = Atomics.load(words, base + GEN);
    const won = generation > 0 && claim(words, base, generation);
    const sealedBefore = Atomics.load(words, base + TAIL) < 0;
    const count = seal(words, base);
    this.reported.add(id);
    if (waiting !== null) waiting.count = count;
    const status = sealedBefore ? E.RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED : E.RD_KAFKA_MSG_STATUS_NOT_PERSISTED;
    this.queue.push(new Reported(id, won ? { error, status } : null));
  }

  /**
   * Serves up to `most` records; gives how many. The cursor moves on before each callback, so that a throw, a nested
   * poll or yield goes on with the next record. Without a report callback whole batches are dropped.
   */
  serve(most: number): number {
    let served = 0;
    while (served < most && this.head < this.queue.length && !this.rk.yielded) {
      const entry = this.queue[this.head]!;
      if (entry.index >= this.countOf(entry.id)) this.finish(entry);
      else if (this.rk.callbacks.reports) {
        this.serveOne(entry);
        served++;
      } else served += this.drop(entry);
    }
    return served;
  }

  private countOf(id: number): number {
    return Atomics.load(this.rk.memory.page(id).words, indexOf(id) * BATCH_WORDS + TAIL) & COUNT_MASK;
  }

  private finish(entry: Reported): void {
    if (this.queue[this.head] !== entry) return;
    this.head++;
    if (this.head > 64 && this.head * 2 > this.queue.length) {
      this.queue.splice(0, this.head);
      this.head = 0;
    }
    this.details.delete(entry.id);
    const relay = this.relays.get(entry.id);
    if (relay !== undefined) {
      this.relays.delete(entry.id);
      if (!this.rk.dead) this.rk.toMain({ type: 'freed', batch: entry.id });
    } else this.release(entry.id);
  }

  /** The memory of a batch of ours, once nothing will look at it. Of a fatal handle nothing is used again. */
  private release(id: number): void {
    const batch = this.live.get(id);
    if (batch === undefined) return;
    this.live.delete(id);
    this.rk.forgetOpen(batch);
    if (!this.rk.dead) this.rk.writer!.free(id);
  }

  /** No callback: counts are all that is left to do. */
  private drop(entry: Reported): number {
    const count = this.countOf(entry.id) - entry.index;
    const relay = this.relays.get(entry.id);
    if (relay === undefined) {
      const batch = this.live.get(entry.id);
      if (batch === undefined) entry.index += count;
      else {
        entry.index += count;
        if (batch.waits) batch.served += count;
        this.rk.took(count, batch.valueBytes);
      }
      return count;
    }
    while (entry.index < count + 0 && entry.index * 2 < relay.rows.length) this.serveRelayed(entry, relay, false);
    return count;
  }

  private serveOne(entry: Reported): void {
    const relay = this.relays.get(entry.id);
    if (relay !== undefined) {
      this.serveRelayed(entry, relay, true);
      return;
    }
    const batch = this.live.get(entry.id)!;
    entry.walk ??= new BatchWalk(this.rk.memory, entry.id);
    const { walk } = entry;
    if (walk.at >= walk.end && !walk.nextPiece()) {
      entry.index = walk.count;
      return;
    }
    const shift = batch.waits ? TARGET_BYTES : 0;
    const slab = walk.slab!;
    this.cursor.read(slab.bytes, walk.at + shift, walk.end);
    walk.at = this.cursor.next;
    const index = entry.index++;
    if (batch.waits) batch.served++;
    this.hand(entry, batch, index, index, slab.buffer, batch.partition);
  }

  /** A record that waited: its verdict comes in a batch of main's, its bytes and opaque are where the app put them. */
  private serveRelayed(entry: Reported, relay: RelayOp, callback: boolean): void {
    const index = entry.index++;
    const originId = relay.rows[index * 2]!;
    const row = relay.rows[index * 2 + 1]!;
    const origin = this.live.get(originId);
    if (origin === undefined) return;
    const place = this.place(origin, row);
    this.cursor.read(place.slab.bytes, place.at + TARGET_BYTES, place.end);
    origin.served++;
    const done = origin.served === this.countOf(originId);
    try {
      if (callback)
        this.hand(
          entry,
          origin,
          index,
          row,
          place.slab.buffer,
          relay.partition >= 0 ? relay.partition : place.slab.buffer.readInt32BE(place.at),
        );
      else this.rk.took(1, Math.max(0, this.cursor.valueTo - this.cursor.valueFrom));
    } finally {
      if (done) this.release(originId);
    }
  }

  private place(
    origin: LiveBatch,
    row: number,
  ): { slab: { bytes: Uint8Array; buffer: Buffer }; at: number; end: number } {
    if (origin.places === null) {
      const walk = new BatchWalk(this.rk.memory, origin.id);
      const places: { slab: { bytes: Uint8Array; buffer: Buffer }; at: number; end: number }[] = [];
      while (places.length < walk.count && (walk.at < walk.end || walk.nextPiece())) {
        const slab = walk.slab!;
        this.cursor.read(slab.bytes, walk.at + TARGET_BYTES, walk.end);
        places.push({ slab, at: walk.at, end: walk.end });
        walk.at = this.cursor.next;
      }
      origin.places = places;
    }
    return origin.places[row]!;
  }

  /** `index` counts in the batch that was reported, `row` in the one that the app wrote. */
  private hand(entry: Reported, batch: LiveBatch, index: number, row: number, bytes: Buffer, partition: number): void {
    const { cursor, rk } = this;
    const words = rk.memory.page(entry.id).words;
    const base = indexOf(entry.id) * BATCH_WORDS;
    const doubles = rk.memory.page(entry.id).doubles;
    const half = base >> 1;
    const flags = entry.verdict === null ? words[base + STATUS]! : entry.verdict.status | FLAG_NO_OFFSET;
    let err = entry.verdict === null ? words[base + ERROR]! : entry.verdict.error;
    let text: string | null = null;
    if ((flags & FLAG_DETAILS) !== 0) {
      const details = this.waitForDetails(entry.id, words[base + WORKER]!);
      const own = details.get(index);
      if (own === undefined) err = E.RD_KAFKA_RESP_ERR__INVALID_DIFFERENT_RECORD;
      else {
        err = own.err;
        text = own.text;
      }
    }
    const baseOffset = doubles[half + BASE_OFFSET]!;
    const append = doubles[half + APPEND_TIME]!;
    const ownBase = batch.id === entry.id ? half : indexOf(batch.id) * (BATCH_WORDS >> 1);
    const created = rk.memory.page(batch.id).doubles[ownBase + FIRST_TIMESTAMP]! + cursor.timestampDelta;
    const message = new ReportMessage(batch, bytes, cursor, {
      err,
      text,
      partition,
      offset: (flags & FLAG_NO_OFFSET) !== 0 || entry.verdict !== null ? E.RD_KAFKA_OFFSET_INVALID : baseOffset + index,
      timestamp: append >= 0 && entry.verdict === null && err === 0 ? append : created,
      appended: append >= 0 && entry.verdict === null,
      status: flags & 0xff,
      broker: entry.verdict === null ? words[base + BROKER]! : -1,
      opaque: batch.opaques === null ? null : (batch.opaques[row] ?? null),
    });
    rk.took(1, Math.max(0, cursor.valueTo - cursor.valueFrom));
    rk.callbacks.report(message);
  }

  /** They were posted before the report was pushed, on the port of the worker that reported. */
  private waitForDetails(batch: number, worker: number): Map<number, RecordError> {
    for (;;) {
      const details = this.details.get(batch);
      if (details !== undefined) return details;
      if (!this.rk.readWorker(worker)) return new Map();
    }
  }
}
