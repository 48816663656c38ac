// The consumer group of one handle (rd_kafka_cgrp_t), classic protocol: what the main worker calls. @thread main
//
// Nothing here blocks, and nothing happens but in poll(now): the other functions leave a note for it and wake the loop.

import {
  RD_KAFKA_RESP_ERR__DESTROY,
  RD_KAFKA_RESP_ERR__FATAL,
  RD_KAFKA_RESP_ERR__INVALID_ARG,
} from '../../defs/enums.ts';
import { isStartable } from '../../defs/logical_offset.ts';
import type { Coordinator } from '../coordinator.ts';
import type { GroupEnv, PartitionOffset } from '../group_env.ts';
import type { Offsets } from '../offsets.ts';
import { close, serveClose, stop } from './close.ts';
import { serveHeartbeat, servePollInterval, serveSession } from './heartbeat.ts';
import { serveJoin } from './join.ts';
import { Member } from './member.ts';
import { distinct } from './partition_sets.ts';
import { type AssignCall, assigned, serveRemoval } from './rebalance.ts';
import type { Identity } from './requests.ts';
import type { JoinState } from './states.ts';
import { subscribe, topicsChanged, unsubscribe } from './subscription.ts';
import { follow } from './topics.ts';

function assignable(partitions: readonly PartitionOffset[]): boolean {
  return distinct(partitions) && partitions.every(({ offset }) => isStartable(offset));
}

export class Group {
  private readonly member: Member;

  constructor(env: GroupEnv) {
    this.member = new Member(env);
  }

  /** Commits and committed offsets, also for an app that assigns by itself. Polled by the group. */
  get offsets(): Offsets {
    return this.member.offsets;
  }

  /** Polled by the group; for stats and tests. */
  get coordinator(): Coordinator {
    return this.member.coordinator;
  }

  get state(): JoinState {
    return this.member.state;
  }

  /** Does what is due at `now` (monotonic ms). Returns when to be called next (Infinity: only after wake()). */
  poll(now: number): number {
    let next = now;
    this.member.calls.run(now, () => {
      next = this.step(now);
    });
    return Math.min(next, this.member.calls.wakeAt(now));
  }

  /**
   * rd_kafka_subscribe; null: rd_kafka_unsubscribe. In the middle of a rebalance it waits for its end. Counts as a poll
   * of the app. Names and patterns are to be checked by the caller. Returns 0 or _FATAL (an existing subscription then ends).
   */
  subscribe(topics: readonly string[] | null): number {
    const { member } = this;
    if (member.closing !== null || member.closed) return RD_KAFKA_RESP_ERR__DESTROY;
    member.calls.later((now) => {
      if (member.closing !== null || member.closed) return;
      member.polledAt = Math.max(now, Number.isFinite(member.polledAt) ? member.polledAt : now);
      if (member.fatalError === 0) subscribe(member, now, topics);
      else unsubscribe(member, now, true);
    });
    return member.fatalError === 0 ? 0 : RD_KAFKA_RESP_ERR__FATAL;
  }

  /** rd_kafka_subscription, as it was last asked for; null for none. */
  subscription(): readonly string[] | null {
    const { nextSubscription, subscription } = this.member;
    return nextSubscription === undefined ? subscription : nextSubscription;
  }

  /**
   * rd_kafka_assign, from a rebalance callback or without any group; null: everything is let go. Takes the place of what
   * is assigned, once that has been let go and committed. While closing, and after a fatal error, any list counts as null.
   * With `add` and `remove`: rd_kafka_incremental_assign and _unassign, of these partitions only. Returns _INVALID_ARG for
   * a partition listed twice, for an offset that is none, and for null with `add` and `remove`.
   */
  onAssignCall(partitions: readonly PartitionOffset[] | null, how: AssignCall = 'assign'): number {
    const { member } = this;
    if (member.closed) return RD_KAFKA_RESP_ERR__DESTROY;
    if (partitions === null ? how !== 'assign' : !assignable(partitions)) return RD_KAFKA_RESP_ERR__INVALID_ARG;
    const copy = partitions?.map((each) => ({ ...each })) ?? null;
    member.calls.later((now) => {
      if (!member.closed) assigned(member, now, how, copy);
    });
    return 0;
  }

  /** The partition count of a topic that wantTopics() named has become known, or has changed. */
  metadataChanged(): void {
    const { member } = this;
    member.calls.later((now) => {
      member.metadataNew = true;
      if (member.state === 'init' && member.joinFailures === 0) member.joinAt = Math.min(member.joinAt, now);
    });
  }

  /** The app has polled its consumer queue since the last call; `waiting`: it is blocked in such a poll now. */
  polled(now: number, waiting = false): void {
    const { member } = this;
    member.polledAt = now;
    member.appWaits = waiting;
    if (member.pollExceeded) member.calls.later(() => undefined);
  }

  /** A broker has come up: a coordinator that could not be asked for is asked for now. */
  brokerUp(): void {
    this.member.coordinator.brokerUp();
  }

  /** A fatal error was raised elsewhere: nothing is joined, assigned or committed any more. */
  fatalRaised(err: number): void {
    if (this.member.fatalError === 0) this.member.fatalError = err;
  }

  /**
   * rd_kafka_consumer_close: revokes (by the app's callback if it has one: it has to be served meanwhile), commits,
   * leaves. `done` is called in a poll, once, at `deadline` (in poll's time) at the latest, and soon when no broker can
   * be reached (`ending`: or just not the coordinator); from then on no poll does anything. A second call is told when
   * the first is.
   */
  close(deadline: number, done: () => void, ending: boolean = false): void {
    this.member.calls.later((now) => close(this.member, now, deadline, done, ending));
  }

  /** Stops without revoke, commit or leave (NO_CONSUMER_CLOSE); commits and fetches end with _DESTROY in the next poll. */
  abort(): void {
    stop(this.member);
  }

  /** rd_kafka_assignment_lost. */
  assignmentLost(): boolean {
    return this.member.lost;
  }

  /** rd_kafka_memberid; '' before the join. */
  memberId(): string {
    return this.member.memberId;
  }

  /** -1 for none. */
  generation(): number {
    return this.member.generation;
  }

  /** Member id and generation, as for rd_kafka_consumer_group_metadata. */
  identity(): Identity {
    return this.member.identity;
  }

  /** rd_kafka_rebalance_protocol. */
  rebalanceProtocol(): 'NONE' | 'EAGER' | 'COOPERATIVE' {
    return this.member.assignor?.protocol ?? 'NONE';
  }

  private step(now: number): number {
    // A step to another state may make something due that was looked at before.
    for (let round = 0; round < 10; round++) {
      const { state } = this.member;
      const next = this.serve(now);
      if (this.member.state === state) return next;
    }
    return now;
  }

  private serve(now: number): number {
    const { member } = this;
    if (member.closed) return Number.POSITIVE_INFINITY;
    this.serveSubscription(now);
    const times = [
      member.coordinator.poll(now),
      serveRemoval(member, now),
      serveSession(member, now),
      servePollInterval(member, now),
      serveJoin(member, now),
      serveHeartbeat(member, now),
      member.offsets.poll(now),
      serveClose(member, now),
    ];
    return Math.min(...times);
  }

  private serveSubscription(now: number): void {
    const { member } = this;
    if (member.rebalancing) return;
    const { nextSubscription } = member;
    if (nextSubscription !== undefined) {
      member.nextSubscription = undefined;
      subscribe(member, now, nextSubscription);
    }
    if (!member.metadataNew || member.subscription === null) return;
    if (member.state === 'steady') topicsChanged(member, now);
    else if (member.state === 'init' || member.state === 'wait-metadata') follow(member);
  }
}
