// Our membership in a KIP-848 group: what is known about it, and the few steps that all parts share. The parts
// (heartbeat, target, rebalance, leave, close) are functions on this object. @thread main
import {
  RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID,
  RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
  RD_KAFKA_RESP_ERR_STALE_MEMBER_EPOCH,
  RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
} from '../../defs/enums.ts';
import { errorText } from '../../defs/errors.ts';
import { StateMachine } from '../../rd/state_machine.ts';
import { Coordinator } from '../coordinator.ts';
import { type Call, Calls } from '../group/calls.ts';
import type { Closing } from '../group/hearing.ts';
import type { Identity } from '../group/requests.ts';
import type { LogContext } from '../group_env.ts';
import { type Membership, Offsets } from '../offsets.ts';
import { type ChangeHost, Changes } from './changes.ts';
import type { ConsumerGroupEnv } from './env.ts';
import type { TopicIdPartitions } from './requests.ts';
import { RECONCILE_STEPS, type ReconcileState } from './states.ts';
import { TopicNames } from './topic_names.ts';

/** A partition that the group gave us. A topic that was made anew has another id under the same name. */
export interface Owned {
  readonly topicId: string;
  readonly topic: string;
  readonly partition: number;
}

/** By `ownedKey`. */
export type OwnedSet = ReadonlyMap<string, Owned>;

/** What the app is asked to let go of, and what comes then. */
export interface Revocation {
  readonly partitions: OwnedSet;
  /** To be taken afterwards, perhaps nothing; null: this is the end of the membership. */
  readonly then: OwnedSet | null;
}

export function ownedKey(topicId: string, partition: number): string {
  return `${partition} ${topicId}`;
}

export class ConsumerMember implements Membership, ChangeHost {
  readonly env: ConsumerGroupEnv;
  readonly calls: Calls;
  readonly coordinator: Coordinator;
  readonly offsets: Offsets;
  readonly changes: Changes;
  readonly names: TopicNames;
  private readonly machine: StateMachine<ReconcileState>;

  /** Commits go out under the epoch of that moment. */
  readonly epochMoves: boolean = true;
  /** Our own, whether or not we are a member. */
  readonly id: string;
  /** Of the last heartbeat that was answered; 0 before the join and after the end. */
  epoch = 0;
  /** Of the last join that was answered. */
  firstEpoch = 0;
  /** The coordinator has us as a member, as far as we know. */
  joined = false;
  /** It may have us as a member: there is something to leave. */
  mayBeKnown = false;
  fatalError = 0;

  /** As the app gave it; null for none. */
  subscription: readonly string[] | null = null;
  /** A subscription that waits until the old membership has ended; undefined for none. */
  nextSubscription: readonly string[] | undefined = undefined;
  /** Counts subscriptions: the coordinator knows of the one that `toldVersion` names. */
  version = 0;
  toldVersion = 0;

  /** What the group gave us, and we have taken. */
  held: OwnedSet = new Map();
  /** Being taken: the app has yet to assign what is new in it. */
  target: OwnedSet | null = null;
  revocation: Revocation | null = null;
  /** What the coordinator wants us to have, null when that is what we have. */
  offered: readonly TopicIdPartitions[] | null = null;
  /** Something was offered and taken back before we had it: the coordinator may wait to hear that we have not. */
  superseded = false;
  /** The coordinator has to hear what `held` is. */
  ackDue = false;
  lost = false;
  /** Leave the group when the partitions are let go. */
  leaveAfter = false;

  heartbeatCall: Call | null = null;
  heartbeatAt = Number.NEGATIVE_INFINITY;
  /** The one that the coordinator wants, 0 before it has said so. */
  intervalMs = 0;
  /** The next one does not wait for the interval. */
  hurry = false;
  /** The next one says everything: nobody knows what the coordinator has heard. */
  full = false;
  retryAt = Number.NEGATIVE_INFINITY;
  failures = 0;
  toldError = 0;
  toldAt = Number.NEGATIVE_INFINITY;
  leaveCall: Call | null = null;

  polledAt = Number.POSITIVE_INFINITY;
  /** The app is blocked in a poll of ours. */
  appWaits = false;
  /** Null while max.poll.interval.ms is not watched. */
  pollCheckAt: number | null = null;
  /** max.poll.interval.ms was exceeded: no join before the next poll. */
  pollExceeded = false;

  closing: Closing | null = null;
  closed = false;

  constructor(env: ConsumerGroupEnv) {
    this.env = env;
    this.id = env.memberId;
    this.calls = new Calls(env);
    const groupId = env.settings['group.id'];
    this.coordinator = new Coordinator(env, this.calls, groupId, 0, (err, text) => this.tellError(err, text));
    this.machine = new StateMachine(`group "${groupId}"`, RECONCILE_STEPS, 'init', (to, from, reason) =>
      this.log('CGRPJOINSTATE', `join state ${from} -> ${to}: ${reason}`),
    );
    this.names = new TopicNames(env, this.calls);
    this.offsets = new Offsets(env, this.calls, this.coordinator, this);
    this.changes = new Changes(this);
  }

  get state(): ReconcileState {
    return this.machine.state;
  }

  /** For commits: an app that assigns by itself is no member. */
  get memberId(): string {
    return this.subscription === null && !this.mayBeKnown ? '' : this.id;
  }

  get generation(): number {
    return this.memberId === '' ? -1 : this.epoch;
  }

  get identity(): Identity {
    return { memberId: this.memberId, generation: this.generation };
  }

  get isStatic(): boolean {
    return Boolean(this.env.settings['group.instance.id']);
  }

  get settled(): boolean {
    return this.subscription === null || this.state === 'steady';
  }

  get ended(): boolean {
    return this.closing !== null || this.fatalError !== 0;
  }

  deadline(since: number): number {
    const bound = since + this.env.settings['session.timeout.ms'];
    return Math.min(bound, this.closing?.deadline ?? bound);
  }

  enter(to: ReconcileState, reason: string): void {
    if (to !== this.state) this.machine.enter(to, reason);
  }

  log(fac: string, text: string, context: LogContext = 'cgrp', level = 7): void {
    this.env.log(level, fac, `Group "${this.env.settings['group.id']}": ${text}`, context);
  }

  tellError(err: number, text: string, topic?: string): void {
    if (!this.closed) this.env.toApp({ type: 'consumer_error', err, text, ...(topic === undefined ? {} : { topic }) });
  }

  /** The consumer can't go on. The coordinator has no use for a word of ours any more. */
  fatal(err: number, text: string): void {
    this.joined = false;
    this.mayBeKnown = false;
    if (this.fatalError !== 0) return;
    this.fatalError = err;
    this.env.fatal(err, text);
  }

  commitRefused(err: number, as: Identity): void {
    // Of a membership that is over anyway.
    if (as.memberId !== this.id) return;
    if (err === RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID) this.fatal(err, `The consumer can't go on: ${errorText(err)}`);
    // The next heartbeat brings the epoch, or tells that we are no member any more; a newer epoch is here already.
    else if (REFUSALS.has(err) && as.generation === this.epoch) this.hurry = true;
  }
}

const REFUSALS: ReadonlySet<number> = new Set([
  RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
  RD_KAFKA_RESP_ERR_STALE_MEMBER_EPOCH,
  RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
]);
