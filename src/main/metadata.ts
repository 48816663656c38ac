// The metadata cache: which topics are wanted, when they are asked for again, and what the cluster last said of them.
// @thread main: a manager, asked when to wake

import { splitPatterns } from '../conf/parse.ts';
import type { Settings } from '../conf/settings_type.ts';
import * as E from '../defs/enums.ts';
import type { MetadataResponse } from '../protocol/messages.ts';
import { ZERO_UUID } from '../protocol/reader.ts';
import { retryBackoff } from '../rd/backoff.ts';
import { Pattern } from '../rd/pattern.ts';
import type { WireRequest } from '../wire/requests.ts';
import type { Node, RebootstrapCause } from './brokers.ts';
import type { CachedPartition, CachedTopic } from './cached_topic.ts';
import { replicasOf } from './racks.ts';

export type { CachedPartition, CachedTopic } from './cached_topic.ts';

/** Topics that are not there, or may not be used, are asked for again so often. */
const MISSING_MS = 1000;
/** However short `metadata.max.age.ms` is, nothing is asked for again sooner because of it. */
const LEAST_AGE_MS = 1000;
/** Only these say something of the topic; whatever else an answer says of it passes, and it is asked for again. */
const GONE: ReadonlySet<number> = new Set([
  E.RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
  E.RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID,
  E.RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION,
  E.RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
]);
/** What a topic that was just made may be called while the news of it spreads. */
const YOUNG: ReadonlySet<number> = new Set([
  E.RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
  E.RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
  E.RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID,
]);
const LOG_WARNING = 4;

export interface MetadataEnv {
  readonly settings: Settings;
  readonly random: () => number;
  now(): number;
  /** `via` is told the address it is sent to. */
  sendAny(request: WireRequest, via?: (host: string, port: number) => void): void;
  log(level: number, fac: string, text: string, context: string): void;
  setNodes(nodes: readonly Node[]): void;
  /** The brokers that are known do not serve, or not any more. */
  rebootstrap(cause: RebootstrapCause): void;
  /** The node can't be reached, or nobody knows where it is. */
  isDown(node: number): boolean;
  /** Something about this topic is new. */
  topicChanged(topic: CachedTopic): void;
  /** There is another answer to which topics there are. */
  allChanged(): void;
  /** `absent` has changed. */
  topicAbsent(topic: CachedTopic): void;
  /** Somebody uses it. What nobody uses is asked for no more, and forgotten after a while. */
  inUse(topic: string): boolean;
  soon(): void;
}

/** Who answered. */
export interface Source {
  readonly host: string;
  readonly port: number;
}

export interface MetadataCall {
  /** null: all topics. */
  readonly topics: readonly string[] | null;
  readonly done: (err: number, response: MetadataResponse | null, from: Source | null) => void;
}

interface OpenCall extends MetadataCall {
  readonly until: number;
  readonly create: boolean;
  tries: number;
  at: number;
}

export class Metadata {
  readonly topics: Map<string, CachedTopic>;
  clusterId: string | null;
  controllerId: number;
  /** At least one answer came. */
  known: boolean;
  private readonly env: MetadataEnv;
  private inFlight: boolean;
  /** What happened while a request was under way. */
  private again: 'no' | 'fast' | 'now';
  private readonly staleAgain: Set<string>;
  /** When something is asked next, and when for everything. */
  private dueAt: number;
  private allAt: number;
  private failures: number;
  /** Requests close upon one another, and the wait behind the last of them. */
  private fast: number;
  private wait: number;
  private askedAt: number;
  /** When the first request behind the last answer was made; Infinity while none is due. */
  private silentSince: number;
  /** `topic.blacklist` */
  private readonly ignored: readonly Pattern[];
  /** Calls of the user's whose broker hung up on them. */
  private retries: OpenCall[];
  /** The topics of the cluster that can be used, a new set with each answer; null while nobody asks for all. */
  allTopics: ReadonlySet<string> | null;
  private watchesAll: boolean;

  constructor(env: MetadataEnv) {
    this.env = env;
    this.topics = new Map();
    this.clusterId = null;
    this.controllerId = -1;
    this.known = false;
    this.inFlight = false;
    this.again = 'no';
    this.staleAgain = new Set();
    this.dueAt = Number.POSITIVE_INFINITY;
    this.allAt = Number.POSITIVE_INFINITY;
    this.failures = 0;
    this.fast = 0;
    this.wait = 0;
    this.askedAt = Number.NEGATIVE_INFINITY;
    this.silentSince = Number.POSITIVE_INFINITY;
    this.ignored = splitPatterns(env.settings['topic.blacklist'] ?? '').map((pattern) => new Pattern(pattern));
    this.retries = [];
    this.allTopics = null;
    this.watchesAll = false;
  }

  /** With each regular refresh, and once at first, it is asked for all topics: see `allTopics`. */
  watchAll(on: boolean): void {
    if (on === this.watchesAll) return;
    this.watchesAll = on;
    this.allTopics = null;
    if (!on) return;
    this.allAt = this.env.now();
    this.refresh();
  }

  /** To be known, and kept fresh for as long as it is in use. */
  want(topic: string): CachedTopic {
    const now = this.env.now();
    const known = this.topics.get(topic);
    if (known !== undefined) {
      // Nobody used it for a while, so that nobody asked.
      if (now - known.at > this.refreshEvery()) known.stale = true;
      if (known.stale) this.refreshFast();
      return known;
    }
    const cached: CachedTopic = {
      topic,
      topicId: ZERO_UUID,
      err: E.RD_KAFKA_RESP_ERR__WAIT_CACHE,
      absent: 0,
      partitions: [],
      since: now,
      at: now,
      stale: true,
    };
    this.topics.set(topic, cached);
    this.refresh();
    return cached;
  }

  /** By `topic.blacklist` it is as if there were no such topic. */
  ignores(topic: string): boolean {
    return this.ignored.some((pattern) => pattern.matches(topic));
  }

  /** The names that somebody uses. */
  used(): string[] {
    return [...this.topics.keys()].filter((topic) => this.env.inUse(topic));
  }

  /** Asks now (or right behind the request under way) for what is stale, and for the brokers. */
  refresh(): void {
    if (this.inFlight) this.again = 'now';
    else this.dueAt = Math.min(this.dueAt, this.env.now());
    this.env.soon();
  }

  /** A leader turned out wrong: asks at once, and ever more slowly while that does not help. */
  leaderStale(topic: string): void {
    const cached = this.topics.get(topic);
    if (cached === undefined) return;
    cached.stale = true;
    if (this.inFlight) this.staleAgain.add(topic);
    this.refreshFast();
  }

  /** The broker can't be reached any more: what it leads may be led by another soon. */
  brokerDown(node: number): void {
    for (const { topic, err, partitions } of this.topics.values())
      if (err === 0 && partitions.some(({ leader }) => leader === node) && this.env.inUse(topic))
        this.leaderStale(topic);
  }

  /**
   * One request for a call of the user's: it refreshes the cache along the way, and is sent again when its broker
   * hangs up. `timeoutMs` may be Infinity.
   */
  ask(call: MetadataCall, timeoutMs: number, create: boolean): void {
    this.attempt({ ...call, until: this.env.now() + timeoutMs, create, tries: 0, at: 0 });
  }

  poll(now: number): number {
    let wake = Math.min(this.poller(now), this.watchSilence(now));
    if (this.retries.length === 0) return wake;
    const due = this.retries.filter(({ at }) => at <= now);
    this.retries = this.retries.filter(({ at }) => at > now);
    for (const call of due) this.attempt(call);
    for (const { at } of this.retries) wake = Math.min(wake, at);
    return wake;
  }

  /** For too long there was no answer to what was asked. */
  private watchSilence(now: number): number {
    const { settings } = this.env;
    if (settings['metadata.recovery.strategy'] !== 'rebootstrap') return Number.POSITIVE_INFINITY;
    const until = this.silentSince + settings['metadata.recovery.rebootstrap.trigger.ms'];
    if (now < until) return until;
    this.silentSince = Number.POSITIVE_INFINITY;
    this.env.rebootstrap('silent');
    return Number.POSITIVE_INFINITY;
  }

  private poller(now: number): number {
    if (this.inFlight) return Number.POSITIVE_INFINITY;
    const due = Math.min(this.dueAt, this.allAt);
    if (now < due) return due;
    const all = now >= this.allAt;
    this.forget(now);
    const topics = [...this.topics.values()].filter(
      ({ topic, stale, err }) => (all || stale || err !== 0) && this.env.inUse(topic),
    );
    this.asks(now);
    const { settings } = this.env;
    const every = this.watchesAll && (all || this.allTopics === null);
    this.send(
      every ? null : topics.map(({ topic }) => topic),
      settings['allow.auto.create.topics'],
      settings['socket.timeout.ms'],
      (err, response) => {
        if (response !== null && every && this.watchesAll) this.sawAll(response);
        this.refreshed(err, all);
      },
    );
    return Number.POSITIVE_INFINITY;
  }

  private sawAll({ topics }: MetadataResponse): void {
    this.allTopics = new Set(topics.flatMap(({ name, errorCode }) => (GONE.has(errorCode) ? [] : (name ?? []))));
    // Those that it leaves out are not there any more, or not ours to see.
    for (const cached of this.topics.values())
      if (!this.allTopics.has(cached.topic) && cached.err === 0 && this.env.inUse(cached.topic)) cached.stale = true;
    this.env.allChanged();
  }

  /** What nobody uses: at once where there was nothing to be known of it, else when it is too old to be believed. */
  private forget(now: number): void {
    const age = this.env.settings['metadata.max.age.ms'];
    for (const { topic, err, at } of this.topics.values())
      if ((err !== 0 || now - at >= age) && !this.env.inUse(topic)) this.topics.delete(topic);
  }

  /** Everything is asked for again after so many ms; a refresh interval of 0 or less is none. */
  private refreshEvery(): number {
    const { 'topic.metadata.refresh.interval.ms': interval, 'metadata.max.age.ms': age } = this.env.settings;
    return Math.min(interval > 0 ? interval : Number.POSITIVE_INFINITY, Math.max(LEAST_AGE_MS, age));
  }

  private asks(now: number): void {
    const { settings, random } = this.env;
    if (this.quiet(now)) this.fast = 0;
    this.fast++;
    const base = settings['topic.metadata.refresh.fast.interval.ms'];
    this.wait = retryBackoff(this.fast, base, Math.max(base, settings['retry.backoff.max.ms']), random);
    this.askedAt = now;
    this.silentSince = Math.min(this.silentSince, now);
    this.dueAt = Number.POSITIVE_INFINITY;
    this.inFlight = true;
  }

  /** Nothing was asked for so long that the next question may come at once. */
  private quiet(now: number): boolean {
    return now - this.askedAt > 2 * Math.max(this.wait, this.env.settings['retry.backoff.max.ms']);
  }

  private refreshed(err: number, all: boolean): void {
    const { env } = this;
    const now = env.now();
    this.inFlight = false;
    env.soon();
    if (err !== 0) {
      this.failures++;
      const { 'retry.backoff.ms': base, 'retry.backoff.max.ms': max } = env.settings;
      this.dueAt = now + retryBackoff(this.failures, base, max, env.random);
      return;
    }
    this.failures = 0;
    if (all || this.allAt === Number.POSITIVE_INFINITY) this.allAt = now + this.refreshEvery();
    for (const topic of this.staleAgain) {
      const cached = this.topics.get(topic);
      if (cached !== undefined) cached.stale = true;
    }
    this.staleAgain.clear();
    const { again } = this;
    this.again = 'no';
    if (again === 'now') this.refresh();
    else if (again === 'fast') this.refreshFast();
    else this.followUp(now);
  }

  /** What an answer left open. */
  private followUp(now: number): void {
    let missing = false;
    for (const { topic, stale, err } of this.topics.values()) {
      if ((!stale && err === 0) || !this.env.inUse(topic)) continue;
      if (stale) {
        this.refreshFast();
        return;
      }
      missing = true;
    }
    if (missing) this.dueAt = Math.min(this.dueAt, now + MISSING_MS);
  }

  /** Asks soon: at once after a quiet time, else behind a wait that grows with each request. */
  refreshFast(): void {
    const { env } = this;
    if (this.inFlight) {
      if (this.again === 'no') this.again = 'fast';
      return;
    }
    const now = env.now();
    this.dueAt = Math.min(this.dueAt, this.quiet(now) ? now : Math.max(now, this.askedAt + this.wait));
    env.soon();
  }

  private attempt(call: OpenCall): void {
    const { env } = this;
    const { 'retry.backoff.ms': base, 'retry.backoff.max.ms': max, 'socket.timeout.ms': timeout } = env.settings;
    const timeoutMs = Math.max(1, Math.min(call.until - env.now(), timeout));
    this.send(call.topics, call.create, timeoutMs, (err, response, from) => {
      const again = env.now() + retryBackoff(++call.tries, base, max, env.random);
      const mayHelp = err === E.RD_KAFKA_RESP_ERR__TRANSPORT || err === E.RD_KAFKA_RESP_ERR__TIMED_OUT;
      if (!mayHelp || again >= call.until) {
        call.done(err, response, from);
        return;
      }
      call.at = again;
      this.retries.push(call);
      env.soon();
    });
  }

  private send(
    topics: readonly string[] | null,
    create: boolean,
    timeoutMs: number,
    done: (err: number, response: MetadataResponse | null, from: Source | null) => void,
  ): void {
    let from: Source | null = null;
    const request: WireRequest = {
      name: 'Metadata',
      // An empty list asks for no topics from version 1 on; before that it asks for all.
      minVersion: 1,
      maxVersion: 13,
      timeoutMs,
      body: {
        topics: topics === null ? null : topics.map((name) => ({ name })),
        allowAutoTopicCreation: create,
        includeClusterAuthorizedOperations: false,
        includeTopicAuthorizedOperations: false,
      },
      done: (err, response) => {
        const answer = response as MetadataResponse | null;
        const failed = err !== 0 ? err : failureOf(answer!);
        if (failed === 0) this.apply(answer!);
        done(failed, failed === 0 ? answer : null, from);
        if (failed === E.RD_KAFKA_RESP_ERR_REBOOTSTRAP_REQUIRED) this.env.rebootstrap('required');
      },
    };
    this.env.sendAny(request, (host, port) => {
      from = { host, port };
    });
  }

  private apply(response: MetadataResponse): void {
    const { env } = this;
    this.known = true;
    this.silentSince = Number.POSITIVE_INFINITY;
    this.checkCluster(response.clusterId);
    this.clusterId = response.clusterId;
    this.controllerId = response.controllerId;
    env.setNodes(
      response.brokers.map((broker) => ({
        id: broker.nodeId,
        host: broker.host,
        port: broker.port,
        rack: broker.rack,
      })),
    );
    // What a list of all topics leaves out may be there, and not be ours to see.
    for (const answer of response.topics) {
      const cached = answer.name === null ? undefined : this.topics.get(answer.name);
      if (cached === undefined) continue;
      if (this.ignores(cached.topic)) this.missing(cached, E.RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC);
      else this.applyTopic(cached, answer);
    }
  }

  /** Bootstrap servers of two clusters: what is asked of one would be sent to the other. */
  private checkCluster(now: string | null): void {
    const before = this.clusterId;
    if (before === null || now === null || now === before) return;
    const text = `a broker reports cluster id ${now} after ${before}: the bootstrap servers belong to several clusters`;
    this.env.log(LOG_WARNING, 'CLUSTERID', text, '');
  }

  private applyTopic(cached: CachedTopic, answer: MetadataResponse['topics'][number]): void {
    const err = answer.errorCode;
    if (GONE.has(err)) {
      this.missing(cached, err);
      return;
    }
    if (err !== 0 || answer.partitions.length === 0) {
      cached.stale = true;
      return;
    }
    const now = this.env.now();
    if (cached.err !== 0) cached.since = now;
    cached.err = 0;
    cached.absent = 0;
    cached.at = now;
    cached.stale = false;
    this.applyPartitions(cached, answer);
    this.env.topicChanged(cached);
  }

  private applyPartitions(cached: CachedTopic, answer: MetadataResponse['topics'][number]): void {
    // Deleted and made again under its name: epochs begin anew, and there may be fewer partitions.
    const another = answer.topicId !== cached.topicId;
    cached.topicId = answer.topicId;
    const before = another ? [] : cached.partitions;
    const partitions: CachedPartition[] = [];
    for (const part of answer.partitions) {
      const { partitionIndex: index } = part;
      // Indices from the network: a gap or a repetition is a broken answer, not a reason to allocate.
      if (index < 0 || index >= answer.partitions.length) continue;
      const old = before[index];
      const older = old !== undefined && part.leaderEpoch >= 0 && part.leaderEpoch < old.leaderEpoch;
      // An answer older than what we know: keep the newer leader.
      partitions[index] = older ? old : { leader: part.leaderId, leaderEpoch: part.leaderEpoch };
      if (older || part.leaderId < 0 || this.env.isDown(part.leaderId)) cached.stale = true;
    }
    const count = Math.max(answer.partitions.length, before.length);
    for (let i = 0; i < count; i++) partitions[i] ??= before[i] ?? { leader: -1, leaderEpoch: -1 };
    cached.partitions = partitions;
    cached.replicas = replicasOf(answer.partitions);
  }

  /** Unknown to the cluster, or refused. A topic just created may take a while to be known everywhere. */
  private missing(cached: CachedTopic, err: number): void {
    const now = this.env.now();
    cached.at = now;
    if (YOUNG.has(err) && cached.err !== err) {
      const patience = this.env.settings['topic.metadata.propagation.max.ms'];
      if (now - cached.since < patience) {
        cached.stale = true;
        this.doubt(cached, err);
        return;
      }
    }
    cached.stale = false;
    if (cached.err === err) return;
    cached.since = now;
    cached.err = err;
    cached.absent = 0;
    cached.partitions = [];
    cached.topicId = ZERO_UUID;
    this.env.topicChanged(cached);
  }

  private doubt(cached: CachedTopic, err: number): void {
    if (cached.err !== E.RD_KAFKA_RESP_ERR__WAIT_CACHE || cached.absent === err) return;
    cached.absent = err;
    this.env.topicAbsent(cached);
  }
}

/** An answer that is none. */
function failureOf(answer: MetadataResponse): number {
  if (answer.errorCode !== 0) return answer.errorCode;
  // A broker that knows of nobody, not even itself, is just starting.
  return answer.brokers.length === 0 ? E.RD_KAFKA_RESP_ERR__TRANSPORT : 0;
}
