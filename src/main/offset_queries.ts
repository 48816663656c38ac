// Offsets by timestamp, and the ends of partitions, for calls of the user's: ListOffsets to the leaders. @thread main
//
// An item waits for its leader, is asked for, and ends with an offset or an error. Leaders come from the metadata cache
// where that knows the topic, else from a request of the query's own, which is remembered and makes no topic.

import type { Settings } from '../conf/settings_type.ts';
import * as E from '../defs/enums.ts';
import { partitionKey } from '../defs/partition_key.ts';
import { requestFrame } from '../protocol/frame.ts';
import type { ListOffsetsResponse, MetadataResponse } from '../protocol/messages.ts';
import { retryBackoff } from '../rd/backoff.ts';
import type { WireRequest } from '../wire/requests.ts';
import { byTopic } from './group/requests.ts';
import type { CachedTopic, MetadataCall } from './metadata.ts';

export interface OffsetQuestion {
  readonly topic: string;
  readonly partition: number;
  /** ms since 1970; -1 the end, -2 the beginning, -3 the greatest timestamp. */
  readonly timestamp: number;
}

export interface OffsetAnswer extends OffsetQuestion {
  /** -1 where there is no record of that time or later. */
  offset: number;
  leaderEpoch: number;
  err: number;
}

export type QueryDone = (err: number, answers: readonly OffsetAnswer[]) => void;

export interface OffsetQueriesEnv {
  readonly settings: Pick<
    Settings,
    | 'client.id'
    | 'isolation.level'
    | 'metadata.max.age.ms'
    | 'retry.backoff.ms'
    | 'retry.backoff.max.ms'
    | 'socket.timeout.ms'
  >;
  readonly random: () => number;
  readonly metadata: {
    readonly topics: ReadonlyMap<string, CachedTopic>;
    ask(call: MetadataCall, timeoutMs: number, create: boolean): void;
    leaderStale(topic: string): void;
  };
  /** ms since the handle started. */
  now(): number;
  /** Some broker can be talked to. */
  anyUp(): boolean;
  /** `done` never comes within the call. */
  sendTo(broker: number, request: WireRequest): void;
  soon(): void;
}

interface Leader {
  readonly broker: number;
  readonly epoch: number;
}

/** What was heard of a topic: an error, or the leader of each partition (null: none now). */
interface Heard {
  readonly err: number;
  readonly leaders: ReadonlyMap<number, Leader | null>;
  readonly at: number;
}

interface Item extends OffsetAnswer {
  state: 'waiting' | 'asked' | 'done';
  /** Who is asked. */
  leader: Leader | null;
  /** Once it was sent to somebody. */
  sent: boolean;
  /** `err` is a broker's, and that of the whole call. */
  refused: boolean;
  tries: number;
  notBefore: number;
}

interface Query {
  readonly items: readonly Item[];
  readonly deadline: number;
  readonly done: QueryDone;
  /** A request for leaders is on its way. */
  asking: boolean;
  /** When leaders may be asked for again. */
  askAt: number;
  asks: number;
}

interface AskedPartition {
  readonly partitionIndex: number;
  readonly currentLeaderEpoch: number;
  readonly timestamp: number;
}

interface AskedTopic {
  readonly name: string;
  readonly partitions: readonly AskedPartition[];
}

const MAX_RETRIES = 2;

/** Tried again, with the leader as it is then: the broker may know soon, or may never have read the question. */
const RETRIED: ReadonlySet<number> = new Set([
  E.RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE,
  E.RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH,
  E.RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH,
  E.RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
  E.RD_KAFKA_RESP_ERR__TIMED_OUT,
  E.RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE,
]);

/** The broker can't be reached: tried for as long as there is time. */
const UNREACHABLE: ReadonlySet<number> = new Set([
  E.RD_KAFKA_RESP_ERR__TRANSPORT,
  E.RD_KAFKA_RESP_ERR__UNKNOWN_BROKER,
  E.RD_KAFKA_RESP_ERR__DESTROY_BROKER,
]);

/** Told, as librdkafka does, but the next question goes to the leader as it is then. */
const MOVED: ReadonlySet<number> = new Set([
  E.RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
  E.RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE,
  E.RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
  E.RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE,
  E.RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
]);

export class OffsetQueries {
  private readonly env: OffsetQueriesEnv;
  private readonly queries: Set<Query>;
  private readonly heard: Map<string, Heard>;

  constructor(env: OffsetQueriesEnv) {
    this.env = env;
    this.queries = new Set();
    this.heard = new Map();
  }

  /**
   * Asks; `done` comes in a poll: 0 and all answers, of which those that have no leader have an `err` of their own;
   * _UNKNOWN_PARTITION when that is none of them; the first error that a leader gave; _TIMED_OUT or, with nobody there,
   * _ALL_BROKERS_DOWN after `timeoutMs` (negative: never). A partition may be named more than once.
   */
  ask(questions: readonly OffsetQuestion[], timeoutMs: number, done: QueryDone): void {
    const now = this.env.now();
    this.forget(now);
    const items = questions.map(
      ({ topic, partition, timestamp }): Item => ({
        topic,
        partition,
        timestamp,
        offset: -1,
        leaderEpoch: -1,
        err: 0,
        state: 'waiting',
        leader: null,
        sent: false,
        refused: false,
        tries: 0,
        notBefore: 0,
      }),
    );
    const deadline = timeoutMs < 0 ? Number.POSITIVE_INFINITY : now + timeoutMs;
    this.queries.add({ items, deadline, done, asking: false, askAt: 0, asks: 0 });
    this.env.soon();
  }

  poll(now: number): number {
    let wake = Number.POSITIVE_INFINITY;
    for (const query of [...this.queries]) wake = Math.min(wake, this.serve(query, now));
    return wake;
  }

  private serve(query: Query, now: number): number {
    const missing = new Set<string>();
    const ready = new Map<number, Item[]>();
    let wake = query.deadline;
    for (const item of query.items) {
      if (item.state !== 'waiting') continue;
      if (item.notBefore > now) wake = Math.min(wake, item.notBefore);
      else this.place(item, missing, ready);
    }
    if (query.items.every(({ state }) => state === 'done')) this.finish(query);
    else if (now >= query.deadline) this.expire(query);
    else return Math.min(wake, this.proceed(query, missing, ready, now));
    return Number.POSITIVE_INFINITY;
  }

  private proceed(
    query: Query,
    missing: ReadonlySet<string>,
    ready: ReadonlyMap<number, readonly Item[]>,
    now: number,
  ): number {
    for (const [broker, items] of ready) this.send(query, broker, items, now);
    if (missing.size === 0 || query.asking) return Number.POSITIVE_INFINITY;
    if (now < query.askAt) return query.askAt;
    this.askLeaders(query, [...missing], now);
    return Number.POSITIVE_INFINITY;
  }

  /** Ends it, or finds out whom to ask. */
  private place(item: Item, missing: Set<string>, ready: Map<number, Item[]>): void {
    const leader = this.leaderOf(item.topic, item.partition);
    if (leader === null) missing.add(item.topic);
    else if (typeof leader === 'number') {
      item.state = 'done';
      item.err = leader;
    } else {
      item.leader = leader;
      const items = ready.get(leader.broker);
      if (items === undefined) ready.set(leader.broker, [item]);
      else items.push(item);
    }
  }

  /** An error instead where there is none; null: not known, to be asked for. */
  private leaderOf(topic: string, partition: number): Leader | number | null {
    const cached = this.env.metadata.topics.get(topic);
    if (cached !== undefined && cached.err === 0 && !cached.stale && this.fresh(cached.at)) {
      const found = cached.partitions[partition];
      if (found === undefined) return E.RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
      return found.leader < 0
        ? E.RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE
        : { broker: found.leader, epoch: found.leaderEpoch };
    }
    const heard = this.heard.get(topic);
    if (heard === undefined || !this.fresh(heard.at)) return null;
    if (heard.err === E.RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE) return null;
    if (heard.err !== 0) return heard.err;
    const found = heard.leaders.get(partition);
    if (found === undefined) return E.RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
    return found ?? E.RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE;
  }

  private fresh(at: number): boolean {
    return this.env.now() - at < this.env.settings['metadata.max.age.ms'];
  }

  private forget(now: number): void {
    for (const [topic, { at, err }] of this.heard)
      if (err !== 0 || now - at >= this.env.settings['metadata.max.age.ms']) this.heard.delete(topic);
  }

  private askLeaders(query: Query, topics: readonly string[], now: number): void {
    const { env } = this;
    const { 'retry.backoff.ms': base, 'retry.backoff.max.ms': max } = env.settings;
    query.asking = true;
    query.asks++;
    for (const topic of topics) this.heard.delete(topic);
    const done = (err: number, response: MetadataResponse | null): void => {
      query.asking = false;
      if (err === 0 && response !== null) this.hear(response);
      query.askAt = env.now() + retryBackoff(query.asks, base, max, env.random);
      env.soon();
    };
    env.metadata.ask({ topics, done }, query.deadline - now, false);
  }

  private hear({ topics }: MetadataResponse): void {
    const at = this.env.now();
    for (const { name, errorCode, partitions } of topics) {
      if (name === null) continue;
      const leaders = new Map<number, Leader | null>();
      for (const { partitionIndex, leaderId, leaderEpoch } of partitions)
        leaders.set(partitionIndex, leaderId < 0 ? null : { broker: leaderId, epoch: leaderEpoch });
      this.heard.set(name, { err: errorCode, leaders, at });
    }
  }

  /** One request for each time that a partition is named: a broker refuses those that name it twice. */
  private send(query: Query, broker: number, items: readonly Item[], now: number): void {
    const requests: Map<string, Item>[] = [];
    for (const item of items) {
      const key = partitionKey(item.topic, item.partition);
      let request = requests.find((each) => !each.has(key));
      if (request === undefined) {
        request = new Map();
        requests.push(request);
      }
      request.set(key, item);
    }
    for (const request of requests) this.sendOne(query, broker, request, now);
  }

  private sendOne(query: Query, broker: number, items: ReadonlyMap<string, Item>, now: number): void {
    const { env } = this;
    for (const item of items.values()) {
      item.state = 'asked';
      item.sent = true;
    }
    const timeoutMs = Math.max(1, Math.floor(Math.min(query.deadline - now, env.settings['socket.timeout.ms'])));
    const topics = this.topicsOf(items.values());
    env.sendTo(broker, {
      name: 'ListOffsets',
      minVersion: 1,
      timeoutMs,
      frame: (version, correlationId) => {
        const isolationLevel = version >= 2 && env.settings['isolation.level'] === 'read_committed' ? 1 : 0;
        const body = { replicaId: -1, isolationLevel, topics, timeoutMs };
        return [requestFrame('ListOffsets', version, correlationId, env.settings['client.id'], body)];
      },
      done: (err, response: ListOffsetsResponse | null) => {
        if (!this.queries.has(query)) return;
        this.answered(items, err, response);
        env.soon();
      },
    });
  }

  private topicsOf(items: Iterable<Item>): AskedTopic[] {
    return byTopic([...items]).map(([name, asked]) => ({
      name,
      partitions: asked.map(({ partition, timestamp, leader }) => ({
        partitionIndex: partition,
        currentLeaderEpoch: leader?.epoch ?? -1,
        timestamp,
      })),
    }));
  }

  private answered(items: ReadonlyMap<string, Item>, err: number, response: ListOffsetsResponse | null): void {
    const left = new Map(items);
    for (const { name, partitions } of err === 0 ? (response?.topics ?? []) : []) {
      for (const { partitionIndex, errorCode, offset, leaderEpoch } of partitions) {
        const key = partitionKey(name, partitionIndex);
        const item = left.get(key);
        if (item === undefined) continue;
        left.delete(key);
        if (errorCode !== 0) {
          this.failed(item, errorCode);
          continue;
        }
        item.state = 'done';
        item.offset = offset;
        item.leaderEpoch = leaderEpoch;
      }
    }
    for (const item of left.values()) this.failed(item, err !== 0 ? err : E.RD_KAFKA_RESP_ERR__BAD_MSG);
  }

  private failed(item: Item, err: number): void {
    const again = UNREACHABLE.has(err) || (RETRIED.has(err) && item.tries < MAX_RETRIES);
    if (again || MOVED.has(err)) {
      this.heard.delete(item.topic);
      this.env.metadata.leaderStale(item.topic);
    }
    if (again) {
      const { 'retry.backoff.ms': base, 'retry.backoff.max.ms': max } = this.env.settings;
      item.state = 'waiting';
      item.notBefore = this.env.now() + retryBackoff(++item.tries, base, max, this.env.random);
      return;
    }
    item.state = 'done';
    item.err = err;
    item.refused = true;
  }

  private finish(query: Query): void {
    this.queries.delete(query);
    const refused = query.items.find((item) => item.refused);
    const none = !query.items.some(({ sent }) => sent);
    query.done(refused?.err ?? (none ? E.RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION : 0), answersOf(query));
  }

  private expire(query: Query): void {
    this.queries.delete(query);
    const somebody = this.env.anyUp() || query.items.some(({ sent }) => sent);
    const err = somebody ? E.RD_KAFKA_RESP_ERR__TIMED_OUT : E.RD_KAFKA_RESP_ERR__ALL_BROKERS_DOWN;
    query.done(err, answersOf(query));
  }
}

function answersOf({ items }: Query): OffsetAnswer[] {
  return items.map(({ topic, partition, timestamp, offset, leaderEpoch, err }) => ({
    topic,
    partition,
    timestamp,
    offset,
    leaderEpoch,
    err,
  }));
}
