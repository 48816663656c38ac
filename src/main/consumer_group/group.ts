// The consumer group of one handle (rd_kafka_cgrp_t), group.protocol=consumer (KIP-848): what the main worker calls, as
// of the classic Group. @thread main
//
// Nothing here blocks, and nothing happens but in poll(now): the other functions leave a note for it and wake the loop.
import {
  RD_KAFKA_RESP_ERR__DESTROY,
  RD_KAFKA_RESP_ERR__FATAL,
  RD_KAFKA_RESP_ERR__INVALID_ARG,
  RD_KAFKA_RESP_ERR__STATE,
} from '../../defs/enums.ts';
import type { Coordinator } from '../coordinator.ts';
import { distinct } from '../group/partition_sets.ts';
import { watchPolls } from '../group/poll_interval.ts';
import type { AssignCall } from '../group/rebalance.ts';
import type { Identity } from '../group/requests.ts';
import type { PartitionOffset } from '../group_env.ts';
import type { Offsets } from '../offsets.ts';
import { close, serveClose, stop } from './close.ts';
import type { ConsumerGroupEnv } from './env.ts';
import { serveHeartbeat } from './heartbeat.ts';
import { leave } from './leave.ts';
import { ConsumerMember } from './member.ts';
import { answered, revokeAll } from './rebalance.ts';
import type { ReconcileState } from './states.ts';
import { subscribe, unsubscribe } from './subscription.ts';
import { serveTarget } from './target.ts';

export class ConsumerGroup {
  private readonly member: ConsumerMember;

  constructor(env: ConsumerGroupEnv) {
    this.member = new ConsumerMember(env);
  }

  /** Commits and committed offsets, also for an app that assigns by itself. Polled by the group. */
  get offsets(): Offsets {
    return this.member.offsets;
  }

  /** Polled by the group; for stats and tests. */
  get coordinator(): Coordinator {
    return this.member.coordinator;
  }

  get state(): ReconcileState {
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
   * rd_kafka_subscribe; null: rd_kafka_unsubscribe. Patterns (`^...`) are matched by the coordinator. Counts as a poll of
   * the app. Names are to be checked by the caller. Returns 0 or _FATAL (an existing subscription then ends).
   */
  subscribe(topics: readonly string[] | null): number {
    const { member } = this;
    if (member.closing !== null || member.closed) return RD_KAFKA_RESP_ERR__DESTROY;
    member.calls.later((now) => {
      if (member.closing !== null || member.closed) return;
      member.polledAt = Math.max(now, Number.isFinite(member.polledAt) ? member.polledAt : now);
      if (topics === null || member.fatalError !== 0) unsubscribe(member);
      else subscribe(member, topics);
    });
    return member.fatalError === 0 ? 0 : RD_KAFKA_RESP_ERR__FATAL;
  }

  /** rd_kafka_subscription, as it was last asked for; null for none. */
  subscription(): readonly string[] | null {
    return this.member.nextSubscription ?? this.member.subscription;
  }

  /**
   * rd_kafka_incremental_assign ('add'), rd_kafka_incremental_unassign ('remove'), and rd_kafka_assign ('assign', null:
   * everything is let go), the last one for an app without a subscription. While closing, and after a fatal error,
   * everything is let go instead. Returns _INVALID_ARG for a partition listed twice, _STATE for 'assign' in a group.
   */
  onAssignCall(partitions: readonly PartitionOffset[] | null, how: AssignCall = 'assign'): number {
    const { member } = this;
    if (member.closed) return RD_KAFKA_RESP_ERR__DESTROY;
    if (partitions === null ? how !== 'assign' : !distinct(partitions)) return RD_KAFKA_RESP_ERR__INVALID_ARG;
    if (how === 'assign' && member.subscription !== null && !member.ended) {
      member.log('ASSIGN', 'assign() in a group that rebalances by incremental_assign(): refused', 'consumer', 4);
      return RD_KAFKA_RESP_ERR__STATE;
    }
    const copy = partitions?.map((each) => ({ ...each })) ?? null;
    member.calls.later((now) => {
      if (!member.closed) answered(member, now, how, copy);
    });
    return 0;
  }

  /** Topics are the coordinator's business here; what is assigned finds its leaders by itself. */
  metadataChanged(): void {
    if (this.member.offered !== null) this.member.calls.later(() => undefined);
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
    this.member.calls.later(() => close(this.member, deadline, done, ending));
  }

  /** Stops without revoke, commit or leave (NO_CONSUMER_CLOSE); commits and fetches end with _DESTROY in the next poll. */
  abort(): void {
    stop(this.member);
  }

  /** rd_kafka_assignment_lost. */
  assignmentLost(): boolean {
    return this.member.lost;
  }

  /** rd_kafka_memberid; never ''. */
  memberId(): string {
    return this.member.id;
  }

  /** The member epoch; -1 for none. */
  generation(): number {
    return this.member.joined ? this.member.epoch : -1;
  }

  /** Member id and epoch, as for rd_kafka_consumer_group_metadata. */
  identity(): Identity {
    return this.member.identity;
  }

  /** rd_kafka_rebalance_protocol. */
  rebalanceProtocol(): 'NONE' | 'EAGER' | 'COOPERATIVE' {
    return this.member.version > 0 ? 'COOPERATIVE' : 'NONE';
  }

  private step(now: number): number {
    // A step to another state may make something due that was looked at before.
    for (let round = 0; round < 10; round++) {
      const { state, leaveAfter } = this.member;
      const next = this.serve(now);
      if (this.member.state === state && this.member.leaveAfter === leaveAfter) return next;
    }
    return now;
  }

  private serve(now: number): number {
    const { member } = this;
    if (member.closed) return Number.POSITIVE_INFINITY;
    const coordinator = member.coordinator.poll(now);
    const changes = member.changes.poll(now);
    serveEnds(member, now);
    const times = [
      coordinator,
      changes,
      // Before the revoke, which the app may not serve for long: others should not have to wait for it. Without a
      // membership what we have is lost: see serveEnds.
      watchPolls(member, now, (reason) => leave(member, now, reason)),
      serveTarget(member, now),
      serveHeartbeat(member, now),
      member.offsets.poll(now),
      serveClose(member, now),
    ];
    return Math.min(...times);
  }
}

/** What ends a membership, as soon as no rebalance is under way. */
function serveEnds(member: ConsumerMember, now: number): void {
  if (member.changes.busy) return;
  if (member.state === 'steady') {
    if (member.fatalError !== 0) revokeAll(member, now, true, 'fatal error');
    else if (member.pollExceeded) revokeAll(member, now, true, 'max.poll.interval.ms exceeded');
    else if (member.leaveAfter || member.closing !== null) revokeAll(member, now, !member.joined, 'unsubscribed');
    else if (!member.joined) revokeAll(member, now, true, 'no longer a member of the group');
  }
  if (member.state !== 'init') return;
  // The first heartbeat may be on its way: the coordinator hears of the end behind it.
  if (member.leaveAfter) leave(member, now, 'no subscription');
  if (member.closing !== null && member.env.assignment.partitions().length > 0) {
    member.changes.start(now, { remove: 'all', add: [], lost: false, done: null });
  }
  if (member.nextSubscription !== undefined && member.leaveCall === null) subscribe(member, member.nextSubscription);
}
