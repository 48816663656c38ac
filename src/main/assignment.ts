// What is consumed now: assigned partitions, where each is fetched, and where it is.
// @thread main

import type { Settings } from '../conf/settings_type.ts';
import {
  RD_KAFKA_OFFSET_INVALID,
  RD_KAFKA_OFFSET_STORED,
  RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET,
  RD_KAFKA_RESP_ERR__NO_OFFSET,
  RD_KAFKA_RESP_ERR__TIMED_OUT,
  RD_KAFKA_RESP_ERR__TRANSPORT,
  RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
  RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
} from '../defs/enums.ts';
import { errorText, isRetriable } from '../defs/errors.ts';
import { partitionKey } from '../defs/partition_key.ts';
import type { BlockPool } from '../ops/block_pool.ts';
import { Cell } from '../ops/cells.ts';
import type { HandleMemory } from '../ops/memory.ts';
import type { AppToMainOp } from '../ops/ops.ts';
import { Assigned } from './assigned.ts';
import type { Assignment, PartitionName, PartitionOffset } from './group_env.ts';
import type { CachedTopic } from './metadata.ts';
import { type Parts, Placement, type PlacementEnv } from './placement.ts';
import { autoStores, storedOf } from './stored.ts';

type SeekOp = Extract<AppToMainOp, { type: 'seek' }>;
type PauseOp = Extract<AppToMainOp, { type: 'pause' }>;
type StoreMetadataOp = Extract<AppToMainOp, { type: 'store_metadata' }>;

const ASK_AGAIN_MS = 500;
export interface AssignmentEnv extends PlacementEnv {
  readonly settings: Settings;
  readonly memory: HandleMemory;
  readonly blocks: BlockPool;
  /** Reads one more op of the app's; false when there is none. */
  readApp(): boolean;
  fetchCommitted(
    partitions: readonly PartitionOffset[],
    done: (err: number, offsets: readonly PartitionOffset[]) => void,
  ): void;
}

interface Coming {
  readonly version: number;
  seek: SeekOp | null;
  paused: boolean;
}

export class Assignments implements Assignment {
  private readonly env: AssignmentEnv;
  private readonly parts: Parts;
  readonly placement: Placement;
  /** Whose partitions they are, and how many. */
  private readonly topics: Map<string, number>;
  /** When the first committed offset is to be asked for again. */
  private askAt: number;
  /** What the app wants of partitions that an assign call of its own is still to bring. */
  private readonly coming: Map<string, Coming>;

  constructor(env: AssignmentEnv) {
    this.env = env;
    this.parts = { byName: new Map(), byCell: new Map(), homes: 0 };
    this.placement = new Placement(env, this.parts);
    this.topics = new Map();
    this.askAt = Number.POSITIVE_INFINITY;
    this.coming = new Map();
  }

  /** Asks again for what is due. Returns when to be polled next. */
  poll(now: number): number {
    if (now >= this.askAt) this.askAgain(now);
    return Math.min(this.askAt, this.placement.poll(now));
  }

  private askAgain(now: number): void {
    const due: Assigned[] = [];
    this.askAt = Number.POSITIVE_INFINITY;
    for (const part of this.parts.byName.values()) {
      if (part.askAt > now) this.askAt = Math.min(this.askAt, part.askAt);
      else {
        part.askAt = Number.POSITIVE_INFINITY;
        due.push(part);
      }
    }
    this.ask(due);
  }

  /** Some partition of the topic is assigned. */
  has(topic: string): boolean {
    return this.topics.has(topic);
  }

  find(topic: string, partition: number): Assigned | null {
    return this.parts.byName.get(partitionKey(topic, partition)) ?? null;
  }

  // ---- taking and letting go

  assign(partitions: readonly PartitionOffset[]): void {
    this.take(partitions, false);
  }

  incrementalAssign(partitions: readonly PartitionOffset[]): void {
    this.take(partitions, false);
  }

  /** consume_start: a partition that the group knows nothing of. `known`: what STORED means for it; null: ask the group. */
  start(partition: PartitionOffset, known: PartitionOffset | null): Assigned | null {
    this.take([partition], true, known);
    return this.find(partition.topic, partition.partition);
  }

  private take(partitions: readonly PartitionOffset[], simple: boolean, known: PartitionOffset | null = null): void {
    const { env } = this;
    const asking: Assigned[] = [];
    for (const { topic, partition, offset, leaderEpoch = -1, version = -1 } of partitions) {
      const key = partitionKey(topic, partition);
      if (this.parts.byName.has(key)) continue;
      const id = env.blocks.take();
      const cell = new Cell(id, env.memory.page(id));
      cell.init(RD_KAFKA_OFFSET_INVALID);
      const part = new Assigned(topic, partition, cell, offset, version, simple);
      part.offsetEpoch = offset >= 0 ? leaderEpoch : -1;
      part.home = ++this.parts.homes;
      this.parts.byName.set(key, part);
      this.parts.byCell.set(id, part);
      this.topics.set(topic, (this.topics.get(topic) ?? 0) + 1);
      env.toApp({ type: 'assigned', topic, partition, cell: id, home: part.home, version });
      this.arrived(key, part);
      this.placement.check(part, env.metadata.want(topic));
      // What is known of the topic may be old.
      if (part.missing === RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION) env.metadata.leaderStale(topic);
      if (part.offset === RD_KAFKA_OFFSET_INVALID || part.offset === RD_KAFKA_OFFSET_STORED) {
        part.state = 'offset';
        if (known === null) asking.push(part);
        else this.startAt(part, known);
      } else this.placement.place(part);
    }
    if (asking.length > 0) this.ask(asking);
  }

  unassign(done: () => void): void {
    this.letGo(
      [...this.parts.byName.values()].filter(({ simple }) => !simple),
      done,
    );
  }

  incrementalUnassign(partitions: readonly PartitionName[], done: () => void): void {
    const going = partitions.flatMap(({ topic, partition }) => this.find(topic, partition) ?? []);
    this.letGo(
      going.filter(({ simple }) => !simple),
      done,
    );
  }

  /** consume_stop; `done` may read the partition's last stored offset. */
  stopSimple(topic: string, partition: number, done: () => void): void {
    const part = this.find(topic, partition);
    if (part?.simple !== true) done();
    else this.letGo([part], done);
  }

  private letGo(going: readonly Assigned[], done: () => void): void {
    const cells: number[] = [];
    for (const part of going) {
      part.cell.close();
      cells.push(part.cell.id);
      if (part.state === 'fetching') this.placement.stop(part, false);
    }
    if (cells.length > 0) this.env.toApp({ type: 'revoked', cells });
    done();
    for (const part of going) this.forget(part);
  }

  private forget(part: Assigned): void {
    const { topic, number, cell } = part;
    if (!this.parts.byName.delete(partitionKey(topic, number))) return;
    this.parts.byCell.delete(cell.id);
    const left = this.topics.get(topic)! - 1;
    if (left === 0) this.topics.delete(topic);
    else this.topics.set(topic, left);
  }

  /** The app has let go of revoked cells and their data: they may be used again. */
  cellsDone(cells: readonly number[]): void {
    for (const cell of cells) this.env.blocks.give(cell);
  }

  // ---- offsets

  /** Committed offsets, or the reset policy where there is none; asked again for as long as it is refused. */
  private ask(parts: readonly Assigned[]): void {
    if (parts.length === 0) return;
    const wanted = parts.map((part) => ({
      topic: part.topic,
      partition: part.number,
      offset: RD_KAFKA_OFFSET_INVALID,
    }));
    this.env.fetchCommitted(wanted, (err, offsets) => {
      const found = new Map(offsets.map((each) => [partitionKey(each.topic, each.partition), each]));
      for (const part of parts) {
        // Let go, or sought elsewhere, since.
        if (this.parts.byCell.get(part.cell.id) !== part || part.state !== 'offset') continue;
        const mine = found.get(partitionKey(part.topic, part.number));
        const code = err !== 0 ? err : (mine?.err ?? 0);
        if (code === 0 && mine !== undefined) this.startAt(part, mine);
        else {
          this.refused(part, code);
          part.askAt = this.env.now() + ASK_AGAIN_MS;
          this.askAt = Math.min(this.askAt, part.askAt);
        }
      }
    });
  }

  /** Told once; asked again all the same, since rights and coordinators change. */
  private refused(part: Assigned, err: number): void {
    if (part.refusal === err) return;
    part.refusal = err;
    // An answer to a membership that is over: the group sees to that.
    if (err === RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID) return;
    if (isRetriable(err) || err === RD_KAFKA_RESP_ERR__TIMED_OUT || err === RD_KAFKA_RESP_ERR__TRANSPORT) return;
    this.placement.tell(part, err, `the committed offset can't be read: ${errorText(err)}`);
  }

  private startAt(part: Assigned, found: PartitionOffset): void {
    if (found.offset >= 0) {
      part.offset = part.committed = found.offset;
      part.offsetEpoch = found.leaderEpoch ?? -1;
    } else {
      part.offset = this.env.reset(part.topic) ?? RD_KAFKA_OFFSET_INVALID;
      part.offsetEpoch = -1;
    }
    if (part.offset === RD_KAFKA_OFFSET_INVALID) {
      const text = `${errorText(RD_KAFKA_RESP_ERR__NO_OFFSET)}, and auto.offset.reset=error`;
      this.placement.tell(part, RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, text);
      return;
    }
    part.state = 'ready';
    this.placement.place(part);
  }

  stored(onlyNew: boolean, only: readonly PartitionName[] | null = null): PartitionOffset[] {
    const parts =
      only === null ? this.parts.byName.values() : only.flatMap((each) => this.find(each.topic, each.partition) ?? []);
    const auto = (): boolean => autoStores(this.env.settings, this.env.memory.head);
    return storedOf(parts, onlyNew, auto, this.env.readApp);
  }

  /** Bytes to go with the offset that the app stored last in this cell. */
  storeMetadata({ cell, offset, metadata }: StoreMetadataOp): void {
    const part = this.parts.byCell.get(cell);
    if (part === undefined) return;
    part.notes = (part.notes + 1) | 0;
    part.note = { offset, metadata };
  }

  committed(offsets: readonly PartitionOffset[]): void {
    for (const { topic, partition, offset } of offsets) {
      const part = this.find(topic, partition);
      if (part !== null) part.committed = offset;
    }
  }

  partitions(): readonly PartitionOffset[] {
    const all = [...this.parts.byName.values()].filter(({ simple }) => !simple);
    return all.map((part) => ({ topic: part.topic, partition: part.number, offset: part.cell.position }));
  }

  // ---- seek and pause

  /** The app has dropped what it had of it already. */
  seek(op: SeekOp): void {
    const part = this.find(op.topic, op.partition);
    if (part === null || part.version !== op.version) {
      if (op.version > (part?.version ?? -1)) this.comingOf(op).seek = op;
      else this.sought(op, -1);
      return;
    }
    if (part.state === 'fetching') this.placement.stop(part, false);
    part.state = 'ready';
    part.broker = -1;
    part.askAt = Number.POSITIVE_INFINITY;
    part.offset = op.offset;
    part.offsetEpoch = op.leaderEpoch;
    part.home = ++this.parts.homes;
    this.sought(op, part.home);
    this.placement.place(part);
  }

  private sought({ topic, partition, seek }: SeekOp, home: number): void {
    this.env.toApp({ type: 'sought', topic, partition, seek, home });
  }

  pause(op: PauseOp): void {
    for (const each of op.partitions) {
      const { version = -1 } = each;
      const part = this.find(each.topic, each.partition);
      if (part?.version === version) this.pauseNow(part, op.paused);
      else if (version > (part?.version ?? -1)) this.comingOf({ ...each, version }).paused = op.paused;
    }
  }

  private pauseNow(part: Assigned, paused: boolean): void {
    if (part.paused === paused) return;
    part.paused = paused;
    if (part.state !== 'fetching') return;
    const { cell, home, broker } = part;
    this.env.workers.of(broker)?.channel.post({ type: 'fetch_pause', cell: cell.id, home, paused });
  }

  /** An assign call of the app's that takes the place of all before it: what those were to bring does not come. */
  replaced(version: number): void {
    for (const [key, coming] of this.coming) if (coming.version < version) this.coming.delete(key);
  }

  private comingOf({ topic, partition, version }: PartitionName & { version: number }): Coming {
    const key = partitionKey(topic, partition);
    let coming = this.coming.get(key);
    if (coming === undefined || coming.version !== version) {
      coming = { version, seek: null, paused: false };
      this.coming.set(key, coming);
    }
    return coming;
  }

  private arrived(key: string, part: Assigned): void {
    const coming = this.coming.get(key);
    if (coming === undefined) return;
    this.coming.delete(key);
    if (coming.version !== part.version) return;
    part.paused = coming.paused;
    if (coming.seek === null) return;
    part.offset = coming.seek.offset;
    part.offsetEpoch = coming.seek.leaderEpoch;
    this.sought(coming.seek, part.home);
  }

  // ---- where each is fetched

  placeAll(): void {
    this.placement.placeAll();
  }

  topicChanged(cached: CachedTopic): void {
    if (this.has(cached.topic)) this.placement.topicChanged(cached);
  }

  all(): Iterable<Assigned> {
    return this.parts.byName.values();
  }
}
