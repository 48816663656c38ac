// Topics and partitions of the cluster: replicas, leaders and their epochs, logs, who waits for data. @thread mock
import { E } from './codes.ts';
import { FaultStacks } from './faults.ts';
import { type Arrivals, DEFAULT_LIMITS, type LogLimits, PartitionLog } from './log.ts';
import { PartitionProducers } from './producers.ts';

const MAX_NAME = 249;
/** More than any test needs of one topic. */
export const MAX_PARTITIONS = 10_000;

/** A leader that the next Metadata or Fetch answer names instead of the real one. */
export interface LeaderResponse {
  readonly leaderId: number;
  readonly leaderEpoch: number;
}

export class Partition {
  readonly id: number;
  readonly log: PartitionLog;
  readonly producers: PartitionProducers = new PartitionProducers();
  readonly faults: FaultStacks = new FaultStacks();
  /** Broker ids. */
  replicas: readonly number[] = [];
  /** Broker id, -1: none. */
  leaderId = -1;
  leaderEpoch = -1;
  /** Broker to which fetchers are sent, -1: none. */
  followerId = -1;
  /** What the follower has, null: the same as the leader. */
  followerStart: number | null = null;
  followerEnd: number | null = null;
  readonly leaderResponses: LeaderResponse[] = [];
  /** Fetches that wait for something to change here. */
  readonly waiters: Set<() => void> = new Set();

  constructor(id: number, limits: LogLimits, arrivals?: Arrivals) {
    this.id = id;
    this.log = new PartitionLog(limits, arrivals);
  }

  /** Each call begins a new leader epoch. */
  setLeader(brokerId: number): void {
    this.leaderId = brokerId;
    this.leaderEpoch++;
    this.log.beginEpoch(this.leaderEpoch);
    this.changed();
  }

  /** Drops what lies at `offset` or behind it, as if a replica had become leader that lacked it; a new epoch begins. */
  truncate(offset: number): void {
    this.log.truncate(offset);
    this.producers.truncate(this.log.endOffset);
    this.setLeader(this.leaderId);
  }

  /** Tells waiting fetches to look again. */
  changed(): void {
    for (const look of [...this.waiters]) look();
  }

  /** Replicas as librdkafka spreads them; the leaders go round among them. */
  assignReplicas(brokerIds: readonly number[], replicationFactor: number): void {
    const count = Math.min(replicationFactor, brokerIds.length);
    const first = brokerIds.length === 0 ? 0 : (this.id * replicationFactor) % brokerIds.length;
    this.replicas = Array.from({ length: count }, (_, i) => brokerIds[(first + i) % brokerIds.length]);
    this.setLeader(count === 0 ? -1 : this.replicas[this.id % count]);
  }

  /** 0, or how the leader epoch that a client believes in differs; -1 is not checked. */
  checkEpoch(epoch: number): number {
    if (epoch === -1 || epoch === this.leaderEpoch) return E.NONE;
    return epoch > this.leaderEpoch ? E.UNKNOWN_LEADER_EPOCH : E.FENCED_LEADER_EPOCH;
  }
}

export class Topic {
  readonly name: string;
  /** 22 characters of base64url. */
  readonly id: string;
  partitions: readonly Partition[];
  readonly replicationFactor: number;
  readonly configs: ReadonlyMap<string, string | null>;
  /** Error that Metadata answers for it. */
  error: number = E.NONE;
  /** Records that were put without key and partition. */
  puts = 0;

  constructor(
    name: string,
    id: string,
    partitions: readonly Partition[],
    replicationFactor: number,
    configs: ReadonlyMap<string, string | null>,
  ) {
    this.name = name;
    this.id = id;
    this.partitions = partitions;
    this.replicationFactor = replicationFactor;
    this.configs = configs;
  }
}

/** All topics by name and by id. */
export class Topics {
  readonly #byName: Map<string, Topic> = new Map();
  readonly #byId: Map<string, Topic> = new Map();
  #partitionCount = 0;
  #version = 0;
  readonly #newId: () => string;
  readonly #limits: LogLimits;
  readonly #arrivals: Arrivals = { next: 0 };

  constructor(newId: () => string, limits: LogLimits = DEFAULT_LIMITS) {
    this.#newId = newId;
    this.#limits = limits;
  }

  get(name: string): Topic | undefined {
    return this.#byName.get(name);
  }

  byId(id: string): Topic | undefined {
    return this.#byId.get(id);
  }

  /** Of all topics. */
  get partitionCount(): number {
    return this.#partitionCount;
  }

  /** Another one whenever a topic or a partition has come or gone. */
  get version(): number {
    return this.#version;
  }

  names(): Iterable<string> {
    return this.#byName.keys();
  }

  all(): readonly Topic[] {
    return [...this.#byName.values()];
  }

  /** Creates a topic that does not exist yet; the caller has checked name, counts and existence. */
  create(
    name: string,
    partitionCount: number,
    replicationFactor: number,
    brokerIds: readonly number[],
    configs: ReadonlyMap<string, string | null> = new Map(),
  ): Topic {
    const partitions = this.#partitions(0, partitionCount, replicationFactor, brokerIds);
    const topic = new Topic(name, this.#newId(), partitions, replicationFactor, configs);
    this.#byName.set(name, topic);
    this.#byId.set(topic.id, topic);
    this.#partitionCount += partitionCount;
    this.#version++;
    return topic;
  }

  #partitions(first: number, count: number, replicationFactor: number, brokerIds: readonly number[]): Partition[] {
    return Array.from({ length: count }, (_, i) => {
      const partition = new Partition(first + i, this.#limits, this.#arrivals);
      partition.assignReplicas(brokerIds, replicationFactor);
      return partition;
    });
  }

  /** Gives a topic more partitions, `count` in all; the caller has checked that. @returns the new ones. */
  grow(topic: Topic, count: number, brokerIds: readonly number[]): readonly Partition[] {
    const there = topic.partitions.length;
    const added = this.#partitions(there, count - there, topic.replicationFactor, brokerIds);
    topic.partitions = [...topic.partitions, ...added];
    this.#partitionCount += added.length;
    this.#version++;
    return added;
  }

  /** @returns false if there is no such topic. */
  delete(name: string): boolean {
    const topic = this.#byName.get(name);
    if (topic === undefined) return false;
    this.#byName.delete(name);
    this.#byId.delete(topic.id);
    this.#partitionCount -= topic.partitions.length;
    this.#version++;
    for (const partition of topic.partitions) {
      partition.leaderId = -1;
      partition.changed();
    }
    return true;
  }

  partition(name: string, id: number): Partition | undefined {
    return this.#byName.get(name)?.partitions[id];
  }

  /** New replicas and leaders everywhere: brokers have come or gone. */
  reassign(brokerIds: readonly number[]): void {
    for (const topic of this.#byName.values()) {
      for (const partition of topic.partitions) partition.assignReplicas(brokerIds, topic.replicationFactor);
    }
  }
}

/** 0, or INVALID_TOPIC_EXCEPTION: Kafka takes 1 to 249 of a-z, A-Z, 0-9, '.', '_', '-', but not "." and "..". */
export function checkTopicName(name: string): number {
  const legal = name.length <= MAX_NAME && name !== '.' && name !== '..' && /^[a-zA-Z0-9._-]+$/.test(name);
  return legal ? E.NONE : E.INVALID_TOPIC_EXCEPTION;
}
