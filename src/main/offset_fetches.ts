// Questions for committed offsets that are waiting or on their way. @thread main

import {
  RD_KAFKA_OFFSET_INVALID,
  RD_KAFKA_RESP_ERR__BAD_MSG,
  RD_KAFKA_RESP_ERR__DESTROY,
  RD_KAFKA_RESP_ERR__TIMED_OUT,
} from '../defs/enums.ts';
import { errorText } from '../defs/errors.ts';
import { partitionKey } from '../defs/partition_key.ts';
import type { OffsetFetchResponse } from '../protocol/messages.ts';
import { retryBackoff } from '../rd/backoff.ts';
import type { Coordinator } from './coordinator.ts';
import type { Call, Calls } from './group/calls.ts';
import { type Remedy, remedyOf } from './group/errors.ts';
import { type Identity, offsetFetch } from './group/requests.ts';
import type { GroupEnv, PartitionOffset } from './group_env.ts';

interface Question {
  readonly partitions: readonly PartitionOffset[];
  readonly timeoutMs: number;
  readonly done: (err: number, offsets: PartitionOffset[]) => void;
  /** The last commit that was asked for before it: its answer shows that one. Null: not known before the next poll. */
  after: number | null;
  /** Set by the first poll that sees it. */
  deadline: number | null;
  retryAt: number;
  retries: number;
  call: Call | null;
}

const MAX_RETRIES = 2;
/** No answer takes longer; the question is then asked again. */
const MAX_ATTEMPT_MS = 60_000;

/** Who asks. */
export interface Asker extends Identity {
  /** The generation is a member epoch, which the question is to name (group.protocol=consumer). */
  readonly epochMoves?: boolean;
  commitRefused(err: number, as: Identity): void;
}

/** What the questions need to know of the commits. */
export interface Commits {
  /** Number of the last commit that was asked for. */
  readonly asked: number;
  /** Number of the first that has not ended. */
  readonly first: number;
}

export class OffsetFetches {
  private readonly env: GroupEnv;
  private readonly calls: Calls;
  private readonly coordinator: Coordinator;
  private readonly member: Asker;
  private readonly commits: Commits;
  private readonly questions: Set<Question> = new Set();
  private closed = false;

  constructor(env: GroupEnv, calls: Calls, coordinator: Coordinator, member: Asker, commits: Commits) {
    this.env = env;
    this.calls = calls;
    this.coordinator = coordinator;
    this.member = member;
    this.commits = commits;
  }

  /** See Offsets.fetch. */
  fetch(partitions: readonly PartitionOffset[], timeoutMs: number, done: Question['done']): void {
    const copy = partitions.map(({ topic, partition }) => ({ topic, partition, offset: RD_KAFKA_OFFSET_INVALID }));
    const question: Question = {
      partitions: copy,
      timeoutMs,
      done,
      after: this.calls.inPoll ? this.commits.asked : null,
      deadline: null,
      retryAt: 0,
      retries: 0,
      call: null,
    };
    this.questions.add(question);
    this.calls.later(() => {
      question.after ??= this.commits.asked;
      if (this.closed) this.finish(question, RD_KAFKA_RESP_ERR__DESTROY);
      else if (copy.length === 0) this.finish(question, 0);
    });
  }

  poll(now: number): number {
    let next = Number.POSITIVE_INFINITY;
    for (const question of [...this.questions]) next = Math.min(next, this.serve(now, question));
    return next;
  }

  close(): void {
    this.closed = true;
    for (const question of [...this.questions]) {
      question.call?.cancel();
      this.calls.later(() => this.finish(question, RD_KAFKA_RESP_ERR__DESTROY));
    }
  }

  private serve(now: number, question: Question): number {
    const { partitions, timeoutMs } = question;
    question.deadline ??= timeoutMs < 0 ? Number.POSITIVE_INFINITY : now + timeoutMs;
    if (now >= question.deadline) {
      question.call?.cancel();
      this.finish(question, RD_KAFKA_RESP_ERR__TIMED_OUT);
      return Number.POSITIVE_INFINITY;
    }
    const { node } = this.coordinator;
    if (question.call !== null || node === null) return question.deadline;
    if (question.after === null || this.commits.first <= question.after) return question.deadline;
    if (now < question.retryAt) return Math.min(question.retryAt, question.deadline);
    const patience = Math.min(question.deadline - now, this.env.settings['socket.timeout.ms'], MAX_ATTEMPT_MS);
    const as = this.identity();
    const request = offsetFetch(this.env.settings, as, partitions, this.env.requireStable, patience);
    question.call = this.calls.send(now, { broker: node }, request, (at, error, response, version) => {
      question.call = null;
      if (error === 0) this.refused(as, question, response, version);
      this.answered(at, node, question, error, response, version);
    });
    return question.deadline;
  }

  /** null: the question names nobody. */
  private identity(): Identity | null {
    const { memberId, generation, epochMoves } = this.member;
    return epochMoves === true && memberId !== '' ? { memberId, generation } : null;
  }

  /** The group has to know when the coordinator does not know us so. */
  private refused(
    as: Identity | null,
    question: Question,
    response: OffsetFetchResponse | null,
    version: number,
  ): void {
    const [err] = this.read(question, response, version);
    const remedy = remedyOf(err);
    if (as !== null && (remedy === 'epoch' || remedy === 'member')) this.member.commitRefused(err, as);
  }

  private answered(
    now: number,
    node: number,
    question: Question,
    error: number,
    response: OffsetFetchResponse | null,
    version: number,
  ): void {
    const [err, offsets] = error === 0 ? this.read(question, response, version) : [error, []];
    const unstable = offsets.find((each) => remedyOf(each.err ?? 0) === 'wait')?.err ?? 0;
    const code = err === 0 ? unstable : err;
    const remedy: Remedy = code === 0 ? 'permanent' : remedyOf(code);
    if (remedy === 'coordinator') this.coordinator.lost(now, node, `offset fetch: ${errorText(code)}`);
    const again =
      remedy === 'coordinator' ||
      remedy === 'wait' ||
      remedy === 'epoch' ||
      (remedy === 'retry' && question.retries < MAX_RETRIES);
    if (!again) {
      this.finish(question, err, offsets);
      return;
    }
    question.retries++;
    const { settings, random } = this.env;
    const { 'retry.backoff.ms': base, 'retry.backoff.max.ms': max } = settings;
    question.retryAt = now + retryBackoff(question.retries, base, max, random);
  }

  private read(question: Question, response: OffsetFetchResponse | null, version: number): [number, PartitionOffset[]] {
    const group = version >= 8 ? response?.groups[0] : response;
    if (group === null || group === undefined) return [RD_KAFKA_RESP_ERR__BAD_MSG, []];
    if (group.errorCode !== 0) return [group.errorCode, []];
    const offsets = question.partitions.map((each) => ({ ...each, err: 0 }));
    const found = new Map(offsets.map((each) => [partitionKey(each.topic, each.partition), each as PartitionOffset]));
    for (const { name, partitions } of group.topics) {
      for (const each of partitions) {
        const mine = found.get(partitionKey(name, each.partitionIndex));
        if (mine === undefined) continue;
        mine.err = each.errorCode;
        mine.offset = each.committedOffset < 0 ? RD_KAFKA_OFFSET_INVALID : each.committedOffset;
        // A copy, to travel without the rest of the answer; none and empty are the same, as in librdkafka.
        mine.metadata = each.metadata === null || each.metadata.length === 0 ? null : each.metadata.slice();
        mine.leaderEpoch = each.committedLeaderEpoch;
      }
    }
    return [0, offsets];
  }

  private finish(question: Question, err: number, offsets: PartitionOffset[] = []): void {
    if (!this.questions.delete(question)) return;
    question.done(err, err === 0 && offsets.length > 0 ? offsets : question.partitions.map((each) => ({ ...each })));
  }
}
