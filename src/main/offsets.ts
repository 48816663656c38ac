// Commits offsets to the group's coordinator and asks it for them; with and without a membership. @thread main
//
// One OffsetCommit at a time: whatever is committed meanwhile waits and goes out together, a later offset of a partition
// in place of an earlier one. So a retry can never put a newer commit back, and a commit per record makes no flood.

import {
  RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST,
  RD_KAFKA_RESP_ERR__BAD_MSG,
  RD_KAFKA_RESP_ERR__DESTROY,
  RD_KAFKA_RESP_ERR__FATAL,
  RD_KAFKA_RESP_ERR__NO_OFFSET,
  RD_KAFKA_RESP_ERR__TIMED_OUT,
  RD_KAFKA_RESP_ERR__WAIT_COORD,
  RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
} from '../defs/enums.ts';
import { errorText } from '../defs/errors.ts';
import { partitionKey } from '../defs/partition_key.ts';
import type { OffsetCommitResponse } from '../protocol/messages.ts';
import { retryBackoff } from '../rd/backoff.ts';
import type { Coordinator } from './coordinator.ts';
import type { Call, Calls } from './group/calls.ts';
import { type Remedy, remedyOf } from './group/errors.ts';
import { type Identity, offsetCommit } from './group/requests.ts';
import type { GroupEnv, PartitionOffset } from './group_env.ts';
import { OffsetFetches } from './offset_fetches.ts';

export type OffsetsDone = (err: number, offsets: PartitionOffset[]) => void;

/** What the offsets need to know about the group, and tell it. */
export interface Membership extends Identity {
  readonly lost: boolean;
  /** The code of the fatal error, 0 for none. */
  readonly fatalError: number;
  /** False while a subscription has no settled generation: the timer leaves out a beat. */
  readonly settled: boolean;
  /** group.protocol=consumer: a commit goes out under the member epoch of that moment, not of when it was asked for. */
  readonly epochMoves?: boolean;
  /** With that: the epoch with which this membership began. */
  readonly firstEpoch?: number;
  /**
   * The coordinator refused a commit of `as` (with `epochMoves`: or a question) with UNKNOWN_MEMBER_ID,
   * ILLEGAL_GENERATION, FENCED_INSTANCE_ID or STALE_MEMBER_EPOCH.
   */
  commitRefused(err: number, as: Identity): void;
}

export interface CommitOptions {
  /** For logs: 'manual', 'timer' ... */
  readonly reason: string;
  /** Nothing to commit is not worth a word, and nobody waits: the timer's commits and those of a revoke. */
  readonly auto?: boolean;
  /** The caller has a callback of its own (commit_queue with cb): offset_commit_cb is left out. */
  readonly ownCallback?: boolean;
}

interface Commit {
  readonly offsets: PartitionOffset[];
  /** In the order in which they, and the app's assignments, were asked for; UNNUMBERED before the next poll. */
  number: number;
  as: Identity;
  readonly options: CommitOptions;
  readonly done: OffsetsDone | null;
  /** Not 0: not to be sent, ends with this in the next poll. */
  readonly refused: number;
  /** Null before the first poll that sees it. */
  deadline: number | null;
  retries: number;
}

const MAX_RETRIES = 2;
const UNNUMBERED = Number.POSITIVE_INFINITY;
const TIMER = 'timer';

/** The coordinator does not know us as what we said. */
const IDENTITY: ReadonlySet<string> = new Set<Remedy>(['member', 'fenced', 'epoch']);

export class Offsets {
  private readonly env: GroupEnv;
  private readonly calls: Calls;
  private readonly coordinator: Coordinator;
  private readonly member: Membership;
  private readonly fetches: OffsetFetches;
  private waiting: Commit[] = [];
  private sent: Commit[] = [];
  private call: Call | null = null;
  private retryAt = Number.NEGATIVE_INFINITY;
  private failures = 0;
  /** Number of the last commit. */
  asked = 0;
  private autoAt = Number.POSITIVE_INFINITY;
  private closed = false;

  constructor(env: GroupEnv, calls: Calls, coordinator: Coordinator, member: Membership) {
    this.env = env;
    this.calls = calls;
    this.coordinator = coordinator;
    this.member = member;
    this.fetches = new OffsetFetches(env, calls, coordinator, member, this);
  }

  /** Number of the first commit that has not ended, in the order in which they were asked for. */
  get first(): number {
    return [...this.sent, ...this.waiting].reduce((least, { number }) => Math.min(least, number), UNNUMBERED);
  }

  /** Commits that have not ended. */
  get pending(): number {
    return this.waiting.length + this.sent.length;
  }

  /**
   * rd_kafka_commit. `offsets` null: the stored and not yet committed ones of the assignment. Those without an absolute
   * offset are left out. `done` is called in a poll, within session.timeout.ms, with 0 or the last error of a partition
   * and all the offsets, each with its own error; or with _NO_OFFSET, _ASSIGNMENT_LOST, _FATAL, _WAIT_COORD (no
   * coordinator in time), _DESTROY. The app hears of it by an offset_commit op too. Takes ownership of `offsets`.
   */
  commit(
    offsets: PartitionOffset[] | null,
    done: OffsetsDone | null,
    options: CommitOptions = { reason: 'manual' },
  ): void {
    const { memberId, generation } = this.member;
    const all = offsets ?? this.env.assignment.stored(true);
    const refused = this.refusal(offsets, all, options);
    const as = { memberId, generation };
    const number = this.calls.inPoll ? ++this.asked : UNNUMBERED;
    const commit: Commit = { offsets: all, as, options, done, refused, number, deadline: null, retries: 0 };
    this.waiting.push(commit);
    this.calls.later(() => {
      if (commit.number === UNNUMBERED) commit.number = ++this.asked;
      if (refused !== 0) this.drop(commit, refused);
    });
  }

  /**
   * rd_kafka_committed: asks for the group's offsets of these partitions. `done` is called in a poll: 0 and a copy of
   * the list, each with its offset (INVALID for none) or error; or an error for all, _TIMED_OUT after `timeoutMs`
   * (negative: never). Commits that were asked for before are waited for, those asked for later come behind it.
   */
  fetch(partitions: readonly PartitionOffset[], timeoutMs: number, done: OffsetsDone): void {
    this.fetches.fetch(partitions, timeoutMs, done);
  }

  /** Sends what is due, gives up what is overdue. Returns when to be polled next. */
  poll(now: number): number {
    if (this.closed) return Number.POSITIVE_INFINITY;
    this.expire(now);
    const auto = this.autoCommit(now);
    // Questions first: those that had to wait for a commit were asked before the next one.
    const next = Math.min(auto, this.fetches.poll(now), this.send(now));
    return this.waiting.reduce((at, commit) => Math.min(at, this.deadlineOf(commit, now)), next);
  }

  /** Ends everything with _DESTROY, in the next poll; nothing is sent any more. */
  close(): void {
    if (this.closed) return;
    this.closed = true;
    this.call?.cancel();
    this.call = null;
    const all = [...this.sent, ...this.waiting];
    this.sent = [];
    this.waiting = [];
    for (const commit of all) this.calls.later(() => this.finish(commit, RD_KAFKA_RESP_ERR__DESTROY));
    this.fetches.close();
  }

  private refusal(
    given: readonly PartitionOffset[] | null,
    offsets: readonly PartitionOffset[],
    { auto, reason }: CommitOptions,
  ): number {
    if (this.closed) return RD_KAFKA_RESP_ERR__DESTROY;
    if (given === null && this.member.lost && this.env.assignment.partitions().length > 0)
      return RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST;
    // Without a name it would count as a commit of an app that is in no group.
    if (this.member.lost && this.member.memberId === '') return RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID;
    // librdkafka's offset.store.method: what is revoked is committed where `broker` is the method, the rest anyway.
    if (auto === true && reason !== TIMER && this.env.settings['offset.store.method'] !== 'broker')
      return RD_KAFKA_RESP_ERR__NO_OFFSET;
    if (this.member.fatalError !== 0) return RD_KAFKA_RESP_ERR__FATAL;
    return offsets.some((each) => each.offset >= 0) ? 0 : RD_KAFKA_RESP_ERR__NO_OFFSET;
  }

  private autoCommit(now: number): number {
    const interval = this.env.settings['auto.commit.interval.ms'];
    if (!this.env.settings['enable.auto.commit'] || interval <= 0) return Number.POSITIVE_INFINITY;
    if (this.autoAt === Number.POSITIVE_INFINITY) this.autoAt = now + interval;
    if (now < this.autoAt) return this.autoAt;
    this.autoAt = now + interval;
    // While one waits for a coordinator another would only wait behind it: its offsets go with the next beat.
    const behind = [...this.waiting, ...this.sent].some((commit) => commit.options.auto === true);
    if (this.member.settled && !this.member.lost && !behind) this.commit(null, null, { reason: TIMER, auto: true });
    return this.autoAt;
  }

  private expire(now: number): void {
    const overdue = this.waiting.filter((commit) => this.deadlineOf(commit, now) <= now);
    const reason = this.coordinator.node === null ? RD_KAFKA_RESP_ERR__WAIT_COORD : RD_KAFKA_RESP_ERR__TIMED_OUT;
    for (const commit of overdue) this.drop(commit, reason);
  }

  private deadlineOf(commit: Commit, now: number): number {
    commit.deadline ??= now + this.env.settings['session.timeout.ms'];
    return commit.deadline;
  }

  private drop(commit: Commit, err: number): void {
    const before = this.waiting.length;
    this.waiting = this.waiting.filter((other) => other !== commit);
    if (this.waiting.length < before) this.finish(commit, err);
  }

  private send(now: number): number {
    const { node } = this.coordinator;
    if (this.member.epochMoves === true) this.renew();
    const first = this.waiting.find((commit) => commit.refused === 0);
    if (this.call !== null || node === null || first === undefined) return Number.POSITIVE_INFINITY;
    if (now < this.retryAt) return this.retryAt;
    this.sent = this.waiting.filter((commit) => commit.refused === 0 && sameIdentity(commit.as, first.as));
    this.waiting = this.waiting.filter((commit) => !this.sent.includes(commit));
    const merged = new Map<string, PartitionOffset>();
    for (const { offsets } of this.sent)
      for (const each of offsets) if (each.offset >= 0) merged.set(partitionKey(each.topic, each.partition), each);
    const patience = Math.min(this.env.settings['socket.timeout.ms'], Math.max(1, this.deadlineOf(first, now) - now));
    const request = offsetCommit(this.env.settings, first.as, [...merged.values()], patience);
    const reasons = [...new Set(this.sent.map((commit) => commit.options.reason))].join(', ');
    this.env.log(
      7,
      'COMMIT',
      `Committing ${merged.size} offset(s), generation ${first.as.generation}: ${reasons}`,
      'cgrp',
    );
    this.call = this.calls.send(now, { broker: node }, request, (at, error, response) => {
      this.call = null;
      this.answered(at, node, error, response);
    });
    return Number.POSITIVE_INFINITY;
  }

  /** Those of the membership that we still have are sent as what we are now. */
  private renew(): void {
    const { memberId, generation } = this.member;
    for (const commit of this.waiting)
      if (commit.as.memberId === memberId && !this.isOver(commit.as)) commit.as = { memberId, generation };
  }

  /** It was asked for in a membership before this one: what it commits may be another member's by now. */
  private isOver(as: Identity): boolean {
    return as.generation > 0 && as.generation < (this.member.firstEpoch ?? 0);
  }

  private answered(now: number, node: number, error: number, response: OffsetCommitResponse | null): void {
    const { sent } = this;
    const identity = sent[0]!.as;
    this.sent = [];
    const errors = new Map<string, number>();
    for (const { name, partitions } of response?.topics ?? []) {
      for (const each of partitions) errors.set(partitionKey(name, each.partitionIndex), each.errorCode);
    }
    const codes = [...errors.values()];
    const failed = codes.length > 0 && codes.every((code) => code !== 0);
    const err = error !== 0 ? error : failed ? codes[codes.length - 1]! : 0;
    const over = err === 0 ? sent : this.retry(now, node, err, sent);
    if (over.length === sent.length) this.failures = 0;
    for (const commit of over) this.settle(commit, error, errors);
    const refused = [error, ...codes].find((code) => IDENTITY.has(remedyOf(code)));
    if (refused !== undefined) this.member.commitRefused(refused, identity);
  }

  /** Puts commits back that may succeed later; gives those of which that is not to be hoped. */
  private retry(now: number, node: number, err: number, commits: Commit[]): Commit[] {
    const remedy = remedyOf(err);
    let again = commits;
    if (remedy === 'coordinator') this.coordinator.lost(now, node, `offset commit: ${errorText(err)}`);
    else if (remedy === 'retry') {
      if (commits.some((commit) => commit.retries >= MAX_RETRIES)) again = [];
      for (const commit of again) commit.retries++;
    }
    // Whoever asked for it by hand is told, and may ask again. A heartbeat before it may have brought the epoch.
    else if (remedy === 'epoch') {
      const newer = (as: Identity): boolean => as.generation < this.member.generation;
      again = commits.filter(({ options, as }) => !this.isOver(as) && (options.auto === true || newer(as)));
    } else if (remedy !== 'wait') again = [];
    if (again.length === 0) return commits;
    this.failures++;
    const { settings, random } = this.env;
    const wait = retryBackoff(this.failures, settings['retry.backoff.ms'], settings['retry.backoff.max.ms'], random);
    this.retryAt = now + wait;
    this.waiting = [...again, ...this.waiting];
    return commits.filter((commit) => !again.includes(commit));
  }

  /** One commit of an answered request: errors of its partitions, the last one for the whole. */
  private settle(commit: Commit, error: number, errors: ReadonlyMap<string, number>): void {
    let last = 0;
    for (const each of commit.offsets) {
      if (each.offset < 0) continue;
      each.err =
        error !== 0 ? error : (errors.get(partitionKey(each.topic, each.partition)) ?? RD_KAFKA_RESP_ERR__BAD_MSG);
      if (each.err !== 0) last = each.err;
    }
    this.finish(commit, last, true);
  }

  private finish(commit: Commit, err: number, answered = false): void {
    const { offsets, options, done } = commit;
    if (!answered && err !== RD_KAFKA_RESP_ERR__NO_OFFSET)
      for (const each of offsets) if (each.offset >= 0) each.err = err;
    const good = answered ? offsets.filter((each) => each.offset >= 0 && each.err === 0) : [];
    if (good.length > 0) this.env.assignment.committed(good);
    const silent = options.auto === true && err === RD_KAFKA_RESP_ERR__NO_OFFSET;
    if (!silent) this.tell(commit, err);
    done?.(err, offsets);
  }

  private tell({ offsets, options, done }: Commit, err: number): void {
    if (this.env.hasCommitCallback && options.ownCallback !== true && err !== RD_KAFKA_RESP_ERR__DESTROY) {
      this.env.toApp({ type: 'offset_commit', err, offsets: offsets.map((each) => ({ ...each })) });
    } else if (
      done === null &&
      err !== 0 &&
      err !== RD_KAFKA_RESP_ERR__NO_OFFSET &&
      err !== RD_KAFKA_RESP_ERR__DESTROY
    ) {
      const bad = offsets.filter((each) => (each.err ?? 0) !== 0);
      const list = bad.map(
        (each) => `${each.topic} [${each.partition}] at ${each.offset}: ${errorText(each.err ?? 0)}`,
      );
      const text = `Offsets were not committed (${options.reason}), ${bad.length} of ${offsets.length}: ${list.join('; ')}`;
      this.env.log(4, 'COMMITFAIL', text, 'cgrp');
    }
  }
}

function sameIdentity(a: Identity, b: Identity): boolean {
  return a.memberId === b.memberId && a.generation === b.generation;
}
