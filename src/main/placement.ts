// Which broker fetches each assigned partition: its leader, or a follower that is nearer. @thread main

import {
  RD_KAFKA_OFFSET_INVALID,
  RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
  RD_KAFKA_RESP_ERR__WAIT_CACHE,
} from '../defs/enums.ts';
import { errorText } from '../defs/errors.ts';
import type { BrokerToMainOp, MainToAppOp } from '../ops/ops.ts';
import { ZERO_UUID } from '../protocol/reader.ts';
import type { Assigned } from './assigned.ts';
import type { CachedTopic, Metadata } from './metadata.ts';
import type { BrokerWorkers } from './workers.ts';

type FetchStoppedOp = Extract<BrokerToMainOp, { type: 'fetch_stopped' }>;
type PreferredReplicaOp = Extract<BrokerToMainOp, { type: 'preferred_replica' }>;
type FetchStallOp = Extract<BrokerToMainOp, { type: 'fetch_stall' }>;

/** A topic that has not (yet) a partition of that number is asked for so often. */
const MISSING_MS = 10_000;
/** How long a follower is fetched from before the leader is asked anew who is near. */
const PREFERRED_MS = 300_000;
/** Leader and follower that send us to and fro must not do so as fast as they can. */
const PREFERRED_TOO_SOON_MS = 60_000;

/** What is assigned now: shared with the Assignments, which adds and takes away. */
export interface Parts {
  readonly byName: Map<string, Assigned>;
  readonly byCell: Map<number, Assigned>;
  /** Rises over all partitions: data of a lower home than its partition's is stale, whatever cell it names. */
  homes: number;
}

export interface PlacementEnv {
  readonly metadata: Metadata;
  readonly workers: BrokerWorkers;
  /** Logical offset of the topic's `auto.offset.reset`; null: an error. */
  reset(topic: string): number | null;
  toApp(op: MainToAppOp): void;
  now(): number;
}

export class Placement {
  private readonly env: PlacementEnv;
  private readonly parts: Parts;
  /** When the first of them is due: partitions to look for again, followers to be left. */
  private missingAt: number;
  private preferredAt: number;

  constructor(env: PlacementEnv, parts: Parts) {
    this.env = env;
    this.parts = parts;
    this.missingAt = Number.POSITIVE_INFINITY;
    this.preferredAt = Number.POSITIVE_INFINITY;
  }

  /** Returns when to be polled next. */
  poll(now: number): number {
    if (now >= this.missingAt) this.lookAgain(now);
    if (now >= this.preferredAt) this.leasesEnd(now);
    return Math.min(this.missingAt, this.preferredAt);
  }

  private lookAgain(now: number): void {
    this.missingAt = Number.POSITIVE_INFINITY;
    for (const { topic, missing } of this.parts.byName.values()) {
      if (missing !== RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION) continue;
      this.env.metadata.leaderStale(topic);
      this.missingAt = now + MISSING_MS;
    }
  }

  placeAll(): void {
    for (const part of this.parts.byName.values()) this.place(part);
  }

  topicChanged(cached: CachedTopic): void {
    for (const part of this.parts.byName.values()) {
      if (part.topic !== cached.topic) continue;
      this.check(part, cached);
      this.place(part);
    }
  }

  /** Tells the app of a partition that is not there, once for each reason. */
  check(part: Assigned, { err, partitions }: CachedTopic): void {
    if (err === RD_KAFKA_RESP_ERR__WAIT_CACHE) return;
    const missing = err === 0 && part.number >= partitions.length ? RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION : err;
    if (missing === part.missing) return;
    part.missing = missing;
    if (missing === 0) return;
    this.tell(part, missing, errorText(missing));
    if (err !== 0) return;
    this.missingAt = Math.min(this.missingAt, this.env.now() + MISSING_MS);
  }

  place(part: Assigned): void {
    const { env } = this;
    const cached = env.metadata.topics.get(part.topic);
    const leader = cached?.partitions[part.number];
    if (part.state === 'fetching') {
      if (part.missing === 0 && !this.moved(part, cached)) return;
      this.move(part);
      return;
    }
    if (part.state !== 'ready' || leader === undefined || leader.leader < 0) return;
    const broker = this.target(part, leader.leader);
    const worker = env.workers.ensure(broker);
    if (worker === null) return;
    this.follow(part, cached!);
    part.stall = null;
    part.state = 'fetching';
    part.broker = broker;
    part.leaderEpoch = leader.leaderEpoch;
    worker.channel.post({
      type: 'fetch_start',
      broker,
      topic: part.topic,
      partition: part.number,
      cell: part.cell.id,
      home: part.home,
      offset: part.offset,
      offsetEpoch: part.offsetEpoch,
      leaderEpoch: leader.leaderEpoch,
      topicId: part.topicId,
      leader: broker === leader.leader,
      reset: env.reset(part.topic),
      paused: part.paused,
    });
  }

  private move(part: Assigned): void {
    part.state = 'moving';
    this.stop(part, true);
  }

  /** The follower that the leader has named, while it is there and for a while; else the leader. */
  private target(part: Assigned, leader: number): number {
    const near = part.preferred;
    if (near < 0 || near === leader) return leader;
    if (this.env.now() < part.preferredUntil && this.env.workers.ensure(near) !== null) return near;
    part.preferred = -1;
    return leader;
  }

  /** It is fetched elsewhere than it should be. */
  private moved(part: Assigned, cached: CachedTopic | undefined): boolean {
    const leader = cached?.partitions[part.number];
    if (leader === undefined || leader.leader < 0) return false;
    if (another(part.topicId, cached!)) return true;
    // A leader that was elected anew refuses those that name its old epoch; in a topic made anew they begin again.
    if (leader.leaderEpoch > part.leaderEpoch) return true;
    return part.broker !== this.target(part, leader.leader);
  }

  /** Positions in a topic that was deleted and made again are not comparable with those in the old one. */
  private follow(part: Assigned, cached: CachedTopic): void {
    if (another(part.topicId, cached)) {
      part.committed = RD_KAFKA_OFFSET_INVALID;
      part.offsetEpoch = -1;
    }
    if (cached.topicId !== ZERO_UUID) part.topicId = cached.topicId;
  }

  /** The old leader's worker has stopped, and posted everything that it had before that. */
  fetchStopped({ cell, home, offset, offsetEpoch }: FetchStoppedOp, oldWorker: number): void {
    // The home tells a cell that has been given to another partition since.
    const part = this.parts.byCell.get(cell);
    if (part === undefined || part.home !== home || part.state !== 'moving') return;
    if (offset !== RD_KAFKA_OFFSET_INVALID) {
      part.offset = offset;
      part.offsetEpoch = offsetEpoch;
    }
    part.state = 'ready';
    part.broker = -1;
    part.home = ++this.parts.homes;
    this.env.toApp({ type: 'home', cell, home: part.home, oldWorker });
    this.place(part);
  }

  /** A leader says who is nearer to us; a follower (-1) that the leader is to be asked. */
  preferredReplica({ cell, home, replica }: PreferredReplicaOp): void {
    const part = this.parts.byCell.get(cell);
    if (part === undefined || part.home !== home || part.state !== 'fetching') return;
    const now = this.env.now();
    if (replica >= 0) {
      // One word that comes soon after the last is not followed: it is said again after fetch.error.backoff.ms.
      part.hesitating = !part.hesitating && now - part.preferredSince < PREFERRED_TOO_SOON_MS;
      if (part.hesitating) return;
      part.preferredSince = now;
      if (this.env.workers.ensure(replica) === null) this.env.metadata.leaderStale(part.topic);
    }
    part.preferred = replica;
    part.preferredUntil = now + PREFERRED_MS;
    this.preferredAt = Math.min(this.preferredAt, part.preferredUntil);
    this.place(part);
  }

  /** What its fetcher says; of a fetcher that has been stopped since it says nothing. */
  fetchStall({ cell, home, cause, err }: FetchStallOp): void {
    const part = this.parts.byCell.get(cell);
    if (part?.home === home && part.state === 'fetching') part.stall = cause === null ? null : { cause, err };
  }

  /** It has a leader, as far as metadata knows. */
  placed(part: Assigned): boolean {
    const leader = this.env.metadata.topics.get(part.topic)?.partitions[part.number];
    return part.missing === 0 && leader !== undefined && leader.leader >= 0;
  }

  /** A follower that is gone is not waited for. */
  brokerDown(broker: number): void {
    for (const part of this.parts.byName.values()) {
      if (part.preferred !== broker) continue;
      part.preferred = -1;
      this.place(part);
    }
  }

  private leasesEnd(now: number): void {
    this.preferredAt = Number.POSITIVE_INFINITY;
    for (const part of this.parts.byName.values()) {
      if (part.preferred < 0) continue;
      if (part.preferredUntil <= now) this.place(part);
      if (part.preferred >= 0) this.preferredAt = Math.min(this.preferredAt, part.preferredUntil);
    }
  }

  stop(part: Assigned, answer: boolean): void {
    const { id } = part.cell;
    this.env.workers.of(part.broker)?.channel.post({ type: 'fetch_stop', cell: id, home: part.home, answer });
  }

  tell({ topic, number }: Assigned, err: number, text: string): void {
    this.env.toApp({ type: 'consumer_error', err, text: `${topic} [${number}]: ${text}`, topic, partition: number });
  }
}

/** The topic was deleted and made again since, as far as the cluster names ids. */
function another(before: string, { topicId }: CachedTopic): boolean {
  return before !== ZERO_UUID && topicId !== ZERO_UUID && topicId !== before;
}
