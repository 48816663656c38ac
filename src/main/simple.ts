// Partitions of consume_start, and the offset stores of those that began at STORED. @thread main

import type { TopicSettings } from '../conf/settings_type.ts';
import { RD_KAFKA_OFFSET_INVALID, RD_KAFKA_OFFSET_STORED } from '../defs/enums.ts';
import { partitionKey } from '../defs/partition_key.ts';
import type { Assigned } from './assigned.ts';
import type { Assignments } from './assignment.ts';
import type { PartitionOffset } from './group_env.ts';
import { type OffsetStore, offsetStore } from './offset_store.ts';
import { storedAt } from './stored.ts';

export interface SimpleEnv {
  readonly groupId: string | null;
  /** What was handed out counts as stored. */
  autoStore(): boolean;
  readonly assignments: Assignments;
  readApp(): boolean;
  /** To the coordinator; `done` in a later poll. */
  commit(offset: PartitionOffset, done: (err: number) => void): void;
  error(err: number, text: string): void;
}

interface Stored {
  readonly store: OffsetStore;
  readonly part: Assigned;
  /** The store knows where it began. */
  begun: boolean;
  /** Of one that is being stopped: its cell may be another partition's by the next poll. */
  last: PartitionOffset | null;
}

export class SimplePartitions {
  private readonly env: SimpleEnv;
  private readonly stores: Map<string, Stored>;

  constructor(env: SimpleEnv) {
    this.env = env;
    this.stores = new Map();
  }

  start(partition: PartitionOffset, settings: TopicSettings): void {
    const { assignments } = this.env;
    if (partition.offset !== RD_KAFKA_OFFSET_STORED) {
      assignments.start(partition, null);
      return;
    }
    const { topic, partition: number } = partition;
    let of: Stored | null = null;
    const stored = (): PartitionOffset | null => (of === null ? null : this.storedOf(of));
    const store = offsetStore(this.env, { topic, partition: number, settings, stored });
    const loaded = store.load();
    const known = loaded === null ? null : { ...partition, offset: loaded.offset ?? RD_KAFKA_OFFSET_INVALID };
    const part = assignments.start(partition, known);
    if (part === null) return;
    of = { store, part, begun: loaded !== null, last: null };
    this.stores.set(partitionKey(topic, number), of);
  }

  private storedOf({ part, last }: Stored): PartitionOffset | null {
    return last ?? storedAt(part, this.env.autoStore, this.env.readApp);
  }

  /** `done` with 0, or why the last offset could not be stored. */
  stop(topic: string, partition: number, done: (err: number) => void): void {
    const key = partitionKey(topic, partition);
    const of = this.stores.get(key);
    this.env.assignments.stopSimple(topic, partition, () => {
      if (of === undefined) return;
      this.begin(of);
      of.last = this.storedOf(of);
    });
    if (of === undefined) {
      done(0);
      return;
    }
    of.store.stop((err) => {
      if (this.stores.get(key) === of) this.stores.delete(key);
      done(err);
    });
  }

  stopAll(): void {
    for (const { part, last } of [...this.stores.values()])
      if (last === null) this.stop(part.topic, part.number, () => undefined);
  }

  /** Returns when to be polled next. */
  poll(now: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const of of this.stores.values()) {
      this.begin(of);
      next = Math.min(next, of.store.poll(now));
    }
    return next;
  }

  /** Once the group has said where it is. */
  private begin(of: Stored): void {
    if (of.begun || of.part.state === 'offset') return;
    of.begun = true;
    of.store.begin(of.part.committed);
  }
}
