// Where the simple consumer keeps the offset of a partition that it started at STORED (offset.store.method): with the
// group's coordinator, or in a file. @thread main
//
// As in librdkafka there is a store only for what began at STORED, and auto.commit.interval.ms of the topic is its beat.
// An offset that is being stored is not stored again; the last one is when the partition is stopped.

import type { TopicSettings } from '../conf/settings_type.ts';
import { RD_KAFKA_RESP_ERR__FS } from '../defs/enums.ts';
import type { PartitionOffset } from './group_env.ts';
import { OffsetFile, offsetFilePath } from './offset_file.ts';

export interface OffsetStoreEnv {
  readonly groupId: string | null;
  /** To the coordinator, without offset_commit_cb: `done` in a later poll, with 0 or an error. */
  commit(offset: PartitionOffset, done: (err: number) => void): void;
  /** For error_cb. */
  error(err: number, text: string): void;
}

export interface StoredPartition {
  readonly topic: string;
  readonly partition: number;
  readonly settings: Pick<
    TopicSettings,
    'offset.store.method' | 'offset.store.path' | 'offset.store.sync.interval.ms' | 'auto.commit.interval.ms'
  >;
  /** What the app has stored, or been handed (enable.auto.offset.store); at the stop of an empty one its end; or null. */
  stored(): PartitionOffset | null;
}

/** What was found in a store: `offset` null for none, and then perhaps why. */
export interface Loaded {
  readonly offset: number | null;
  readonly err: number;
}

export interface OffsetStore {
  /** Where to begin, once, before all else; null: the group's committed offset, which goes to `begin`. */
  load(): Loaded | null;
  /** The store has this offset. */
  begin(committed: number): void;
  /** Stores and syncs what is due. Returns when to be polled next. */
  poll(now: number): number;
  /** Stores what is new; `done` (within the call, or in a later poll) with 0 or an error. Nothing is stored behind it. */
  stop(done: (err: number) => void): void;
}

export function offsetStore(env: OffsetStoreEnv, part: StoredPartition): OffsetStore {
  return part.settings['offset.store.method'] === 'file' ? new FileStore(env, part) : new BrokerStore(env, part);
}

const NONE = -1;

/** Calls `run` each `interval` ms from the first poll on; never for 0 or less. */
class Beat {
  private readonly interval: number;
  private at: number;

  constructor(interval: number) {
    this.interval = interval;
    this.at = Number.NEGATIVE_INFINITY;
  }

  poll(now: number, run: () => void): number {
    if (this.interval <= 0) return Number.POSITIVE_INFINITY;
    if (this.at === Number.NEGATIVE_INFINITY) this.at = now + this.interval;
    if (now >= this.at) {
      this.at = now + this.interval;
      run();
    }
    return this.at;
  }
}

class BrokerStore implements OffsetStore {
  private readonly env: OffsetStoreEnv;
  private readonly part: StoredPartition;
  private readonly beat: Beat;
  private committed: number;
  /** On its way. */
  private committing: number;
  private stopping: ((err: number) => void) | null;

  constructor(env: OffsetStoreEnv, part: StoredPartition) {
    this.env = env;
    this.part = part;
    this.beat = new Beat(part.settings['auto.commit.interval.ms']);
    this.committed = NONE;
    this.committing = NONE;
    this.stopping = null;
  }

  load(): null {
    return null;
  }

  begin(committed: number): void {
    this.committed = committed;
  }

  poll(now: number): number {
    if (this.stopping !== null) return Number.POSITIVE_INFINITY;
    return this.beat.poll(now, () => void this.commit());
  }

  stop(done: (err: number) => void): void {
    this.stopping = done;
    if (this.committing === NONE && !this.commit()) done(0);
  }

  /** False: there is nothing new. */
  private commit(): boolean {
    const stored = this.part.stored();
    if (stored === null || stored.offset <= this.committed) return false;
    if (this.committing !== NONE) return true;
    this.committing = stored.offset;
    this.env.commit(stored, (err) => {
      this.committing = NONE;
      if (err === 0) this.committed = stored.offset;
      // What came behind it meanwhile.
      if (this.stopping !== null && (err !== 0 || !this.commit())) this.stopping(err);
    });
    return true;
  }
}

class FileStore implements OffsetStore {
  private readonly env: OffsetStoreEnv;
  private readonly part: StoredPartition;
  private readonly file: OffsetFile;
  private readonly beat: Beat;
  private readonly syncBeat: Beat;
  private committed: number;

  constructor(env: OffsetStoreEnv, part: StoredPartition) {
    const { topic, partition, settings } = part;
    this.env = env;
    this.part = part;
    this.file = new OffsetFile(offsetFilePath(settings['offset.store.path'], topic, partition, env.groupId));
    this.beat = new Beat(settings['auto.commit.interval.ms']);
    this.syncBeat = new Beat(settings['offset.store.sync.interval.ms']);
    this.committed = NONE;
  }

  load(): Loaded {
    let offset: number | null = null;
    const err = this.tried('read', () => {
      offset = this.file.read();
    });
    if (offset !== null) this.committed = offset;
    // An empty file is as little use as one that can't be read.
    return { offset, err: offset === null ? RD_KAFKA_RESP_ERR__FS : err };
  }

  begin(committed: number): void {
    this.committed = committed;
  }

  poll(now: number): number {
    const commit = this.beat.poll(now, () => void this.commit());
    return Math.min(
      commit,
      this.syncBeat.poll(now, () => void this.sync()),
    );
  }

  stop(done: (err: number) => void): void {
    const err = this.commit();
    if (this.part.settings['offset.store.sync.interval.ms'] > 0) this.sync();
    this.file.close();
    done(err);
  }

  private commit(): number {
    const stored = this.part.stored();
    if (stored === null || stored.offset <= this.committed) return 0;
    const err = this.tried('write', () => this.file.write(stored.offset));
    if (err !== 0) return err;
    this.committed = stored.offset;
    return this.part.settings['offset.store.sync.interval.ms'] === 0 ? this.sync() : 0;
  }

  private sync(): number {
    return this.tried('sync', () => this.file.sync());
  }

  private tried(what: string, run: () => void): number {
    try {
      run();
      return 0;
    } catch (error) {
      const { topic, partition } = this.part;
      const why = `offset file ${this.file.path}: can't ${what}: ${(error as Error).message}`;
      this.env.error(RD_KAFKA_RESP_ERR__FS, `${topic} [${partition}]: ${why}`);
      return RD_KAFKA_RESP_ERR__FS;
    }
  }
}
