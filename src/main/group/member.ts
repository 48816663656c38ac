// Our membership in the group: what is known about it, and the few steps that all parts of the group share. The parts
// (topics, join, rebalance, heartbeat, leave) are functions on this object. @thread main
import {
  RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID,
  RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
  RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
} from '../../defs/enums.ts';
import { errorText } from '../../defs/errors.ts';
import { StateMachine } from '../../rd/state_machine.ts';
import { Coordinator } from '../coordinator.ts';
import type { GroupEnv, LogContext, PartitionOffset } from '../group_env.ts';
import { type Membership, Offsets } from '../offsets.ts';
import type { Assignor, GroupMember } from './assignors/assignor.ts';
import { assignorsOf } from './assignors/registry.ts';
import { type Call, Calls } from './calls.ts';
import type { Closing } from './hearing.ts';
import type { Removal, Step } from './letting_go.ts';
import type { Identity } from './requests.ts';
import { JOIN_STEPS, type JoinState } from './states.ts';
import type { Wanted } from './topics.ts';

/** What the leader has to do: its members, and the partition counts that it assigned from. */
export interface Leadership {
  readonly members: readonly GroupMember[];
  readonly topics: readonly string[];
  /** Null until the assignor has run. */
  counts: ReadonlyMap<string, number | null> | null;
  /** Where their replicas were then; null where no member has a rack. */
  racks: string | null;
}

export class Member implements Membership {
  readonly env: GroupEnv;
  readonly calls: Calls;
  readonly coordinator: Coordinator;
  readonly offsets: Offsets;
  readonly assignors: readonly Assignor[];
  private readonly machine: StateMachine<JoinState>;

  memberId = '';
  generation = -1;
  /** The one in which our partitions were given to us; -1: nobody counts on that any more. */
  ownedGeneration = -1;
  /** The one that the group has agreed on, null before the first join. */
  assignor: Assignor | null = null;
  fatalError = 0;

  /** As the app gave it; null for none. */
  subscription: readonly string[] | null = null;
  /** A subscription (or its end: null) that waits for the rebalance to finish; undefined for none. */
  nextSubscription: readonly string[] | null | undefined = undefined;
  /** The same, ready to be matched. */
  wanted: Wanted | null = null;
  /** Until when a join waits for topics that nothing is known of. */
  topicsDeadline = Number.POSITIVE_INFINITY;
  /** Those subscribed topics that exist, with their partition counts, at the last join. */
  effective: ReadonlyMap<string, number> = new Map();
  /** Where their replicas were then; '' for a member without client.rack. */
  racks = '';
  /** Errors of subscribed topics that the app has been told of. */
  topicErrors: ReadonlyMap<string, number> = new Map();
  leadership: Leadership | null = null;

  /** What the group gave us, null if nothing (an empty list is something: the app was told). */
  groupAssignment: readonly PartitionOffset[] | null = null;
  lost = false;
  removal: Removal | null = null;
  /** What is to be done with the assignment when the removal is over. */
  steps: Step[] = [];
  /** Of a cooperative rebalance: to be given when what goes is gone. */
  added: readonly PartitionOffset[] | null = null;
  /** Join again when the rebalance is over: what was given back is for others. */
  rejoinAfter = false;
  /** Leave the group when the partitions are let go. */
  leaveAfter = false;

  /** The JoinGroup or SyncGroup whose answer is waited for. */
  joinCall: Call | null = null;
  joinAt = Number.NEGATIVE_INFINITY;
  joinFailures = 0;
  joinReason = '';
  /** Something about the topics is new, and has not been looked at. */
  metadataNew = false;
  /** Until when the leader waits for partition counts. */
  metadataDeadline = Number.POSITIVE_INFINITY;
  leaveCall: Call | null = null;
  heartbeatCall: Call | null = null;
  heartbeatAt = Number.POSITIVE_INFINITY;
  heartbeatError = 0;
  sessionDeadline = Number.POSITIVE_INFINITY;

  polledAt = Number.POSITIVE_INFINITY;
  /** The app is blocked in a poll of ours. */
  appWaits = false;
  /** Null while max.poll.interval.ms is not watched. */
  pollCheckAt: number | null = null;
  /** max.poll.interval.ms was exceeded: no join before the next poll. */
  pollExceeded = false;

  closing: Closing | null = null;
  closed = false;

  constructor(env: GroupEnv) {
    this.env = env;
    this.calls = new Calls(env);
    const groupId = env.settings['group.id'];
    this.coordinator = new Coordinator(env, this.calls, groupId, 0, (err, text) => this.tellError(err, text));
    this.assignors = assignorsOf(env.settings['partition.assignment.strategy']);
    this.machine = new StateMachine(`group "${groupId}"`, JOIN_STEPS, 'init', (to, from, reason) =>
      this.log('CGRPJOINSTATE', `join state ${from} -> ${to}: ${reason}`),
    );
    this.offsets = new Offsets(env, this.calls, this.coordinator, this);
  }

  get state(): JoinState {
    return this.machine.state;
  }

  get identity(): Identity {
    return { memberId: this.memberId, generation: this.generation };
  }

  /** Member with a static identity: it does not leave when it closes, so that it finds its partitions again. */
  get isStatic(): boolean {
    return Boolean(this.env.settings['group.instance.id']);
  }

  get hasJoined(): boolean {
    return this.memberId !== '';
  }

  /** The group has agreed on a protocol by which partitions are kept over rebalances. */
  get cooperative(): boolean {
    return this.assignor?.protocol === 'COOPERATIVE';
  }

  get settled(): boolean {
    return this.subscription === null || this.state === 'steady';
  }

  /** The app has yet to answer a rebalance. */
  get waitsForApp(): boolean {
    return this.state === 'wait-assign-call' || this.state === 'wait-unassign-call';
  }

  /** A new subscription has to wait. The very first join does not count: it can be given up. */
  get rebalancing(): boolean {
    if (this.state === 'wait-metadata' && this.leadership === null) return false;
    if (this.state === 'wait-join' || this.state === 'wait-metadata') return this.hasJoined;
    return this.state !== 'init' && this.state !== 'steady';
  }

  enter(to: JoinState, reason: string): void {
    if (to !== this.state) this.machine.enter(to, reason);
  }

  log(fac: string, text: string, context: LogContext = 'cgrp', level = 7): void {
    this.env.log(level, fac, `Group "${this.env.settings['group.id']}": ${text}`, context);
  }

  tellError(err: number, text: string, topic?: string): void {
    if (!this.closed) this.env.toApp({ type: 'consumer_error', err, text, ...(topic === undefined ? {} : { topic }) });
  }

  setMemberId(memberId: string): void {
    if (memberId === this.memberId) return;
    this.log('MEMBERID', `member id "${this.memberId}" -> "${memberId}"`);
    this.memberId = memberId;
    if (memberId === '') this.loseGeneration();
  }

  /** The coordinator has gone on without us. */
  loseGeneration(): void {
    this.generation = -1;
    this.ownedGeneration = -1;
  }

  /** A static member was replaced by another process of the same group.instance.id. */
  fenced(err: number): void {
    if (this.fatalError !== 0) return;
    this.fatalError = err;
    this.env.fatal(err, `The consumer can't go on: ${errorText(err)}`);
  }

  commitRefused(err: number, as: Identity): void {
    // Of a membership that is over anyway.
    if (as.memberId === '' || as.memberId !== this.memberId || as.generation !== this.generation) return;
    if (err === RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID) this.fenced(err);
    // heartbeat.ts sees to the rest: a member without id or generation starts anew as soon as it is steady.
    else if (err === RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID) this.setMemberId('');
    else if (err === RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION && !this.rebalancing) this.loseGeneration();
  }
}
