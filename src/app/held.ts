// Records that the app keeps before they are encoded: of topics with a partitioner of the user's while their partitions
// are not known (or it names none), and of topics with an order of their own (msg_order_cmp, lifo) until they go out
// (memory.md, part 2, 29).
// @thread app
//
// All other topics are encoded at once and go on without the app. These need it: the next call that serves, the next
// produce, or the next turn of its event loop.

import * as E from '../defs/enums.ts';
import type { MsgOrderCmp, PartitionerCb } from '../defs/types.ts';
import { FLUSHING } from '../ops/head_page.ts';
import { NO_SUCH_TOPIC, NOT_KNOWN } from '../ops/partitions.ts';
import type { Handle } from './handle.ts';
import type { HeldRecord } from './held_record.ts';
import type { LiveBatch } from './live_batch.ts';
import { now } from './thread.ts';
import type { Target, Topic } from './topic.ts';

/** What `place` gives in place of a partition: the record is kept here, or refused with `error`. */
export const KEPT = -1;
export const REFUSED = -2;

/** What produce does for records that come later. */
export interface Encoder {
  /** 0, or _QUEUE_FULL when there is no memory now. */
  append(topic: Topic, partition: number, record: HeldRecord): number;
  /** The built-in partitioner's choice. */
  pick(topic: Topic, key: Buffer | null, count: number, stamp: number): number;
  /** Lets the open batch go. */
  seal(target: Target): void;
  /** Reports records as failed, and takes them out of the array; what is left there has no memory for that now. */
  fail(topic: Topic, records: HeldRecord[], err: number): void;
}

/** The records of one partition in their order: the next to go is the last. */
interface Row {
  readonly records: HeldRecord[];
  bytes: number;
  /** What was let go last: the next follows when it is reported. */
  live: LiveBatch | null;
}

export interface Keeping {
  readonly partitioner: PartitionerCb | null;
  readonly order: MsgOrderCmp | null;
  readonly lifo: boolean;
  readonly opaque: any;
}

export class Held {
  /** Why `place` refused. */
  error: number;
  private readonly topic: Topic;
  private readonly rk: Handle;
  private readonly keeping: Keeping;
  private readonly encoder: Encoder;
  private readonly ordered: boolean;
  private unassigned: HeldRecord[];
  private readonly rows: Map<number, Row>;
  /** Failed ones whose reports there was no memory for. */
  private failed: { records: HeldRecord[]; err: number }[];
  private busy: boolean;

  constructor(topic: Topic, keeping: Keeping, encoder: Encoder) {
    this.error = 0;
    this.topic = topic;
    this.rk = topic.rk;
    this.keeping = keeping;
    this.encoder = encoder;
    this.ordered = keeping.order !== null || keeping.lifo;
    this.unassigned = [];
    this.rows = new Map();
    this.failed = [];
    this.busy = false;
  }

  /** Some record is here. */
  get holds(): boolean {
    if (this.unassigned.length > 0 || this.failed.length > 0) return true;
    for (const { records } of this.rows.values()) if (records.length > 0) return true;
    return false;
  }

  /** Keeps `record`, refuses it, or gives the partition where the caller shall encode it. Throws what callbacks throw. */
  place(record: HeldRecord): number {
    if (this.holds) this.serve();
    const { count } = this.topic;
    if (count === NO_SUCH_TOPIC) return this.refuse(this.topic.absence);
    if (count === NOT_KNOWN) return this.wait(record);
    const partition = this.partitionOf(record, count);
    if (partition === E.RD_KAFKA_PARTITION_UA) return this.wait(record);
    if (partition < 0 || partition >= count) return this.refuse(E.RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
    this.topic.closed = true;
    if (!this.ordered) return partition;
    this.insert(partition, record.keep());
    this.release(now());
    return KEPT;
  }

  private refuse(err: number): number {
    this.error = err;
    return REFUSED;
  }

  private wait(record: HeldRecord): number {
    this.unassigned.push(record.keep());
    this.rk.thread.rearm();
    return KEPT;
  }

  private partitionOf(record: HeldRecord, count: number): number {
    if (record.wanted >= 0) return record.wanted;
    const { partitioner } = this.keeping;
    const { topic } = this;
    if (partitioner === null) return this.encoder.pick(topic, record.key, count, record.stamp);
    const sticks = record.key === null && this.rk.limits!.stickyMs > 0;
    if (sticks && topic.sticksAt(record.stamp, count) && topic.mayHaveLeader(topic.sticky)) return topic.sticky;
    record.tried = count;
    const { opaque } = this.keeping;
    const partition = this.rk.callbacks.partition(partitioner, topic, record.key, count, opaque, record._private);
    if (sticks && partition >= 0 && partition < count) topic.stick(partition, record.stamp, this.rk.limits!.stickyMs);
    return partition;
  }

  /** Does what can be done now; runs the partitioner and the order. */
  serve(): void {
    // A partitioner that produces to the same topic.
    if (this.busy) return;
    this.busy = true;
    try {
      const at = now();
      this.expire(at);
      this.assign();
      this.release(at);
      this.tellFailed();
    } finally {
      this.busy = false;
    }
  }

  /** When `serve` has something to do next that no bell tells; Infinity for nothing. */
  get dueAt(): number {
    let due = Number.POSITIVE_INFINITY;
    const timeout = this.topic.settings['message.timeout.ms'];
    const patience = timeout > 0 ? timeout : Number.POSITIVE_INFINITY;
    if (this.unassigned.length > 0) due = this.unassigned[0]!.at + patience;
    // What waits for a report is looked at when that comes, and at the latest every second.
    for (const { records, live } of this.rows.values())
      if (records.length > 0 && (live === null || live.ended))
        due = Math.min(due, oldest(records) + Math.min(this.linger, patience));
    return due;
  }

  /** Ends all that wait here. */
  purge(err: number): void {
    const all = this.unassigned.splice(0);
    for (const row of this.rows.values()) {
      all.push(...row.records.splice(0).reverse());
      row.bytes = 0;
    }
    this.fail(all, err);
    this.tellFailed();
  }

  private fail(records: HeldRecord[], err: number): void {
    if (records.length > 0) this.failed.push({ records, err });
  }

  private tellFailed(): void {
    while (this.failed.length > 0) {
      const { records, err } = this.failed[0]!;
      this.encoder.fail(this.topic, records, err);
      if (records.length > 0) return;
      this.failed.shift();
    }
  }

  private expire(at: number): void {
    const timeout = this.topic.settings['message.timeout.ms'];
    if (timeout <= 0) return;
    const late = (record: HeldRecord): boolean => at - record.at >= timeout;
    const ended = this.unassigned.filter(late);
    if (ended.length > 0) this.unassigned = this.unassigned.filter((record) => !late(record));
    for (const row of this.rows.values()) {
      if (!row.records.some(late)) continue;
      const kept = row.records.filter((record) => !late(record));
      ended.push(...row.records.filter(late).reverse());
      row.records.splice(0, row.records.length, ...kept);
      row.bytes = kept.reduce((sum, record) => sum + record.size, 0);
    }
    this.fail(ended, E.RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
  }

  /** In the order of the calls; what the partitioner left open is asked about again when the count changes. */
  private assign(): void {
    const { count } = this.topic;
    if (this.unassigned.length === 0 || count === NOT_KNOWN) return;
    if (count === NO_SUCH_TOPIC) {
      this.fail(this.unassigned.splice(0), this.topic.absence);
      return;
    }
    this.topic.closed = true;
    const waiting = this.unassigned;
    this.unassigned = [];
    try {
      while (waiting.length > 0) {
        const record = waiting[0]!;
        if (record.tried === count) {
          this.unassigned.push(waiting.shift()!);
          continue;
        }
        if (!this.assignOne(record, count)) return;
        waiting.shift();
      }
    } finally {
      this.unassigned.push(...waiting);
    }
  }

  /** False when there is no memory for it now. */
  private assignOne(record: HeldRecord, count: number): boolean {
    let partition: number;
    try {
      partition = this.partitionOf(record, count);
    } catch (error) {
      // It would throw again each time: this record ends here, as one for a partition that is not there.
      record.tried = -1;
      record.wanted = count;
      throw error;
    }
    if (partition === E.RD_KAFKA_PARTITION_UA) this.unassigned.push(record);
    else if (partition < 0 || partition >= count) this.fail([record], E.RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
    else if (this.ordered) this.insert(partition, record);
    else return this.encoder.append(this.topic, partition, record) === 0;
    return true;
  }

  private insert(partition: number, record: HeldRecord): void {
    let row = this.rows.get(partition);
    if (row === undefined) {
      row = { records: [], bytes: 0, live: null };
      this.rows.set(partition, row);
    }
    record.partition = partition;
    row.records.splice(this.placeIn(row.records, record), 0, record);
    row.bytes += record.size;
    if (row.records.length === 1) this.rk.thread.rearm();
  }

  /** Where it goes: before all that go out before it, behind none that equals it and is older. */
  private placeIn(records: readonly HeldRecord[], record: HeldRecord): number {
    const { order } = this.keeping;
    if (order === null) return records.length;
    let low = 0;
    let high = records.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.rk.callbacks.order(order, record, records[middle]!) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  private get linger(): number {
    return this.rk.settings['queue.buffering.max.ms'];
  }

  /** One batch of each partition at a time, so that what comes meanwhile can still go before what waits. */
  private release(at: number): void {
    const { limits, memory } = this.rk;
    const flushing = Atomics.load(memory.head, FLUSHING) > 0;
    for (const [partition, row] of this.rows) {
      const { records } = row;
      if (records.length === 0 || (row.live !== null && !row.live.ended)) continue;
      const full = records.length >= limits!.batchMessages || row.bytes >= limits!.batchBytes;
      if (full || flushing || at - oldest(records) >= this.linger) this.encode(partition, row);
    }
  }

  private encode(partition: number, row: Row): void {
    const target = this.topic.partitions[partition];
    if (target === undefined) return;
    for (let count = 0; row.records.length > 0; count++) {
      const record = row.records.at(-1)!;
      const { open } = target;
      if (this.encoder.append(this.topic, partition, record) !== 0) break;
      row.records.pop();
      row.bytes -= record.size;
      // The first batch is full: what was begun goes with it.
      if (count > 0 && open !== null && target.open !== open) break;
    }
    row.live = target.live;
    this.encoder.seal(target);
  }
}

function oldest(records: readonly HeldRecord[]): number {
  let at = Number.POSITIVE_INFINITY;
  for (const record of records) if (record.at < at) at = record.at;
  return at;
}
