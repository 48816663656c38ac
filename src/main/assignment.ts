// What is consumed now: assigned partitions, where each is fetched, and where it is.
// @thread main

import type { Settings } from '../conf/settings_type.ts';
import {
  RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET,
  RD_KAFKA_RESP_ERR__TIMED_OUT,
  RD_KAFKA_RESP_ERR__TRANSPORT,
  RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
  RD_KAFKA_RESP_ERR__WAIT_CACHE,
} from '../defs/enums.ts';
import { errorText, isRetriable } from '../defs/errors.ts';
import type { BlockPool } from '../ops/block_pool.ts';
import { Cell } from '../ops/cells.ts';
import type { HandleMemory } from '../ops/memory.ts';
import type { BrokerToMainOp, MainToAppOp } from '../ops/ops.ts';
import { ZERO_UUID } from '../protocol/reader.ts';
import type { Assignment, PartitionOffset } from './group_env.ts';
import type { CachedTopic, Metadata } from './metadata.ts';
import type { BrokerWorkers } from './workers.ts';

type FetchStoppedOp = Extract<BrokerToMainOp, { type: 'fetch_stopped' }>;

const OFFSET_INVALID = -1001;
const OFFSET_STORED = -1000;
const ASK_AGAIN_MS = 500;
/** A topic that has not (yet) a partition of that number is asked for so often. */
const MISSING_MS = 10_000;

/**
 *   offset     its start is asked for (the committed offset)
 *   ready      may be fetched, when its leader is known
 *   fetching   `broker` fetches it
 *   moving     `broker` was told to stop, because the leader is elsewhere
 */
type State = 'offset' | 'ready' | 'fetching' | 'moving';

class Assigned {
  readonly topic: string;
  readonly number: number;
  readonly cell: Cell;
  state: State;
  broker: number;
  home: number;
  /** Where to fetch from at the next start. */
  offset: number;
  /** The one that `broker` was told. */
  leaderEpoch: number;
  committed: number;
  refusal: number;
  /** When the committed offset is asked for again. */
  askAt: number;
  /** Of the topic that it is fetched from; ZERO_UUID where the cluster names none. */
  topicId: string;
  /** Why there is no such partition, as the app was told; 0 while there is one. */
  missing: number;

  constructor(topic: string, number: number, cell: Cell, offset: number) {
    this.topic = topic;
    this.number = number;
    this.cell = cell;
    this.state = 'ready';
    this.broker = -1;
    this.home = 0;
    this.offset = offset;
    this.leaderEpoch = -1;
    this.committed = OFFSET_INVALID;
    this.refusal = 0;
    this.askAt = Number.POSITIVE_INFINITY;
    this.topicId = ZERO_UUID;
    this.missing = 0;
  }
}

export interface AssignmentEnv {
  readonly settings: Settings;
  /** ListOffsets timestamp of `auto.offset.reset`; null: an error. */
  readonly reset: number | null;
  readonly memory: HandleMemory;
  readonly blocks: BlockPool;
  readonly metadata: Metadata;
  readonly workers: BrokerWorkers;
  toApp(op: MainToAppOp): void;
  now(): number;
  fetchCommitted(
    partitions: readonly PartitionOffset[],
    done: (err: number, offsets: readonly PartitionOffset[]) => void,
  ): void;
}

export class Assignments implements Assignment {
  private readonly env: AssignmentEnv;
  private current: Assigned[];
  /** Rises over all partitions: data of a lower home than its partition's is stale, whatever cell it names. */
  private homes: number;
  /** Whose partitions they are. */
  private readonly topics: Set<string>;
  /** When the first of them is due: committed offsets to ask for again, partitions to look for again. */
  private askAt: number;
  private missingAt: number;

  constructor(env: AssignmentEnv) {
    this.env = env;
    this.current = [];
    this.homes = 0;
    this.topics = new Set();
    this.askAt = Number.POSITIVE_INFINITY;
    this.missingAt = Number.POSITIVE_INFINITY;
  }

  /** Asks again for what is due. Returns when to be polled next. */
  poll(now: number): number {
    if (now >= this.askAt) this.askAgain(now);
    if (now >= this.missingAt) this.lookAgain(now);
    return Math.min(this.askAt, this.missingAt);
  }

  private askAgain(now: number): void {
    const due = this.current.filter(({ askAt }) => askAt <= now);
    for (const part of due) part.askAt = Number.POSITIVE_INFINITY;
    this.askAt = this.current.reduce((at, part) => Math.min(at, part.askAt), Number.POSITIVE_INFINITY);
    this.ask(due);
  }

  private lookAgain(now: number): void {
    this.missingAt = Number.POSITIVE_INFINITY;
    for (const { topic, missing } of this.current) {
      if (missing !== RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION) continue;
      this.env.metadata.leaderStale(topic);
      this.missingAt = now + MISSING_MS;
    }
  }

  /** Some partition of the topic is assigned. */
  has(topic: string): boolean {
    return this.topics.has(topic);
  }

  assign(partitions: readonly PartitionOffset[]): void {
    const { env } = this;
    const asking: Assigned[] = [];
    for (const { topic, partition, offset, version = -1 } of partitions) {
      const id = env.blocks.take();
      const cell = new Cell(id, env.memory.page(id));
      cell.init(OFFSET_INVALID);
      const part = new Assigned(topic, partition, cell, offset);
      part.home = ++this.homes;
      this.current.push(part);
      this.topics.add(topic);
      env.toApp({ type: 'assigned', topic, partition, cell: id, home: part.home, version });
      this.check(part, env.metadata.want(topic));
      if (offset === OFFSET_INVALID || offset === OFFSET_STORED) {
        part.state = 'offset';
        asking.push(part);
      }
    }
    if (asking.length > 0) this.ask(asking);
    this.placeAll();
  }

  /** Committed offsets, or the reset policy where there is none; asked again for as long as it is refused. */
  private ask(parts: readonly Assigned[]): void {
    if (parts.length === 0) return;
    const wanted = parts.map((part) => ({ topic: part.topic, partition: part.number, offset: OFFSET_INVALID }));
    this.env.fetchCommitted(wanted, (err, offsets) => {
      const live = parts.filter((part) => this.current.includes(part));
      if (live.length === 0) return;
      for (const part of live) {
        const found = offsets.find((each) => each.topic === part.topic && each.partition === part.number);
        const code = err !== 0 ? err : (found?.err ?? 0);
        if (code === 0 && found !== undefined) this.start(part, found);
        else {
          this.refused(part, code);
          part.askAt = this.env.now() + ASK_AGAIN_MS;
          this.askAt = Math.min(this.askAt, part.askAt);
        }
      }
      this.placeAll();
    });
  }

  /** Told once; asked again all the same, since rights and coordinators change. */
  private refused(part: Assigned, err: number): void {
    if (part.refusal === err) return;
    part.refusal = err;
    if (isRetriable(err) || err === RD_KAFKA_RESP_ERR__TIMED_OUT || err === RD_KAFKA_RESP_ERR__TRANSPORT) return;
    this.tell(part, err, `the committed offset can't be read: ${errorText(err)}`);
  }

  private tell({ topic, number }: Assigned, err: number, text: string): void {
    this.env.toApp({ type: 'consumer_error', err, text: `${topic} [${number}]: ${text}`, topic, partition: number });
  }

  private start(part: Assigned, found: PartitionOffset): void {
    part.state = 'ready';
    part.offset = found.offset >= 0 ? found.offset : (this.env.reset ?? OFFSET_INVALID);
    if (found.offset >= 0) part.committed = found.offset;
    if (part.offset !== OFFSET_INVALID) return;
    part.state = 'offset';
    this.tell(part, RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET, 'no committed offset, and auto.offset.reset=error');
  }

  unassign(done: () => void): void {
    const { env } = this;
    const cells: number[] = [];
    for (const part of this.current) {
      part.cell.close();
      cells.push(part.cell.id);
      if (part.state === 'fetching') this.stop(part, false);
    }
    if (cells.length > 0) env.toApp({ type: 'revoked', cells });
    done();
    this.current = [];
    this.topics.clear();
  }

  private stop(part: Assigned, answer: boolean): void {
    const { id } = part.cell;
    this.env.workers.of(part.broker)?.channel.post({ type: 'fetch_stop', cell: id, home: part.home, answer });
  }

  stored(onlyNew: boolean): PartitionOffset[] {
    const offsets: PartitionOffset[] = [];
    if (!this.env.settings['enable.auto.offset.store']) return offsets;
    for (const part of this.current) {
      const offset = part.cell.position;
      if (offset < 0 || (onlyNew && offset <= part.committed)) continue;
      offsets.push({ topic: part.topic, partition: part.number, offset });
    }
    return offsets;
  }

  committed(offsets: readonly PartitionOffset[]): void {
    for (const { topic, partition, offset } of offsets) {
      const part = this.current.find((each) => each.topic === topic && each.number === partition);
      if (part !== undefined) part.committed = offset;
    }
  }

  partitions(): readonly PartitionOffset[] {
    return this.current.map((part) => ({ topic: part.topic, partition: part.number, offset: part.cell.position }));
  }

  /** The app has let go of revoked cells and their data: they may be used again. */
  cellsDone(cells: readonly number[]): void {
    for (const cell of cells) this.env.blocks.give(cell);
  }

  placeAll(): void {
    for (const part of this.current) this.place(part);
  }

  topicChanged(cached: CachedTopic): void {
    for (const part of this.current) {
      if (part.topic !== cached.topic) continue;
      this.check(part, cached);
      this.place(part);
    }
  }

  /** Tells the app of a partition that is not there, once for each reason. */
  private check(part: Assigned, { err, partitions }: CachedTopic): void {
    if (err === RD_KAFKA_RESP_ERR__WAIT_CACHE) return;
    const missing = err === 0 && part.number >= partitions.length ? RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION : err;
    if (missing === part.missing) return;
    part.missing = missing;
    if (missing === 0) return;
    this.tell(part, missing, errorText(missing));
    if (err !== 0) return;
    this.missingAt = Math.min(this.missingAt, this.env.now() + MISSING_MS);
  }

  private place(part: Assigned): void {
    const { env } = this;
    const cached = env.metadata.topics.get(part.topic);
    const leader = cached?.partitions[part.number];
    if (part.state === 'fetching') {
      if (part.missing === 0 && !this.moved(part, cached)) return;
      part.state = 'moving';
      this.stop(part, true);
      return;
    }
    if (part.state !== 'ready' || leader === undefined || leader.leader < 0) return;
    const worker = env.workers.ensure(leader.leader);
    if (worker === null) return;
    this.follow(part, cached!);
    part.state = 'fetching';
    part.broker = leader.leader;
    part.leaderEpoch = leader.leaderEpoch;
    worker.channel.post({
      type: 'fetch_start',
      broker: leader.leader,
      topic: part.topic,
      partition: part.number,
      cell: part.cell.id,
      home: part.home,
      offset: part.offset,
      leaderEpoch: leader.leaderEpoch,
      reset: env.reset,
    });
  }

  /** It has a leader, and that is not the one that fetches it now. */
  private moved(part: Assigned, cached: CachedTopic | undefined): boolean {
    const leader = cached?.partitions[part.number];
    if (leader === undefined || leader.leader < 0) return false;
    // A leader that was elected anew refuses those that name its old epoch; in a topic made anew they begin again.
    return leader.leader !== part.broker || leader.leaderEpoch > part.leaderEpoch || another(part.topicId, cached!);
  }

  /** Positions in a topic that was deleted and made again are not comparable with those in the old one. */
  private follow(part: Assigned, cached: CachedTopic): void {
    if (another(part.topicId, cached)) part.committed = OFFSET_INVALID;
    if (cached.topicId !== ZERO_UUID) part.topicId = cached.topicId;
  }

  /** The old leader's worker has stopped, and posted everything that it had before that. */
  fetchStopped({ cell, home, offset }: FetchStoppedOp, oldWorker: number): void {
    // The home tells a cell that has been given to another partition since.
    const part = this.current.find((each) => each.cell.id === cell && each.home === home);
    if (part === undefined || part.state !== 'moving') return;
    if (offset !== OFFSET_INVALID) part.offset = offset;
    part.state = 'ready';
    part.broker = -1;
    part.home = ++this.homes;
    this.env.toApp({ type: 'home', cell, home: part.home, oldWorker });
    this.place(part);
  }
}

/** The topic was deleted and made again since, as far as the cluster names ids. */
function another(before: string, { topicId }: CachedTopic): boolean {
  return before !== ZERO_UUID && topicId !== ZERO_UUID && topicId !== before;
}
