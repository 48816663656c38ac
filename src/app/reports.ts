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
  FLAG_DETAILS,
  FLAG_NO_OFFSET,
  GEN,
  SEALED,
  STATUS,
  TAIL,
  WORKER,
} from '../ops/batches.ts';
import { creatorOf, FIRST_APP_SLOT, indexOf, MAIN } from '../ops/ids.ts';
import type { HandleMemory } from '../ops/memory.ts';
import type { RelayOp } from '../ops/ops.ts';
import { Fifo } from '../rd/fifo.ts';
import { RecordCursor } from '../records/record_reader.ts';
import { Awaited, SETTLED } from './awaited.ts';
import type { Handle } from './handle.ts';
import { type LiveBatch, type RecordError, TARGET_BYTES } from './live_batch.ts';
import { ReportMessage } from './report_message.ts';

/** A verdict that the app gave by itself, after main died: words 11-13 may be half written then. */
interface OwnVerdict {
  readonly error: number;
  readonly status: number;
}

/** A batch that came back and is being served; what all its records share is looked up once. */
export class Reported {
  readonly id: number;
  readonly verdict: OwnVerdict | null;
  readonly count: number;
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  readonly base: number;
  index: number;
  /** Records that were looked at for a promise, and how many had one. */
  looked: number;
  settled: number;
  /** What the app has of it, looked up when it comes to be served; `batch` is null for one that main wrote. */
  found: boolean;
  batch: LiveBatch | null;
  relay: RelayOp | null;
  walk: BatchWalk | null;
  /** The verdict as it stands in the block (or is ours), from `decide` on. */
  err: number;
  flags: number;
  broker: number;
  baseOffset: number;
  appendTime: number;
  worker: number;

  constructor(memory: HandleMemory, id: number, verdict: OwnVerdict | null) {
    const page = memory.page(id);
    this.id = id;
    this.verdict = verdict;
    this.words = page.words;
    this.doubles = page.doubles;
    this.base = indexOf(id) * BATCH_WORDS;
    this.count = Atomics.load(page.words, this.base + TAIL) & COUNT_MASK;
    this.index = 0;
    this.looked = 0;
    this.settled = 0;
    this.found = false;
    this.batch = null;
    this.relay = null;
    this.walk = null;
    const own = verdict !== null;
    this.err = own ? verdict.error : page.words[this.base + ERROR]!;
    this.flags = own ? verdict.status | FLAG_NO_OFFSET : page.words[this.base + STATUS]!;
    this.broker = own ? -1 : page.words[this.base + BROKER]!;
    this.worker = page.words[this.base + WORKER]!;
    const offset = page.doubles[(this.base >> 1) + BASE_OFFSET]!;
    // A small integer where it is one: each report's offset is then no number on the heap.
    this.baseOffset = (offset | 0) === offset ? offset | 0 : offset;
    this.appendTime = own ? -1 : page.doubles[(this.base >> 1) + APPEND_TIME]!;
  }

  get status(): number {
    return this.flags & 0xff;
  }

  /** Set on every record of an append by log time. */
  get appended(): boolean {
    return this.appendTime >= 0;
  }
}

export class Reports {
  readonly live: Map<number, LiveBatch>;
  /** Records that were reported as not delivered, to promises as well. */
  failed: number;
  private readonly rk: Handle;
  /** Of a handle with promises, before `queue`: theirs are settled first, a share a turn of the event loop. */
  private readonly settling: Fifo<Reported>;
  private readonly queue: Reported[];
  private head: number;
  private readonly relays: Map<number, RelayOp>;
  private readonly details: Map<number, Map<number, RecordError>>;
  private readonly cursor: RecordCursor;
  private readonly reported: Set<number>;

  constructor(rk: Handle) {
    this.rk = rk;
    this.live = new Map();
    this.failed = 0;
    this.settling = new Fifo();
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

  /** Batches whose promises are to be settled first, those without any among them. */
  get unsettled(): number {
    return this.settling.size;
  }

  /** Records that are stored and whose report nobody has been served. */
  delivered(): number {
    const stored = ({ err, flags }: Reported): boolean => err === 0 && (flags & FLAG_DETAILS) === 0;
    let count = 0;
    for (const entry of this.settling) if (stored(entry)) count += entry.count - entry.settled;
    for (const entry of this.queue.slice(this.head)) if (stored(entry)) count += entry.count - entry.index;
    return count;
  }

  relay(op: RelayOp): void {
    if (this.rk.dead) return;
    this.relays.set(op.batch, op);
    for (let i = 0; i < op.rows.length; i += 2) {
      const origin = this.live.get(op.rows[i]!);
      // Main has sealed it, so its count is final.
      if (origin !== undefined) (origin.relayed ??= new Uint8Array(this.countOf(origin.id)))[op.rows[i + 1]!] = 1;
    }
  }

  detailsOf(batch: number, errors: readonly RecordError[]): void {
    this.details.set(batch, new Map(errors.map((row) => [row.index, row])));
  }

  /** Takes what the owners have reported since. */
  take(): void {
    for (const id of takeReports(this.rk.memory, FIRST_APP_SLOT)) {
      if (this.rk.dead && this.reported.has(id)) continue;
      if (this.rk.dead) this.reported.add(id);
      // Main posts the relay op before anybody can report its batch: it is in the port, if it has not been read yet.
      else while (creatorOf(id) === MAIN && !this.relays.has(id)) if (!this.rk.readMain()) break;
      this.enter(new Reported(this.rk.memory, id, null));
    }
  }

  private enter(entry: Reported): void {
    if (this.rk.awaited === null) this.queue.push(entry);
    else this.settling.push(entry);
  }

  /**
   * Settles at most `most` promises, in the order of the reports; what callbacks are to be told of goes on to wait for
   * them. True when there are more: whoever awaits them runs before the event loop has its turn, so all at once would
   * keep it for as long as they take.
   */
  settle(most: number): boolean {
    let left = most;
    for (let entry = this.settling.peek(); entry !== undefined; entry = this.settling.peek()) {
      left -= this.settleSome(entry, left);
      if (entry.looked < entry.count) return true;
      this.settling.shift();
      if (entry.settled < entry.count || entry.count === 0) this.queue.push(entry);
      else this.endSettled(entry);
    }
    return false;
  }

  /** Gives how many. */
  private settleSome(entry: Reported, most: number): number {
    const { relay, batch } = this.look(entry);
    const before = entry.settled;
    if (relay === null && (batch === null || batch.awaited === 0)) entry.looked = entry.count;
    while (entry.looked < entry.count && entry.settled - before < most) {
      const i = entry.looked++;
      const origin = relay === null ? batch : (this.live.get(relay.rows[i * 2]!) ?? null);
      const row = relay === null ? i : relay.rows[i * 2 + 1]!;
      if (origin === null || origin.awaited === 0) continue;
      const awaited = origin.opaques![row];
      if (!(awaited instanceof Awaited) || (relay === null && origin.relayed?.[row] === 1)) continue;
      entry.settled++;
      this.settleOne(entry, origin, i, row, relay?.partition ?? -1);
    }
    return entry.settled - before;
  }

  /** All of its records went to promises: the batch is at its end. */
  private endSettled(entry: Reported): void {
    // Records that waited are counted off where they lie; of the others nothing is left to look at.
    if (entry.relay === null && entry.batch?.waits === false) entry.index = entry.count;
    while (entry.index < entry.count) this.serveOne(entry, false);
    this.end(entry);
  }

  private settleOne(entry: Reported, origin: LiveBatch, index: number, row: number, relayed: number): void {
    const awaited: Awaited = origin.opaques![row];
    origin.opaques![row] = SETTLED;
    origin.settled++;
    origin.settledBytes += awaited.valueBytes;
    let { partition } = origin;
    if (relayed >= 0) partition = relayed;
    else if (origin.waits) {
      const place = this.place(origin, row);
      partition = place.slab.buffer.readInt32BE(place.at);
    }
    let { err } = entry;
    let text: string | null = null;
    if ((entry.flags & FLAG_DETAILS) !== 0) ({ err, text } = this.verdict(entry, index));
    const offset = (entry.flags & FLAG_NO_OFFSET) !== 0 ? null : entry.baseOffset + index;
    const { topic } = origin;
    const at = entry.appendTime;
    this.rk.awaited!.settle(awaited, err, text, topic.name, partition, offset, at, entry.status, entry.broker);
  }

  private verdict(entry: Reported, index: number): { readonly err: number; readonly text: string | null } {
    if ((entry.flags & FLAG_DETAILS) === 0) return { err: entry.err, text: null };
    const own = this.waitForDetails(entry.id, entry.worker).get(index);
    return own ?? { err: E.RD_KAFKA_RESP_ERR__INVALID_DIFFERENT_RECORD, text: null };
  }

  /** A batch that the app ends itself, and nobody else has seen. */
  endOwn(batch: LiveBatch, error: number): void {
    this.live.set(batch.id, batch);
    this.enter(new Reported(this.rk.memory, batch.id, { error, status: E.RD_KAFKA_MSG_STATUS_NOT_PERSISTED }));
    this.turnSoon();
  }

  /**
   * Main died: every batch that nobody has reported gets its verdict here, once (memory.md, part 1, 8). Others may
   * still run for a while, so the verdict is kept in a field of ours and their late reports are overlooked. Records
   * that waited come first: what was produced to their partitions behind them was accepted later.
   */
  claimAll(error: number = E.RD_KAFKA_RESP_ERR__FATAL): void {
    for (const entry of this.settling) this.reported.add(entry.id);
    for (const entry of this.queue.slice(this.head)) this.reported.add(entry.id);
    const live = [...this.live.values()];
    for (const id of this.relays.keys()) this.claimOne(id, error);
    for (const batch of live) if (batch.waits) this.claimOne(batch.id, error);
    for (const batch of live) if (!batch.waits) this.claimOne(batch.id, error);
    this.turnSoon();
  }

  /** For what did not come with a wake. */
  private turnSoon(): void {
    if (this.settling.size > 0) this.rk.thread.turnSoon();
  }

  /**
   * Who seals a batch looks at its generation afterwards, so one that nobody had sealed is sent by nobody. A sealed one
   * may be on its way, even one that waited: main relays it, and may have begun before it died.
   */
  private claimOne(id: number, error: number): void {
    if (this.reported.has(id)) return;
    this.reported.add(id);
    const words = this.rk.memory.page(id).words;
    const base = indexOf(id) * BATCH_WORDS;
    const generation = Atomics.load(words, base + GEN);
    const won = generation > 0 && claim(words, base, generation);
    const sealedBefore = Atomics.or(words, base + TAIL, SEALED) < 0;
    const status = sealedBefore ? E.RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED : E.RD_KAFKA_MSG_STATUS_NOT_PERSISTED;
    this.enter(new Reported(this.rk.memory, id, won ? { error, status } : null));
  }

  /**
   * Serves up to `most` records; gives how many. The cursor moves on before each callback, so that a throw, a nested
   * poll or yield goes on with the next record. Without a report callback whole batches are dropped.
   */
  serve(most: number): number {
    let served = 0;
    while (served < most && this.head < this.queue.length && !this.rk.stops) {
      const entry = this.queue[this.head]!;
      if (entry.index >= entry.count) this.finish(entry);
      else if (this.rk.callbacks.reports) {
        if (this.serveOne(entry, true)) served++;
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
    this.end(entry);
  }

  /** Nothing is left to serve of it. */
  private end(entry: Reported): void {
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
    batch.ended = true;
    if (batch.readers === 0) this.free(batch);
  }

  private free(batch: LiveBatch): void {
    if (!this.rk.dead) this.rk.writer!.free(batch.id);
  }

  /** No callback: counts are all that is left to do. */
  private drop(entry: Reported): number {
    const count = entry.count - entry.index;
    const { batch } = this.look(entry);
    if (batch === null || batch.waits) while (entry.index < entry.count) this.serveOne(entry, false);
    else {
      if (entry.err !== 0 || (entry.flags & FLAG_DETAILS) !== 0) this.countFailed(entry, batch);
      entry.index = entry.count;
      this.rk.took(count - batch.settled, batch.valueBytes - batch.settledBytes);
    }
    return count;
  }

  private countFailed(entry: Reported, batch: LiveBatch): void {
    for (let i = entry.index; i < entry.count; i++)
      if (batch.opaques?.[i] !== SETTLED && this.verdict(entry, i).err !== 0) this.failed++;
  }

  /** Entries are served one after the other, so what holds when one comes to be served holds until its end. */
  private look(entry: Reported): Reported {
    if (entry.found) return entry;
    entry.found = true;
    entry.relay = this.relays.get(entry.id) ?? null;
    entry.batch = this.live.get(entry.id) ?? null;
    return entry;
  }

  /** False when nobody was to be told. */
  private serveOne(entry: Reported, callback: boolean): boolean {
    const { relay, batch } = this.look(entry);
    if (relay !== null) return this.serveRelayed(entry, relay, callback);
    if (batch === null) {
      // A waiting batch that was claimed, and all of whose records came back in batches of main's.
      entry.index = entry.count;
      return false;
    }
    entry.walk ??= new BatchWalk(this.rk.memory, entry.id);
    const { walk } = entry;
    if (walk.at >= walk.end && !walk.nextPiece()) {
      entry.index = walk.count;
      return false;
    }
    const slab = walk.slab!;
    const from = walk.at;
    this.cursor.readOwn(slab.bytes, batch.waits ? from + TARGET_BYTES : from);
    walk.at = this.cursor.next;
    const index = entry.index++;
    if (!batch.waits) return this.hand(entry, batch, index, index, slab.buffer, from, batch.partition);
    if (batch.relayed !== null && batch.relayed[index] === 1) return false;
    batch.served++;
    if (callback)
      return this.hand(entry, batch, index, index, slab.buffer, from + TARGET_BYTES, slab.buffer.readInt32BE(from));
    this.tookUnheard(entry, index, batch, index);
    return false;
  }

  /** Of a record of a waiting batch that no callback is told of. */
  private tookUnheard(entry: Reported, index: number, batch: LiveBatch, row: number): void {
    const { valueFrom, valueTo } = this.cursor;
    if (batch.opaques?.[row] === SETTLED) return;
    this.rk.took(1, Math.max(0, valueTo - valueFrom));
    if (this.verdict(entry, index).err !== 0) this.failed++;
  }

  /** A record that waited: its verdict comes in a batch of main's, its bytes and opaque are where the app put them. */
  private serveRelayed(entry: Reported, relay: RelayOp, callback: boolean): boolean {
    const index = entry.index++;
    const originId = relay.rows[index * 2]!;
    const row = relay.rows[index * 2 + 1]!;
    const origin = this.live.get(originId);
    if (origin === undefined) return false;
    const place = this.place(origin, row);
    const at = place.at + TARGET_BYTES;
    this.cursor.readOwn(place.slab.bytes, at);
    origin.served++;
    const done = origin.served === this.countOf(originId);
    try {
      if (callback) {
        const partition = relay.partition >= 0 ? relay.partition : place.slab.buffer.readInt32BE(place.at);
        return this.hand(entry, origin, index, row, place.slab.buffer, at, partition);
      }
      this.tookUnheard(entry, index, origin, row);
      return false;
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
        this.cursor.readOwn(slab.bytes, walk.at + TARGET_BYTES);
        places.push({ slab, at: walk.at, end: walk.end });
        walk.at = this.cursor.next;
      }
      origin.places = places;
    }
    return origin.places[row]!;
  }

  /** `index` counts in the batch that was reported, `row` in the one that the app wrote; the record begins at `from`. */
  private hand(
    entry: Reported,
    batch: LiveBatch,
    index: number,
    row: number,
    bytes: Buffer,
    from: number,
    partition: number,
  ): boolean {
    const { cursor, rk } = this;
    const opaque = batch.opaques === null ? null : (batch.opaques[row] ?? null);
    if (opaque === SETTLED) return false;
    let { err } = entry;
    let text: string | null = null;
    if ((entry.flags & FLAG_DETAILS) !== 0) ({ err, text } = this.verdict(entry, index));
    const offset = (entry.flags & FLAG_NO_OFFSET) !== 0 ? E.RD_KAFKA_OFFSET_INVALID : entry.baseOffset + index;
    if (err !== 0) this.failed++;
    const message = new ReportMessage(entry, batch, bytes, from, cursor, err, text, partition, offset, opaque);
    rk.took(1, cursor.valueTo < 0 ? 0 : cursor.valueTo - cursor.valueFrom);
    batch.readers++;
    try {
      rk.callbacks.report(message);
    } finally {
      // A poll inside the callback may have served the rest of the batch; what the message shows stays till here.
      if (--batch.readers === 0 && batch.ended) this.free(batch);
    }
    return true;
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
