// What the app thread knows of its consumer: its partitions, and the queues where their records wait.
// @thread app

import * as E from '../defs/enums.ts';
import { newMemberId } from '../defs/member_id.ts';
import { partitionKey } from '../defs/partition_key.ts';
import { Cell, NOTES } from '../ops/cells.ts';
import { APP_STORES } from '../ops/head_page.ts';
import type { BrokerToAppOp, FetchedEntry, MainToAppOp, PartitionOffset } from '../ops/ops.ts';
import type { Handle } from './handle.ts';
import { type Block, type ErrorItem, type Item, OpQueue } from './op_queue.ts';
import { Pulls } from './pulls.ts';
import { Rebalances } from './rebalances.ts';
import { RecordWalk } from './record_walk.ts';

type FetchedOp = Extract<BrokerToAppOp, { type: 'fetched' }>;
type WatermarksOp = Extract<BrokerToAppOp, { type: 'watermarks' }>;
type FetchErrorOp = Extract<BrokerToAppOp, { type: 'fetch_error' }>;
type AssignedOp = Extract<MainToAppOp, { type: 'assigned' }>;
type ConsumerErrorOp = Extract<MainToAppOp, { type: 'consumer_error' }>;
type SoughtOp = Extract<MainToAppOp, { type: 'sought' }>;

/** Its data is stale, whatever home it names: main has yet to answer a seek. */
export const SEEKING = -1;

/** A partition that is assigned, as far as the app has read. */
export interface Consumed {
  readonly topic: string;
  readonly number: number;
  readonly cell: Cell;
  /** Of the app's call that assigned it; -1: main has. */
  readonly version: number;
  home: number;
  /** Where the end was last told. */
  eof: number;
  /** The app has been told that it may not read this. */
  denied: boolean;
  /** Where its records go: the consumer's queue, or its own, which is forwarded there if the app has not said otherwise. */
  queue: OpQueue;
  /** By the app's pause, and by `each` until it has caught up: each of them lets go of its own only. */
  paused: boolean;
  held: boolean;
  /** What a pause has set aside; null while it is neither paused nor held. */
  aside: Item[] | null;
  /** Paused, and what there was of it was too much to keep: where it goes on; else null. */
  refetch: { readonly offset: number; readonly leaderEpoch: number } | null;
  /** High watermark and log start as the last answer had them; -1: not known. */
  low: number;
  high: number;
}

/** What the app has assigned by itself, also while main's word of it is still on its way. */
export interface Wanted {
  readonly topic: string;
  readonly partition: number;
  /** Of the call that asked for it: main's word of an older one is stale. */
  readonly version: number;
  paused: boolean;
  /** What the app has stored meanwhile. */
  stored: StoredOffset | null;
}

/** An offset that the app stores by itself: the next one to consume. */
export interface StoredOffset {
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly metadata: Uint8Array | null;
}

/** Oldest offset and high watermark, -1 where it is not known. */
export interface Watermarks {
  readonly low: number;
  readonly high: number;
}

/** What came from a home that main has not spoken of yet. */
type Held =
  | { readonly home: number; readonly entry: FetchedEntry; readonly block: Block }
  | { readonly home: number; readonly error: FetchErrorOp };

export class AppConsumer {
  /** By cell, and by name. */
  readonly assigned: Map<number, Consumed>;
  readonly byName: Map<string, Consumed>;
  /** rd_kafka_queue_get_consumer. */
  readonly queue: OpQueue;
  /** Partition queues by name, and queues of the app's: wherever records may lie. */
  readonly partitionQueues: Map<string, OpQueue>;
  readonly queues: Set<OpQueue>;
  readonly walk: RecordWalk;
  readonly rebalances: Rebalances;
  readonly pulls: Pulls;
  /** Seeks that main has yet to answer, by the partition's name. */
  readonly seeks: Map<string, number>;
  memberId: string;
  generation: number;
  protocol: string;
  assignmentLost: boolean;
  closing: boolean;
  closed: boolean;
  subscription: readonly string[];
  /** What the app assigned by itself (from rebalance_cb or without a group); null: main assigns. */
  wanted: Map<string, Wanted> | null;
  /** Partitions of consume_start, with the version of that call. */
  readonly started: Map<string, number>;
  /** Counts assign calls: partitions of an older one, whose word is still on its way, are not taken up. */
  version: number;
  lastSeek: number;
  /** Of partitions that were assigned once. */
  private readonly lastMarks: Map<string, Watermarks>;
  /** The highest home that main has spoken of; they rise over all partitions. */
  private homes: number;
  private held: Held[];
  private readonly rk: Handle;

  constructor(rk: Handle) {
    this.rk = rk;
    this.assigned = new Map();
    this.byName = new Map();
    this.queue = new OpQueue(rk, true);
    this.partitionQueues = new Map();
    this.queues = new Set([this.queue]);
    this.walk = new RecordWalk(rk);
    this.rebalances = new Rebalances(rk, this);
    this.pulls = new Pulls(rk, this);
    this.seeks = new Map();
    this.memberId = rk.settings['group.protocol'] === 'consumer' ? newMemberId() : '';
    this.generation = -1;
    this.protocol = 'NONE';
    this.assignmentLost = false;
    this.closing = false;
    this.closed = false;
    this.subscription = [];
    this.wanted = null;
    this.started = new Map();
    this.version = 0;
    this.lastSeek = 0;
    this.lastMarks = new Map();
    this.homes = 0;
    this.held = [];
  }

  // ---- routing: no user code

  route(
    op: Extract<
      MainToAppOp,
      { type: 'assigned' | 'home' | 'sought' | 'revoked' | 'rebalance' | 'consumer_error' | 'group' }
    >,
  ): void {
    switch (op.type) {
      case 'assigned':
        this.take(op);
        return;
      case 'home':
        this.moved(op);
        return;
      case 'sought':
        this.sought(op);
        return;
      case 'revoked':
        this.revoked(op.cells);
        return;
      case 'rebalance':
        // Seen before the callback is: what is stored can't be committed any more.
        if (op.lost) this.assignmentLost = true;
        this.queue.pushUrgent({ kind: 'rebalance', op });
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
    const key = partitionKey(op.topic, op.partition);
    const wanted = this.wanted?.get(key);
    if (op.version < 0 || op.version === wanted?.version || op.version === this.started.get(key)) {
      const part: Consumed = {
        topic: op.topic,
        number: op.partition,
        cell: new Cell(op.cell, this.rk.memory.page(op.cell)),
        version: op.version,
        home: this.seeks.has(key) ? SEEKING : op.home,
        eof: -1,
        denied: false,
        queue: this.partitionQueues.get(key) ?? this.queue,
        paused: wanted?.paused === true,
        held: false,
        aside: wanted?.paused === true ? [] : null,
        refetch: null,
        low: -1,
        high: -1,
      };
      this.assigned.set(op.cell, part);
      this.byName.set(key, part);
      // A consume_start that has ended has left its queue to itself.
      const own = this.partitionQueues.get(key);
      if (own !== undefined && !own.byApp && !this.started.has(key)) own.forwardTo(this.queue);
      if (wanted?.stored != null) this.storeIn(part, wanted.stored);
    }
    this.release();
  }

  /** False: the partition has been taken away. */
  storeIn({ cell }: Consumed, { offset, leaderEpoch, metadata }: StoredOffset): boolean {
    const at = cell.base + NOTES;
    // Bytes that went with an offset before do not go with this one.
    if (metadata !== null || cell.words[at] !== 0) {
      this.rk.toMain({ type: 'store_metadata', cell: cell.id, offset, metadata });
      Atomics.add(cell.words, at, 1);
    }
    return cell.store(offset, leaderEpoch);
  }

  /** As the last answer had them, also of a partition that is no longer assigned. */
  watermarks(key: string): Watermarks | null {
    return this.byName.get(key) ?? this.lastMarks.get(key) ?? null;
  }

  /** A partition's own queue, made at first use, assigned or not. It goes to the consumer's, until the app forwards it. */
  partitionQueue(topic: string, partition: number): OpQueue {
    const key = partitionKey(topic, partition);
    let queue = this.partitionQueues.get(key);
    if (queue === undefined) {
      queue = new OpQueue(this.rk, true);
      queue.forwardTo(this.queue);
      this.partitionQueues.set(key, queue);
      this.queues.add(queue);
    }
    const part = this.byName.get(key);
    if (part !== undefined) part.queue = queue;
    return queue;
  }

  /** Of a partition: dropped with it, like its records. */
  private consumerError(op: ConsumerErrorOp): void {
    const { topic = null, partition = -1, err, text, offset = E.RD_KAFKA_OFFSET_INVALID } = op;
    let part: Consumed | null = null;
    if (partition >= 0) {
      part = this.byName.get(partitionKey(topic ?? '', partition)) ?? null;
      if (part === null || this.toldBefore(part, err)) return;
    }
    this.tell({ kind: 'error', part, err, text, topic, partition, offset });
  }

  private tell(item: ErrorItem): void {
    const { part } = item;
    if (part === null) this.queue.push(item);
    else if (part.aside !== null) part.aside.push(item);
    else part.queue.push(item);
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
    if (part !== undefined && part.home !== SEEKING) part.home = op.home;
    this.release();
  }

  private sought(op: SoughtOp): void {
    if (op.home > this.homes) this.homes = op.home;
    const key = partitionKey(op.topic, op.partition);
    if (this.seeks.get(key) === op.seek) {
      this.seeks.delete(key);
      const part = this.byName.get(key);
      if (part !== undefined && op.home >= 0) part.home = op.home;
    }
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
    for (const cell of cells) {
      const part = this.assigned.get(cell);
      if (part !== undefined) this.forget(part);
    }
    this.dropStale();
    this.rk.toMain({ type: 'cells_done', cells });
  }

  forget(part: Consumed): void {
    this.assigned.delete(part.cell.id);
    const key = partitionKey(part.topic, part.number);
    if (this.byName.get(key) === part) this.byName.delete(key);
    if (part.high >= 0) this.lastMarks.set(key, { low: part.low, high: part.high });
    if (part.aside === null) return;
    for (const item of part.aside) this.walk.dropItem(item);
    part.aside = null;
  }

  // ---- what the app assigns

  /** The app lets go of everything: what lies here is handed out no more, main closes the cells and takes up `next`. */
  assign(next: readonly PartitionOffset[] | null): void {
    this.wanted = new Map();
    this.seeks.clear();
    for (const part of [...this.assigned.values()]) this.forget(part);
    this.change('assign', next);
  }

  /** rd_kafka_incremental_assign. */
  incrementalAssign(more: readonly PartitionOffset[]): void {
    this.wanted ??= this.wantedNow();
    this.change('add', more);
  }

  /** rd_kafka_incremental_unassign: nothing of these is handed out from here on. */
  incrementalUnassign(less: readonly PartitionOffset[]): void {
    this.wanted ??= this.wantedNow();
    for (const { topic, partition } of less) {
      const key = partitionKey(topic, partition);
      this.wanted.delete(key);
      this.seeks.delete(key);
      const part = this.byName.get(key);
      if (part !== undefined) this.forget(part);
    }
    this.change('remove', less);
  }

  private change(how: 'assign' | 'add' | 'remove', partitions: readonly PartitionOffset[] | null): void {
    const version = ++this.version;
    this.assignmentLost = false;
    if (how !== 'remove') {
      for (const { topic, partition } of partitions ?? [])
        this.wanted!.set(partitionKey(topic, partition), { topic, partition, version, paused: false, stored: null });
    }
    this.dropStale();
    this.rk.toMain({ type: 'assign', how, partitions, version });
  }

  /** What main has assigned until the app takes over. */
  private wantedNow(): Map<string, Wanted> {
    return new Map(
      [...this.byName].map(([key, { topic, number, version, paused }]) => [
        key,
        { topic, partition: number, version, paused, stored: null },
      ]),
    );
  }

  /** Records and errors of partitions that are no longer ours, or, with `parts`, of those. */
  dropStale(parts: ReadonlySet<Consumed> | null = null): void {
    const keep = (item: Item): boolean => {
      if (item.part === null) return true;
      if (parts === null ? this.assigned.get(item.part.cell.id) === item.part : !parts.has(item.part)) return true;
      this.walk.dropItem(item);
      return false;
    };
    for (const queue of this.queues) queue.filter(keep);
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
    if (part === null) {
      this.walk.drop(entry, block, 0);
      return;
    }
    part.denied = false;
    part.low = entry.logStartOffset;
    part.high = entry.highWatermark;
    const item: Item = { kind: 'records', part, entry, block, batch: 0, at: -1, left: 0, aside: false };
    if (part.refetch !== null) this.walk.drop(entry, block, 0);
    else if (part.aside !== null) part.aside.push(this.walk.setAside(item));
    else part.queue.push(item);
  }

  fetchTold(op: FetchErrorOp | WatermarksOp): void {
    if (op.type === 'watermarks') this.marked(op);
    else this.fetchError(op);
  }

  private marked({ cell, home, low, high }: WatermarksOp): void {
    const part = this.partOf(cell, home);
    if (part === null) return;
    part.low = low;
    part.high = high;
  }

  fetchError(op: FetchErrorOp): void {
    if (op.home > this.homes) {
      this.held.push({ home: op.home, error: op });
      return;
    }
    const part = this.partOf(op.cell, op.home);
    if (part === null || this.toldBefore(part, op.err)) return;
    const { topic, number: partition } = part;
    this.tell({ kind: 'error', part, err: op.err, text: op.text, topic, partition, offset: op.offset });
  }

  /** The partition that data is for; null when it is stale. */
  private partOf(cell: number, home: number): Consumed | null {
    const part = this.assigned.get(cell);
    return part !== undefined && part.home === home && !part.cell.closed ? part : null;
  }

  fatal(text: string): void {
    this.tell({
      kind: 'error',
      part: null,
      err: E.RD_KAFKA_RESP_ERR__FATAL,
      text: `Fatal error: ${text}`,
      topic: null,
      partition: -1,
      offset: E.RD_KAFKA_OFFSET_INVALID,
    });
  }

  /** Nothing is waited for any more. */
  get ends(): boolean {
    return this.closed || this.pulls.stopping;
  }

  /** consumer_close is over: main takes no assignment any more. */
  leftGroup(): void {
    this.closed = true;
    if (this.wanted !== null) this.wanted = new Map();
    this.seeks.clear();
  }

  /** What was handed out counts as stored. */
  get autoStores(): boolean {
    return this.rk.settings['enable.auto.offset.store'] && Atomics.load(this.rk.memory.head, APP_STORES) === 0;
  }

  died(): void {
    for (const queue of this.queues) queue.urgent = [];
    this.seeks.clear();
  }

  // ---- what the app asks

  /** Of the call that assigned it, or is about to; -1: main has. */
  versionOf(key: string): number {
    return this.wanted?.get(key)?.version ?? this.started.get(key) ?? this.byName.get(key)?.version ?? -1;
  }

  /** Assigned, or about to be. */
  has(key: string): boolean {
    return this.byName.has(key) || this.wanted?.has(key) === true || this.started.has(key);
  }

  /** Entries that wait in the consumer's queue. */
  get length(): number {
    return this.queue.length;
  }

  /** Next offsets of the assigned partitions; RD_KAFKA_OFFSET_INVALID where none was handed out. */
  position(topic: string, partition: number): number | null {
    const key = partitionKey(topic, partition);
    const part = this.byName.get(key);
    if (part !== undefined) return part.cell.position;
    // Main has yet to take it up.
    return this.wanted?.has(key) === true ? E.RD_KAFKA_OFFSET_INVALID : null;
  }

  assignment(): readonly PartitionOffset[] {
    const offset = E.RD_KAFKA_OFFSET_INVALID;
    if (this.wanted !== null)
      return [...this.wanted.values()].map(({ topic, partition }) => ({ topic, partition, offset }));
    return [...this.assigned.values()].map(({ topic, number }) => ({ topic, partition: number, offset }));
  }
}
