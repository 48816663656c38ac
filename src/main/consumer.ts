// The consumer side of a handle in main: the group, its offsets and the assignment, put together.
// @thread main

import {
  RD_KAFKA_DBG_ASSIGNOR,
  RD_KAFKA_DBG_CGRP,
  RD_KAFKA_DBG_CONSUMER,
  RD_KAFKA_DBG_TOPIC,
} from '../defs/debug_contexts.generated.ts';
import { RD_KAFKA_RESP_ERR__WAIT_CACHE } from '../defs/enums.ts';
import { POLLS, WAITING } from '../ops/head_page.ts';
import type { BrokerToMainOp, PartitionOffset } from '../ops/ops.ts';
import { Assignments } from './assignment.ts';
import { Group } from './group/group.ts';
import type { GroupEnv } from './group_env.ts';
import type { MainHandle } from './handle.ts';
import type { CachedTopic } from './metadata.ts';
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

const RESETS: ReadonlyMap<string, number | null> = new Map<string, number | null>([
  ['smallest', -2],
  ['earliest', -2],
  ['beginning', -2],
  ['largest', -1],
  ['latest', -1],
  ['end', -1],
  ['error', null],
]);

export class Consumer {
  readonly assignments: Assignments;
  readonly group: Group;
  private readonly rk: MainHandle;
  private lastPolls: number;
  private watchAt: number;
  private leaving: boolean;
  private closed: boolean;
  /** Topics that the group follows. */
  private followed: ReadonlySet<string>;
  private told: { readonly memberId: string; readonly generation: number };

  constructor(rk: MainHandle, hooks: { readonly rebalance: boolean; readonly offsetCommit: boolean }) {
    this.rk = rk;
    this.lastPolls = 0;
    this.watchAt = 0;
    this.leaving = false;
    this.closed = false;
    this.followed = new Set();
    this.told = { memberId: '', generation: -1 };
    const reset = RESETS.get(rk.topicSettings['auto.offset.reset']);
    this.assignments = new Assignments({
      settings: rk.settings,
      reset: reset === undefined ? -1 : reset,
      memory: rk.memory,
      blocks: rk.blocks,
      metadata: rk.metadata,
      workers: rk.workers,
      toApp: (op) => rk.toApp.post(op),
      now: () => rk.now(),
      fetchCommitted: (partitions, done) =>
        this.group.offsets.fetch(partitions, rk.settings['socket.timeout.ms'], done),
    });
    this.group = new Group(this.env(hooks));
  }

  private env(hooks: { readonly rebalance: boolean; readonly offsetCommit: boolean }): GroupEnv {
    const { rk } = this;
    return {
      settings: { ...rk.settings, 'group.id': rk.settings['group.id'] ?? '' },
      requireStable: rk.settings['isolation.level'] === 'read_committed',
      random: Math.random,
      hasRebalanceCallback: hooks.rebalance,
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
      wantTopics: (topics) => {
        this.followed = new Set(topics);
        for (const topic of this.followed) rk.metadata.want(topic);
      },
      reach: () => (rk.brokers.coordinatorUp ? 'coordinator' : rk.brokers.anyUp ? 'others' : 'nobody'),
      wake: () => rk.soon(),
      toApp: (op) => rk.toApp.post(op),
      fatal: (err, text) => rk.error(err, text, true),
    };
  }

  poll(now: number): number {
    if (!this.closed && now >= this.watchAt) {
      const polls = Atomics.load(this.rk.memory.head, POLLS);
      const waiting = Atomics.load(this.rk.memory.head, WAITING) !== 0;
      if (waiting || polls !== this.lastPolls) this.group.polled(now, waiting);
      this.lastPolls = polls;
      this.watchAt = now + WATCH_MS;
    }
    const next = Math.min(this.group.poll(now), this.assignments.poll(now));
    this.tell();
    return this.closed ? next : Math.min(this.watchAt, next);
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
    const there = topics.filter((topic) => !this.rk.metadata.ignores(topic));
    this.group.subscribe(there.length === 0 ? null : there);
  }

  /** `version` counts the app's assign calls: it comes back with each partition, so that stale ones are known. */
  assignCall(partitions: readonly PartitionOffset[] | null, version: number): void {
    this.group.onAssignCall(partitions?.map((each) => ({ ...each, version })) ?? null);
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
    this.assignments.fetchStopped(op, worker.index);
  }

  brokerUp(): void {
    this.group.brokerUp();
  }

  committed(partitions: PartitionOffset[], timeoutMs: number, answer: (err: number, value: unknown) => void): void {
    this.group.offsets.fetch(partitions, timeoutMs, (err, offsets) => answer(err, offsets));
  }

  commit(partitions: PartitionOffset[] | null, answer: (err: number, value: unknown) => void): void {
    this.group.offsets.commit(partitions, (err, offsets) => answer(err, offsets), { reason: 'manual' });
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
      this.group.abort();
    }
  }
}
