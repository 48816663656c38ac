// A Kafka cluster of our own: real listeners, the real protocol, records kept in memory. One thread owns all of its
// state; connections only carry bytes. @thread mock
import { randomBytes } from 'node:crypto';
import { APIS } from '../protocol/api.ts';
import type { Clock } from '../rd/clock.ts';
import type { LogFn } from '../rd/log.ts';
import { Broker } from './broker.ts';
import { E } from './codes.ts';
import { Conditions } from './conditions.ts';
import { Coordinators, KEY_GROUP } from './coordinator.ts';
import { FaultStacks } from './faults.ts';
import { Groups } from './groups/groups.ts';
import { HANDLERS, type HandledName } from './handlers/table.ts';
import { DEFAULT_LIMITS, type LogLimits } from './log.ts';
import { ProducerIds } from './producers.ts';
import { MAX_PARTITIONS, type Partition, type Topic, Topics } from './topics.ts';
import { Tracking } from './tracking.ts';
import { Waits } from './waits.ts';

const DEFAULT_PARTITIONS = 4;
const MAX_REPLICATION = 3;
const REBALANCE_DELAY_MS = 3000;
/** librdkafka's figures for KIP-848 groups. */
const CONSUMER_SESSION_MS = 30_000;
const CONSUMER_HEARTBEAT_MS = 3000;
/** Kafka's offsets.retention.minutes, 7 days. */
const OFFSETS_RETENTION_MS = 7 * 24 * 3600 * 1000;
const MAX_MEMBERS = 1000;
const MAX_ALL_PARTITIONS = 100_000;

export interface MockClusterOptions {
  /** Their ids are 1 to this number. */
  readonly brokers: number;
  /** Port of the first broker, the others take the next ones; any free ones without it. */
  readonly port?: number;
  /** Milliseconds by which the brokers that it begins with hold back each answer, 0. */
  readonly rtt?: number;
  /** Address to listen on and to advertise, 127.0.0.1 by default. */
  readonly host?: string;
  /** Topics to begin with: name -> number of partitions. */
  readonly topics?: Readonly<Record<string, number>>;
  /** Partitions of a topic that is created automatically, 4. */
  readonly defaultPartitions?: number;
  /** Partitions that requests may create, over all topics, 100,000; commands may go beyond. */
  readonly maxPartitions?: number;
  /** Its replicas, 3 or as many as there are brokers. */
  readonly replication?: number;
  /** How long the first rebalance of a group waits for members (ms), 3000. */
  readonly groupInitialRebalanceDelayMs?: number;
  /** How long a member of a KIP-848 group may be silent (ms), 30,000. */
  readonly consumerSessionTimeoutMs?: number;
  /** How often it is told to send heartbeats (ms), 3000. */
  readonly consumerHeartbeatIntervalMs?: number;
  /** Whether all requests are kept (`seen`), false. */
  readonly keepRequests?: boolean;
  /** Whether Metadata may create topics, true. */
  readonly autoCreateTopics?: boolean;
  /** Members of one group, 1000. */
  readonly maxGroupMembers?: number;
  /** How long offsets of an empty group are kept (ms), 7 days. */
  readonly offsetsRetentionMs?: number;
  readonly logLimits?: LogLimits;
  /** Fetch sessions of one broker, 1000; 0: none is ever opened. */
  readonly maxFetchSessions?: number;
  readonly clock: Clock;
  readonly log: LogFn;
}

/** Versions of a request: from, to, both served. */
export interface VersionRange {
  readonly min: number;
  readonly max: number;
}

/** What belongs to no single broker; all handlers work on this. */
export class MockCluster {
  readonly clock: Clock;
  readonly log: LogFn;
  readonly clusterId: string = uuid();
  readonly faults: FaultStacks = new FaultStacks();
  readonly conditions: Conditions = new Conditions();
  /** What rdkafka_mock.h's functions switch on and off. */
  readonly tracking: Tracking = new Tracking();
  /** All requests since the start or a reset, if they are to be kept. */
  readonly seen: Tracking = new Tracking();
  /** What tests wait for. */
  readonly waits: Waits;
  readonly coordinators: Coordinators = new Coordinators();
  readonly producerIds: ProducerIds = new ProducerIds();
  readonly topics: Topics;
  readonly groups: Groups;
  readonly autoCreateTopics: boolean;
  readonly defaultPartitions: number;
  readonly defaultReplication: number;
  readonly maxFetchSessions: number | undefined;
  groupInitialRebalanceDelayMs: number;
  /** Of KIP-848 groups (ms). */
  consumerSessionTimeoutMs: number;
  consumerHeartbeatIntervalMs: number;
  readonly #options: MockClusterOptions;
  readonly #brokers: Broker[] = [];
  readonly #versions: Map<number, VersionRange> = new Map();
  #memberCount = 0;

  constructor(options: MockClusterOptions) {
    this.#options = options;
    this.clock = options.clock;
    this.log = options.log;
    this.autoCreateTopics = options.autoCreateTopics ?? true;
    this.defaultPartitions = options.defaultPartitions ?? DEFAULT_PARTITIONS;
    this.defaultReplication = options.replication ?? Math.min(MAX_REPLICATION, options.brokers);
    this.groupInitialRebalanceDelayMs = options.groupInitialRebalanceDelayMs ?? REBALANCE_DELAY_MS;
    this.consumerSessionTimeoutMs = options.consumerSessionTimeoutMs ?? CONSUMER_SESSION_MS;
    this.consumerHeartbeatIntervalMs = options.consumerHeartbeatIntervalMs ?? CONSUMER_HEARTBEAT_MS;
    this.waits = new Waits(options.clock);
    if (options.keepRequests) this.seen.start();
    this.maxFetchSessions = options.maxFetchSessions;
    this.topics = new Topics(uuid, options.logLimits ?? DEFAULT_LIMITS);
    this.groups = new Groups({
      clock: options.clock,
      log: (group, text) => options.log(7, 'MOCK', `Group ${group}: ${text}`),
      newMemberId: (prefix) => `${prefix}-${randomBytes(8).toString('hex')}-${++this.#memberCount}`,
      newUuid: uuid,
      topics: this.topics,
      initialRebalanceDelayMs: () => this.groupInitialRebalanceDelayMs,
      sessionTimeoutMs: () => this.consumerSessionTimeoutMs,
      heartbeatIntervalMs: () => this.consumerHeartbeatIntervalMs,
      maxMembers: options.maxGroupMembers ?? MAX_MEMBERS,
      offsetsRetentionMs: options.offsetsRetentionMs ?? OFFSETS_RETENTION_MS,
    });
    for (let id = 1; id <= options.brokers; id++) this.#brokers.push(this.#newBroker(id));
    for (const [name, partitions] of Object.entries(options.topics ?? {})) this.createTopic(name, partitions);
  }

  /** Binds all listeners. When one fails, those before it are closed again and the promise rejects. */
  async start(): Promise<void> {
    try {
      for (const broker of this.#brokers) await broker.start();
    } catch (error) {
      await this.close();
      throw error;
    }
    this.log(7, 'MOCK', `Mock cluster ${this.clusterId} bootstrap.servers=${this.bootstraps()}`);
  }

  /** Closes everything: no listener, connection or timer is left. */
  async close(): Promise<void> {
    this.waits.clear('the cluster was closed');
    await Promise.all(this.#brokers.map((broker) => broker.stop('cluster closed')));
    this.groups.close();
  }

  /** `host:port` of all brokers, separated by commas, for bootstrap.servers. */
  bootstraps(): string {
    return this.#brokers.map((broker) => `${broker.advertisedHost}:${broker.advertisedPort}`).join(',');
  }

  /** In the order in which they were added, up or not. */
  brokers(): readonly Broker[] {
    return this.#brokers;
  }

  broker(id: number): Broker | undefined {
    return this.#brokers.find((broker) => broker.id === id);
  }

  /** Adds a broker, starts it and spreads all partitions anew. Rejects if it can't listen. */
  async addBroker(id: number): Promise<void> {
    const broker = this.#newBroker(id, true);
    this.#brokers.push(broker);
    try {
      await broker.start();
    } catch (error) {
      this.#brokers.splice(this.#brokers.indexOf(broker), 1);
      throw error;
    }
    this.reassign();
  }

  /** Ends a broker for good and spreads its partitions over the others. */
  async removeBroker(broker: Broker): Promise<void> {
    this.#brokers.splice(this.#brokers.indexOf(broker), 1);
    this.coordinators.removeBroker(broker.id);
    this.reassign();
    await broker.stop('broker decommissioned');
  }

  /** New replicas and leaders for all partitions, among the brokers that Metadata names. */
  reassign(): void {
    this.topics.reassign(this.#replicaIds());
  }

  /** Creates a topic that does not exist yet, with the cluster's defaults where nothing is said. */
  createTopic(
    name: string,
    partitions: number = this.defaultPartitions,
    replication: number = this.defaultReplication,
    configs?: ReadonlyMap<string, string | null>,
  ): Topic {
    const topic = this.topics.create(name, partitions, replication, this.#replicaIds(), configs);
    this.log(7, 'MOCK', `Topic ${name}: created, ${partitions} partitions, ${replication} replicas`);
    return topic;
  }

  /** Whether a request may create a topic of so many partitions, of which `there` are there already. */
  roomFor(partitions: number, there: number = 0): boolean {
    const most = this.#options.maxPartitions ?? MAX_ALL_PARTITIONS;
    return partitions <= MAX_PARTITIONS && this.topics.partitionCount + partitions - there <= most;
  }

  /** `count` partitions in all for a topic that is there and has fewer. @returns the new ones. */
  addPartitions(name: string, count: number): readonly Partition[] {
    const topic = this.topics.get(name) as Topic;
    this.log(7, 'MOCK', `Topic ${name}: ${topic.partitions.length} partitions become ${count}`);
    return this.topics.grow(topic, count, this.#replicaIds());
  }

  /** @returns false if there is no such topic. */
  deleteTopic(name: string): boolean {
    this.groups.topicDeleted(name);
    return this.topics.delete(name);
  }

  /** Broker that coordinates this key, undefined if there is none. */
  coordinator(keyType: number, key: string): Broker | undefined {
    const ids = this.#brokers.map((broker) => broker.id);
    return this.broker(this.coordinators.find(keyType, key, ids));
  }

  /** 0 if `broker` may serve this group, else what it answers. */
  checkCoordinator(broker: Broker, groupId: string): number {
    if (groupId === '') return E.INVALID_GROUP_ID;
    const coordinator = this.coordinator(KEY_GROUP, groupId);
    if (coordinator === undefined) return E.COORDINATOR_NOT_AVAILABLE;
    return coordinator === broker ? E.NONE : E.NOT_COORDINATOR;
  }

  handledNames(): readonly HandledName[] {
    return Object.keys(HANDLERS) as HandledName[];
  }

  /** What a request is served in, on all brokers. */
  versionsOf(name: HandledName): VersionRange {
    const { key, min, max } = APIS[name];
    return this.#versions.get(key) ?? { min, max };
  }

  /** A range with a maximum below 0 hides the request. */
  setVersions(apiKey: number, range: VersionRange): void {
    this.#versions.set(apiKey, range);
  }

  /** Back to the state of a new cluster, with the brokers that there are now: those that are down come up. */
  async reset(): Promise<void> {
    this.waits.clear('the cluster was reset');
    for (const broker of this.#brokers) broker.reset();
    this.groups.close();
    for (const topic of this.topics.all()) this.topics.delete(topic.name);
    for (const [name, partitions] of Object.entries(this.#options.topics ?? {})) this.createTopic(name, partitions);
    this.faults.reset();
    this.conditions.reset();
    this.tracking.stop();
    if (this.#options.keepRequests) this.seen.start();
    this.coordinators.reset();
    this.#versions.clear();
    this.groupInitialRebalanceDelayMs = this.#options.groupInitialRebalanceDelayMs ?? REBALANCE_DELAY_MS;
    this.consumerSessionTimeoutMs = this.#options.consumerSessionTimeoutMs ?? CONSUMER_SESSION_MS;
    this.consumerHeartbeatIntervalMs = this.#options.consumerHeartbeatIntervalMs ?? CONSUMER_HEARTBEAT_MS;
    for (const broker of this.#brokers) await broker.start();
  }

  #newBroker(id: number, later = false): Broker {
    const { host = '127.0.0.1', port = 0, rtt = 0 } = this.#options;
    return later ? new Broker(this, id, host, 0, 0) : new Broker(this, id, host, port && port + id - 1, rtt);
  }

  #replicaIds(): readonly number[] {
    return this.#brokers.filter((broker) => broker.inMetadata).map((broker) => broker.id);
  }
}

/** 16 random bytes as Kafka writes them; never one that begins with '-', which command lines take for an option. */
function uuid(): string {
  for (;;) {
    const text = randomBytes(16).toString('base64url');
    if (!text.startsWith('-')) return text;
  }
}
