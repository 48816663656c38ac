// What the testing door's functions take and give (api.md, section 3). @thread app
import type { Properties } from '../conf/settings.ts';
import type { ApiName } from '../defs/api_name.ts';
import type { ErrorType } from '../defs/enums.ts';
import type { rd_kafka_mock_cluster_t } from '../defs/mock_types.ts';
import type { Wait } from '../promise/options.ts';
import type { ProduceMessage } from '../promise/produce_async.ts';

/** The context of a test: node:test's has `after`, vitest's `onTestFinished`. */
export type TestContext = { after(fn: () => Promise<void>): void } | { onTestFinished(fn: () => Promise<void>): void };

/** Registers a function that a test runner calls: beforeAll, afterEach, afterAll. */
export type Hook = (fn: () => Promise<void>) => void;

export interface ClusterOptions {
  /** 1 to 10,000, their ids from 1; 1 when left out. */
  brokers?: number;
  /** Topics to begin with and their partitions. All others are made by their first use, with one. */
  topics?: Record<string, number>;
  /** Not there yet: throws. */
  tls?: boolean;
  /** Not there yet: throws. */
  users?: Record<string, string>;
}

/** A record as it lies in a partition. */
export interface StoredRecord {
  readonly topic: string;
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since 1970, -1 for none. */
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [string, Buffer | null])[];
  /** The value as UTF-8. */
  readonly text: string | null;
}

/** A request that a broker received. */
export interface RequestSeen {
  readonly api: ApiName;
  readonly version: number;
  /** The broker's id. */
  readonly broker: number;
  /** '' where the client names none. */
  readonly client_id: string;
  /** When it came, in milliseconds of a clock that only goes on: to be compared with another one's. */
  readonly at_ms: number;
}

/** Which requests a fault is for; left out means any. */
export interface Where {
  /** Id of the broker that receives it. */
  broker?: number;
  /** A topic that the request names. */
  topic?: string;
  /** A partition of that topic that the request names. */
  partition?: number;
  /** How many such requests get it, 1 when left out; Infinity: all, until `reset`. */
  times?: number;
}

/**
 * A Kafka cluster for tests: real listeners on 127.0.0.1 and the real protocol, for any client, in a worker of this
 * process. Records are in memory: of a partition the newest 256 MiB. Groups form without the delay that Kafka has.
 *
 * All methods but `config` give promises, block nothing, and settle under a test runner's fake timers. What is wrong
 * with their arguments rejects with TypeError or RangeError, what the cluster can't do (there is no such broker, no
 * such group) with an Error that says what there is, and nothing has happened then. After `close` they reject with a
 * TypeError of code ERR_RDKAFKA_DESTROYED.
 */
export interface MockCluster extends AsyncDisposable {
  /** `host:port` of all brokers, for `bootstrap.servers`; the same after `reset`. */
  readonly bootstrap: string;
  /** For the functions of rdkafka_mock.h. */
  readonly handle: rd_kafka_mock_cluster_t;
  /**
   * Configuration for a client of this cluster: `bootstrap.servers`, `auto.offset.reset=earliest`, a session of 6 s,
   * heartbeats, backoffs and automatic commits within 100 ms; then `extra`, which goes before. What `extra` rules out
   * is left out: with a property that is only for producers all that is for consumers, with `group.protocol=consumer`
   * what is the coordinator's there.
   */
  config(extra?: Properties): Properties;
  /** Makes a topic of a fresh name, with so many partitions (1 when left out; at most 10,000), and gives the name. */
  topic(partitions?: number): Promise<string>;
  /**
   * Puts records into a topic, without a producer; a string is a record's value. The topic is made if need be. A
   * record without `partition` goes by its key as with `consistent_random`, without a key to each partition in turn.
   * All are put, or, when one of them can't be, none.
   */
  put(topic: string, ...m: (string | Omit<ProduceMessage, 'topic'>)[]): Promise<void>;
  /** All records of a topic, in the order in which they arrived; none if there is no such topic. */
  records(topic: string): Promise<StoredRecord[]>;
  /**
   * Waits until at least `count` records are in the topic, which need not be there yet, and gives all of them, in the
   * order in which they arrived. When time is up (`w.timeout_ms`: 10,000 when left out, negative: never) it rejects
   * with an Error that says what did arrive.
   */
  received(topic: string, count: number, w?: Wait): Promise<StoredRecord[]>;
  /**
   * Waits until the group's committed offset of the partition is exactly `offset`, the offset of the next message to
   * consume. When time is up (as in `received`) it rejects with an Error that says what is committed.
   */
  committed(group: string, topic: string, partition: number, offset: number, w?: Wait): Promise<void>;
  /**
   * Waits until the group has exactly so many members and is at rest: each of them has joined and the partitions are
   * given out. 0: until nobody is in it. When time is up (as in `received`) it rejects with an Error that says how the
   * group stands.
   */
  stable(group: string, members: number, w?: Wait): Promise<void>;
  /**
   * The next request of this kind, on whatever broker, is answered with this error, and nothing is done. `w` says
   * which ones, and how many. The error is one that brokers answer, by librdkafka's name ('NOT_LEADER_FOR_PARTITION').
   * It is for all that the request names; Metadata answers it for each topic. UNKNOWN_MEMBER_ID takes the member out
   * of its group. Of several faults for one request the oldest counts; errors pushed by mock_push_request_errors go
   * before.
   */
  fail(api: ApiName, error: ErrorType, w?: Where): Promise<void>;
  /** The next request of this kind is done, and its answer held back for `ms`; with it all answers behind it. */
  delay(api: ApiName, ms: number, w?: Where): Promise<void>;
  /** The next request of this kind is done, and then its connection is cut: the client can't know whether it was done. */
  lose_answer(api: ApiName, w?: Where): Promise<void>;
  /** The next request of this kind is not done: its connection is cut. */
  refuse(api: ApiName, w?: Where): Promise<void>;
  /**
   * Closes a broker's listener and connections. It stays the leader of its partitions and the coordinator of its
   * groups, which nobody can use until it is up again; `move_leader` gives a partition to another broker.
   */
  down(broker: number): Promise<void>;
  /** A broker that is down listens again, on the same port. */
  up(broker: number): Promise<void>;
  /** Makes a broker the leader of a partition; what is there stays. */
  move_leader(topic: string, partition: number, broker: number): Promise<void>;
  /**
   * Takes all partitions from all members of a group and has them given out anew: members of a classic group join
   * again, those of a KIP-848 group are told with their next heartbeats. It has begun when this settles; `stable`
   * waits for its end.
   */
  rebalance(group: string): Promise<void>;
  /** The requests that the brokers have received since the start or the last `reset` (of very many, the newest). */
  requests(api?: ApiName): Promise<RequestSeen[]>;
  /**
   * As new: topics (but those that it began with, which are empty), groups, faults, delays and requests are forgotten,
   * brokers are up and have their old addresses. Connections stay, and answers that are held back go out. Whoever
   * waits is rejected.
   */
  reset(): Promise<void>;
  /** Ends the cluster; whoever waits is rejected. Takes at most 5 s; a second call gives the same. */
  close(): Promise<void>;
}
