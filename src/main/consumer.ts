// The consumer side of a handle in main: the group, its offsets and the assignment, put together.
// @thread main

import type { TopicSettings } from '../conf/settings_type.ts';
import {
  RD_KAFKA_DBG_ASSIGNOR,
  RD_KAFKA_DBG_CGRP,
  RD_KAFKA_DBG_CONSUMER,
  RD_KAFKA_DBG_TOPIC,
} from '../defs/debug_contexts.generated.ts';
import { RD_KAFKA_RESP_ERR__WAIT_CACHE } from '../defs/enums.ts';
import { ASKS_APP, POLLS, WAITING } from '../ops/head_page.ts';
import type { AssignOp, BrokerToMainOp, PartitionOffset } from '../ops/ops.ts';
import { Assignments } from './assignment.ts';
import type { ConsumerGroupEnv } from './consumer_group/env.ts';
import { ConsumerGroup } from './consumer_group/group.ts';
import { Group } from './group/group.ts';
import type { MainHandle } from './handle.ts';
import type { CachedTopic } from './metadata.ts';
import { resetOf } from './offset_reset.ts';
import type { OffsetsDone } from './offsets.ts';
import { Progress } from './progress.ts';
import { racksOf } from './racks.ts';
import { SimplePartitions } from './simple.ts';
import { autoStores } from './stored.ts';
import type { HandleWorker } from './workers.ts';

/** How often the app's poll counter is looked at. */
const WATCH_MS = 100;
/** consumer_close never takes longer than this, whatever the coordinator does. */
const CLOSE_MS = 10_000;

const CONTEXTS = {
  cgrp: RD_KAFKA_DBG_CGRP,
  consumer: RD_KAFKA_DBG_CONSUMER,
  topic: RD_KAFKA_DBG_TOPIC,
  assignor: RD_KAFKA_DBG_ASSIGNOR,
} as const;

interface Hooks {
  readonly rebalance: boolean;
  readonly offsetCommit: boolean;
}

export class Consumer {
  readonly assignments: Assignments;
  readonly group: Group | ConsumerGroup;
  readonly progress: Progress;
  /** Of topics that have a configuration of their own. */
  readonly topicSettings: Map<string, TopicSettings>;
  private readonly simple: SimplePartitions;
  private readonly rk: MainHandle;
  /** False: without group.id, for the simple consumer alone. */
  private readonly grouped: boolean;
  private lastPolls: number;
  private polledAt: number;
  private watchAt: number;
  private leaving: boolean;
  private closed: boolean;
  /** Topics that the group follows. */
  private followed: ReadonlySet<string>;
  private told: { readonly memberId: string; readonly generation: number };

  /** @param memberId with group.protocol=consumer: who we are in the group, as the app tells its user. */
  constructor(rk: MainHandle, hooks: Hooks, memberId: string) {
    this.rk = rk;
    this.grouped = (rk.settings['group.id'] ?? '') !== '';
    this.lastPolls = 0;
    this.polledAt = 0;
    this.watchAt = 0;
    this.leaving = false;
    this.closed = false;
    this.followed = new Set();
    this.told = { memberId: '', generation: -1 };
    this.assignments = new Assignments({
      settings: rk.settings,
      reset: (topic) => resetOf(this.settingsOf(topic)['auto.offset.reset']),
      memory: rk.memory,
      blocks: rk.blocks,
      metadata: rk.metadata,
      workers: rk.workers,
      toApp: (op) => rk.toApp.post(op),
      readApp: () => rk.readApp(),
      now: () => rk.now(),
      fetchCommitted: (partitions, done) =>
        this.group.offsets.fetch(partitions, rk.settings['socket.timeout.ms'], done),
    });
    this.topicSettings = new Map();
    this.simple = new SimplePartitions({
      groupId: rk.settings['group.id'],
      autoStore: () => autoStores(rk.settings, rk.memory.head),
      assignments: this.assignments,
      readApp: () => rk.readApp(),
      commit: (offset, done) =>
        this.group.offsets.commit([offset], (err) => done(err), { reason: 'simple consumer', ownCallback: true }),
      error: (err, text) => rk.error(err, text, false),
    });
    this.progress = new Progress({
      partitions: () => this.assignments.all(),
      placed: (part) => this.assignments.placement.placed(part),
      polledAt: () => this.polledAt,
      log: (level, text) => rk.log(level, 'STALLED', text),
      stalled: ({ topic, number: partition }, cause) => rk.toApp.post({ type: 'stalled', topic, partition, cause }),
    });
    const env = this.env(hooks);
    const modern = rk.settings['group.protocol'] === 'consumer';
    this.group = modern ? new ConsumerGroup({ ...env, memberId }) : new Group(env);
  }

  private env(hooks: Hooks): Omit<ConsumerGroupEnv, 'memberId'> {
    const { rk } = this;
    return {
      settings: { ...rk.settings, 'group.id': rk.settings['group.id'] ?? '' },
      requireStable: rk.settings['isolation.level'] === 'read_committed',
      random: Math.random,
      asksApp: () => hooks.rebalance || Atomics.load(rk.memory.head, ASKS_APP) !== 0,
      hasCommitCallback: hooks.offsetCommit,
      assignment: this.assignments,
      log: (level, fac, text, context) => {
        if (level < 7 || (rk.debug & CONTEXTS[context]) !== 0) rk.log(level, fac, text);
      },
      send: (target, request) => {
        if ('broker' in target) rk.brokers.sendCoordinator(target.broker, request);
        else rk.brokers.sendAny(request);
      },
      coordinatorAddress: (id, host, port) => rk.brokers.addNode(id, host, port),
      partitionCount: (topic) => {
        const cached = rk.metadata.topics.get(topic);
        if (cached === undefined) return null;
        if (cached.err === RD_KAFKA_RESP_ERR__WAIT_CACHE) return cached.absent === 0 ? null : -1;
        return cached.err === 0 ? cached.partitions.length : -1;
      },
      topicError: (topic) => {
        const { err = 0, absent = 0 } = rk.metadata.topics.get(topic) ?? {};
        return absent === 0 ? err : absent;
      },
      partitionRacks: (topic) => {
        const { replicas, partitions = [] } = rk.metadata.topics.get(topic) ?? {};
        return racksOf(replicas, partitions.length, rk.brokers.nodes);
      },
      allTopics: () => rk.metadata.allTopics,
      ignores: (topic) => rk.metadata.ignores(topic),
      wantTopics: (topics, all) => {
        this.followed = new Set(topics);
        for (const topic of this.followed) rk.metadata.want(topic);
        rk.metadata.watchAll(all);
      },
      reach: () => (rk.brokers.coordinatorUp ? 'coordinator' : rk.brokers.anyUp ? 'others' : 'nobody'),
      wake: () => rk.soon(),
      toApp: (op) => {
        // The app answers a rebalance by the protocol.
        this.tell();
        rk.toApp.post(op);
      },
      fatal: (err, text) => rk.error(err, text, true),
    };
  }

  poll(now: number): number {
    if (!this.closed && now >= this.watchAt) this.watch(now);
    const group = this.grouped ? this.group.poll(now) : Number.POSITIVE_INFINITY;
    const next = Math.min(group, this.assignments.poll(now), this.simple.poll(now));
    this.tell();
    return this.closed ? next : Math.min(this.watchAt, this.progress.poll(now), next);
  }

  /** Whether the app polls. */
  private watch(now: number): void {
    const polls = Atomics.load(this.rk.memory.head, POLLS);
    const waiting = Atomics.load(this.rk.memory.head, WAITING) !== 0;
    if (waiting || polls !== this.lastPolls) {
      this.polledAt = now;
      this.group.polled(now, waiting);
    }
    this.lastPolls = polls;
    this.watchAt = now + WATCH_MS;
  }

  /** The app shows these without asking. */
  private tell(): void {
    const memberId = this.group.memberId();
    const generation = this.group.generation();
    if (memberId === this.told.memberId && generation === this.told.generation) return;
    this.told = { memberId, generation };
    this.rk.toApp.post({ type: 'group', memberId, generation, protocol: this.group.rebalanceProtocol() });
  }

  subscribe(topics: readonly string[]): void {
    this.group.subscribe(topics.length === 0 ? null : topics);
  }

  /** `version` counts the app's assign calls: it comes back with each partition, so that stale ones are known. */
  assignCall({ how, partitions, version }: AssignOp): void {
    if (how === 'assign') this.assignments.replaced(version);
    this.group.onAssignCall(partitions?.map((each) => ({ ...each, version })) ?? null, how);
  }

  /** rd_kafka_consume_start: the group has no part in it. */
  consumeStart(partition: PartitionOffset): void {
    this.simple.start(partition, this.settingsOf(partition.topic));
    this.rk.soon();
  }

  private settingsOf(topic: string): TopicSettings {
    return this.topicSettings.get(topic) ?? this.rk.topicSettings;
  }

  /** rd_kafka_consume_stop. */
  consumeStop(topic: string, partition: number, answer: (err: number, value: unknown) => void): void {
    this.simple.stop(topic, partition, (err) => answer(err, null));
    this.rk.soon();
  }

  topicChanged(cached: CachedTopic): void {
    this.group.metadataChanged();
    this.assignments.topicChanged(cached);
  }

  /** Somebody here wants to know of the topic. */
  uses(topic: string): boolean {
    return this.followed.has(topic) || this.assignments.has(topic);
  }

  placeAll(): void {
    this.assignments.placeAll();
  }

  fetchStopped(op: Extract<BrokerToMainOp, { type: 'fetch_stopped' }>, worker: HandleWorker): void {
    this.assignments.placement.fetchStopped(op, worker.index);
  }

  brokerUp(): void {
    this.group.brokerUp();
  }

  committed(partitions: PartitionOffset[], timeoutMs: number, answer: (err: number, value: unknown) => void): void {
    this.group.offsets.fetch(partitions, timeoutMs, (err, offsets) => answer(err, offsets));
  }

  commit(
    partitions: PartitionOffset[] | null,
    { async, ownCallback }: { readonly async: boolean; readonly ownCallback: boolean },
    answer: (err: number, value: unknown) => void,
  ): void {
    const done: OffsetsDone | null = async ? null : (err, offsets) => answer(err, offsets);
    this.group.offsets.commit(partitions, done, { reason: 'manual', ownCallback });
    if (async) answer(0, null);
  }

  /**
   * consumer_close, and its part of destroy (`ending`): that one has time for a last commit and leave only where there is
   * a coordinator to hear them. `deadline` in ms since the handle's start.
   */
  close(deadline: number, ending: boolean, done: () => void): void {
    if (this.closed) {
      done();
      return;
    }
    this.leaving = true;
    this.simple.stopAll();
    const ended = (): void => {
      this.closed = true;
      done();
    };
    this.group.close(Math.min(deadline, this.rk.now() + CLOSE_MS), ended, ending);
    this.rk.soon();
  }

  /**
   * The end of the handle. What the app has not closed before is let go without a word to the group: so it was asked for
   * (NO_CONSUMER_CLOSE), or the handle is fatal. What it began to close has no more time.
   */
  end(): void {
    if (this.leaving) this.close(this.rk.now(), true, () => {});
    else {
      this.closed = true;
      this.simple.stopAll();
      this.group.abort();
    }
  }
}
