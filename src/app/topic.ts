// A topic as the app thread knows it: its handle (rd_kafka_topic_t), its blocks, its open batches.
// @thread app

import type { TopicSettings } from '../conf/settings_type.ts';
import * as E from '../defs/enums.ts';
import type { OpenBatch } from '../ops/batch_writer.ts';
import { indexOf } from '../ops/ids.ts';
import { COUNT, LEADER, PARTITION_WORDS, TOPIC_ERROR } from '../ops/partitions.ts';
import type { Partitioner } from '../partitioners/partitioner.ts';
import { GONE } from '../rd/check.ts';
import type { Handle } from './handle.ts';
import type { Held } from './held.ts';
import type { LiveBatch } from './live_batch.ts';

/** Where records are appended: a partition, or the pseudo-partition of a topic that is not known yet. */
export class Target {
  readonly block: number;
  readonly words: Int32Array;
  readonly base: number;
  /** -1 for the records that wait. */
  readonly number: number;
  readonly topic: Topic;
  open: OpenBatch | null;
  live: LiveBatch | null;

  constructor(topic: Topic, number: number, block: number) {
    this.topic = topic;
    this.number = number;
    this.block = block;
    this.words = topic.rk.memory.page(block).words;
    this.base = indexOf(block) * PARTITION_WORDS;
    this.open = null;
    this.live = null;
  }
}

/** rd_kafka_topic_t: one per name and handle, counted by its users. */
export class Topic {
  readonly rk: Handle;
  readonly name: string;
  readonly settings: TopicSettings;
  readonly partitioner: Partitioner;
  opaque: any;
  references: number;
  '~gone': string;
  /** Of a topic whose records the app keeps itself for a while. */
  held: Held | null;
  /** Block of the pseudo-partition; null for a consumer's topic, which has no records to send. */
  waiting: Target | null;
  /** Records go to partitions: its HEAD was met closed. */
  closed: boolean;
  readonly partitions: Target[];
  /** Its partitioner lets records without a key stick. */
  readonly sticks: boolean;
  /** The partition that records without a key stick to, from `stickyFrom` till before `stickyUntil`. */
  sticky: number;
  stickyFrom: number;
  stickyUntil: number;

  constructor(rk: Handle, name: string, settings: TopicSettings, partitioner: Partitioner, opaque: any) {
    this.rk = rk;
    this.name = name;
    this.settings = settings;
    this.partitioner = partitioner;
    this.opaque = opaque;
    this.references = 0;
    this[GONE] = '';
    this.held = null;
    this.waiting = null;
    this.closed = false;
    this.partitions = [];
    this.sticks = !['consistent', 'murmur2', 'fnv1a'].includes(settings.partitioner);
    this.sticky = -1;
    this.stickyFrom = 0;
    this.stickyUntil = 0;
  }

  get '~type'(): 'rd_kafka_topic_t' {
    return 'rd_kafka_topic_t';
  }

  /** NOT_KNOWN (-2), NO_SUCH_TOPIC (-1), or how many partitions it has; what main wrote last. */
  get count(): number {
    const target = this.waiting!;
    return Atomics.load(target.words, target.base + COUNT);
  }

  /** Why there is no such topic, once the count says so. */
  get absence(): number {
    const waiting = this.waiting!;
    const err = Atomics.load(waiting.words, waiting.base + TOPIC_ERROR);
    return err === 0 || err === E.RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART ? E.RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC : err;
  }

  /** Records without a key of that time go to `sticky`. */
  sticksAt(stamp: number, count: number): boolean {
    return this.sticky >= 0 && this.sticky < count && stamp < this.stickyUntil && stamp >= this.stickyFrom;
  }

  stick(partition: number, stamp: number, ms: number): void {
    this.sticky = partition;
    this.stickyFrom = stamp;
    this.stickyUntil = stamp + ms;
  }

  /** The partition has a leader, as far as main knows. */
  available(partition: number): boolean {
    return this.partitions[partition] !== undefined && this.mayHaveLeader(partition);
  }

  /** The same, but true where main has not posted the partition yet. */
  mayHaveLeader(partition: number): boolean {
    const target = this.partitions[partition];
    return target === undefined || Atomics.load(target.words, target.base + LEADER) >= 0;
  }

  /** The partition, below the count: it was posted before that grew, and perhaps not read yet. */
  target(partition: number): Target | undefined {
    while (this.partitions[partition] === undefined) if (!this.rk.readMain()) return undefined;
    return this.partitions[partition];
  }

  /** Partitions that metadata named; main posts them before the count grows. */
  addPartitions(first: number, blocks: readonly number[]): void {
    blocks.forEach((block, i) => {
      this.partitions[first + i] ??= new Target(this, first + i, block);
    });
  }

  [Symbol.dispose](): void {
    if (this[GONE] === '') this.rk.releaseTopic(this);
  }
}
