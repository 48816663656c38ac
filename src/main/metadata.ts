// The metadata cache: which topics are wanted, when they are asked for again, and what the cluster last said of them.
// @thread main: a manager, asked when to wake

import type { Settings } from '../conf/settings_type.ts';
import * as E from '../defs/enums.ts';
import { isRetriable } from '../defs/errors.ts';
import type { MetadataResponse } from '../protocol/messages.ts';
import { retryBackoff } from '../rd/backoff.ts';
import type { WireRequest } from '../wire/requests.ts';
import type { Node } from './brokers.ts';

export interface CachedPartition {
  leader: number;
  leaderEpoch: number;
}

export interface CachedTopic {
  readonly topic: string;
  /** 0, or why it can't be used; _WAIT_CACHE while nothing is known. */
  err: number;
  partitions: CachedPartition[];
  /** When it was first found missing, to give a new topic time to spread. */
  missingSince: number;
  /** Asked for again soon: a leader is missing or stale. */
  stale: boolean;
}

export interface MetadataEnv {
  readonly settings: Settings;
  readonly producer: boolean;
  readonly random: () => number;
  now(): number;
  sendAny(request: WireRequest): void;
  log(level: number, fac: string, text: string, context: string): void;
  setNodes(nodes: readonly Node[]): void;
  /** Something about this topic is new. */
  topicChanged(topic: CachedTopic): void;
  soon(): void;
}

export interface MetadataCall {
  /** null: all topics. */
  readonly topics: readonly string[] | null;
  readonly done: (err: number, response: MetadataResponse | null) => void;
}

export class Metadata {
  readonly topics: Map<string, CachedTopic>;
  clusterId: string | null;
  controllerId: number;
  /** At least one answer came. */
  known: boolean;
  private readonly env: MetadataEnv;
  private inFlight: boolean;
  private again: boolean;
  private dueAt: number;
  private failures: number;
  private fast: number;

  constructor(env: MetadataEnv) {
    this.env = env;
    this.topics = new Map();
    this.clusterId = null;
    this.controllerId = -1;
    this.known = false;
    this.inFlight = false;
    this.again = false;
    this.dueAt = Number.POSITIVE_INFINITY;
    this.failures = 0;
    this.fast = 0;
  }

  /** Keeps the topic fresh from now on. */
  want(topic: string): CachedTopic {
    const known = this.topics.get(topic);
    if (known !== undefined) return known;
    const cached: CachedTopic = {
      topic,
      err: E.RD_KAFKA_RESP_ERR__WAIT_CACHE,
      partitions: [],
      missingSince: -1,
      stale: true,
    };
    this.topics.set(topic, cached);
    this.refresh();
    return cached;
  }

  unwant(topic: string): void {
    this.topics.delete(topic);
  }

  /** Asks now (or right behind the request under way). */
  refresh(): void {
    if (this.inFlight) this.again = true;
    else this.dueAt = Math.min(this.dueAt, this.env.now());
    this.env.soon();
  }

  /** A leader turned out wrong: asks again after the fast interval, which grows while it does not help. */
  leaderStale(topic: string): void {
    const cached = this.topics.get(topic);
    if (cached !== undefined) cached.stale = true;
    this.refreshFast();
  }

  /** One request for a call of the user's: it refreshes the cache along the way. */
  ask(call: MetadataCall, timeoutMs: number, allowCreate: boolean): void {
    this.send(call.topics, allowCreate, timeoutMs, (err, response) => call.done(err, response));
  }

  poll(now: number): number {
    if (this.inFlight) return Number.POSITIVE_INFINITY;
    if (now < this.dueAt) return this.dueAt;
    this.dueAt = Number.POSITIVE_INFINITY;
    this.inFlight = true;
    const { settings } = this.env;
    const create = this.env.producer || settings['allow.auto.create.topics'];
    const topics = [...this.topics.keys()];
    this.send(topics, create, settings['socket.timeout.ms'], (err) => this.refreshed(err));
    return Number.POSITIVE_INFINITY;
  }

  private refreshed(err: number): void {
    const { env } = this;
    this.inFlight = false;
    if (err !== 0) {
      this.failures++;
      this.dueAt =
        env.now() +
        retryBackoff(this.failures, env.settings['retry.backoff.ms'], env.settings['retry.backoff.max.ms'], env.random);
      env.soon();
      return;
    }
    this.failures = 0;
    const interval = env.settings['topic.metadata.refresh.interval.ms'];
    this.dueAt = interval < 0 ? Number.POSITIVE_INFINITY : env.now() + interval;
    let stale = false;
    for (const topic of this.topics.values()) if (topic.stale) stale = true;
    if (this.again) {
      this.again = false;
      this.refreshFast();
    } else if (stale) this.refreshFast();
    else this.fast = 0;
    env.soon();
  }

  private refreshFast(): void {
    const { env } = this;
    this.fast++;
    const wait = retryBackoff(
      this.fast,
      env.settings['topic.metadata.refresh.fast.interval.ms'],
      env.settings['retry.backoff.max.ms'],
      env.random,
    );
    if (this.inFlight) this.again = true;
    else this.dueAt = Math.min(this.dueAt, env.now() + (this.fast === 1 ? 0 : wait));
    env.soon();
  }

  private send(
    topics: readonly string[] | null,
    create: boolean,
    timeoutMs: number,
    done: (err: number, response: MetadataResponse | null) => void,
  ): void {
    this.env.sendAny({
      name: 'Metadata',
      // An empty list asks for no topics from version 1 on; before that it asks for all.
      minVersion: 1,
      maxVersion: 12,
      timeoutMs,
      body: {
        topics: topics === null ? null : topics.map((name) => ({ name })),
        allowAutoTopicCreation: create,
        includeClusterAuthorizedOperations: false,
        includeTopicAuthorizedOperations: false,
      },
      done: (err, response) => {
        if (err === 0) this.apply(response as MetadataResponse, topics);
        done(err, response);
      },
    });
  }

  private apply(response: MetadataResponse, asked: readonly string[] | null): void {
    const { env } = this;
    this.known = true;
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
    const seen = new Set<string>();
    for (const answer of response.topics) {
      const cached = answer.name === null ? undefined : this.topics.get(answer.name);
      if (cached === undefined) continue;
      seen.add(cached.topic);
      this.applyTopic(cached, answer);
    }
    if (asked !== null) return;
    for (const cached of this.topics.values())
      if (!seen.has(cached.topic)) this.missing(cached, E.RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  }

  private applyTopic(cached: CachedTopic, answer: MetadataResponse['topics'][number]): void {
    const err = answer.errorCode;
    if (err === E.RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE || (err === 0 && answer.partitions.length === 0)) {
      cached.stale = true;
      return;
    }
    if (err !== 0) {
      if (err !== E.RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART && isRetriable(err)) cached.stale = true;
      else this.missing(cached, err);
      return;
    }
    cached.err = 0;
    cached.missingSince = -1;
    cached.stale = false;
    const partitions: CachedPartition[] = [];
    for (const part of answer.partitions) {
      // Indices from the network: a gap or a repetition is a broken answer, not a reason to allocate.
      if (part.partitionIndex < 0 || part.partitionIndex >= answer.partitions.length) continue;
      const old = cached.partitions[part.partitionIndex];
      if (old !== undefined && part.leaderEpoch >= 0 && part.leaderEpoch < old.leaderEpoch) {
        // An answer older than what we know: keep the newer leader.
        partitions[part.partitionIndex] = old;
        cached.stale = true;
        continue;
      }
      partitions[part.partitionIndex] = { leader: part.leaderId, leaderEpoch: part.leaderEpoch };
      if (part.leaderId < 0) cached.stale = true;
    }
    for (let i = 0; i < answer.partitions.length; i++) partitions[i] ??= { leader: -1, leaderEpoch: -1 };
    cached.partitions = partitions;
    this.env.topicChanged(cached);
  }

  /** Unknown to the cluster, or refused. A topic just created may take a while to be known everywhere. */
  private missing(cached: CachedTopic, err: number): void {
    const now = this.env.now();
    if (err === E.RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
      if (cached.missingSince < 0) cached.missingSince = now;
      const patience = this.env.settings['topic.metadata.propagation.max.ms'];
      if (now - cached.missingSince < patience) {
        cached.stale = true;
        return;
      }
    }
    cached.stale = false;
    cached.err = err;
    cached.partitions = [];
    this.env.topicChanged(cached);
  }
}
