// Committed offsets: asking for them, and committing. @thread app

import * as E from '../defs/enums.ts';
import { fillPartitions, type PartitionList } from '../defs/partition_list.ts';
import type { OffsetCommitCb, TopicPartitionsToFill } from '../defs/types.ts';
import type { PartitionOffset } from '../ops/ops.ts';
import type { Handle } from './handle.ts';
import { offsetsOf } from './offset_list.ts';
import type { OpQueue } from './op_queue.ts';
import type { Answer } from './request.ts';
import type { Steps } from './steps.ts';

/** A commit that is waited for ends with its own request's timeout; this is for a main that hangs. */
const COMMIT_MS = 300_000;

/** What main is told of a commit. */
export interface CommitWish {
  /** Nobody waits for it. */
  readonly async: boolean;
  /** offset_commit_cb is left out. */
  readonly ownCallback: boolean;
}

/** null commits what was stored. With `async` the result goes to offset_commit_cb only. */
export function* commitSteps(rk: Handle, list: PartitionList | null, async: boolean): Steps<number> {
  const err = refusal(rk);
  if (err !== 0) return err;
  if (async) {
    const wish: CommitWish = { async: true, ownCallback: false };
    rk.requests.post('commit', -1, [offsetsOrNull(list), wish]);
    return 0;
  }
  return (yield* waited(rk, list, false)).err;
}

/** The same with a callback, which is called when the answer is there, in this call. */
export function* commitCallbackSteps(
  rk: Handle,
  list: PartitionList | null,
  cb: OffsetCommitCb | null,
  opaque: any,
): Steps<number> {
  const refused = refusal(rk);
  if (refused !== 0) return refused;
  const { err, offsets } = yield* waited(rk, list, cb !== null);
  rk.callbacks.commitResult({ kind: 'offset_commit', err, offsets, cb, opaque });
  return err;
}

/** The result goes to `queue`, to be served there. */
export function commitToQueue(
  rk: Handle,
  list: PartitionList | null,
  queue: OpQueue,
  cb: OffsetCommitCb | null,
  opaque: any,
): number {
  const refused = refusal(rk);
  if (refused !== 0) return refused;
  const wish: CommitWish = { async: false, ownCallback: cb !== null };
  rk.requests.later('commit', [offsetsOrNull(list), wish], E.RD_KAFKA_RESP_ERR__FATAL, (answer) => {
    queue.pushUrgent({ kind: 'offset_commit', err: answer.err, offsets: resultOf(answer, list), cb, opaque });
  });
  return 0;
}

function refusal(rk: Handle): number {
  if (rk.consumer === null) return E.RD_KAFKA_RESP_ERR__UNKNOWN_GROUP;
  return rk.fatal === null ? 0 : E.RD_KAFKA_RESP_ERR__FATAL;
}

export interface CommitOutcome {
  readonly err: number;
  readonly offsets: readonly PartitionOffset[];
}

function* waited(rk: Handle, list: PartitionList | null, ownCallback: boolean): Steps<CommitOutcome> {
  const wish: CommitWish = { async: false, ownCallback };
  const call = rk.requests.start('commit', -1, [offsetsOrNull(list), wish], E.RD_KAFKA_RESP_ERR__FATAL);
  yield { timeoutMs: COMMIT_MS, ready: () => rk.requests.answered(call) };
  const answer = rk.requests.take(call);
  return { err: answer?.err ?? E.RD_KAFKA_RESP_ERR__TIMED_OUT, offsets: resultOf(answer, list) };
}

/** These, waited for; told to no callback. */
export function* commitOffsetsSteps(rk: Handle, list: PartitionList): Steps<CommitOutcome> {
  const err = refusal(rk);
  return err === 0 ? yield* waited(rk, list, true) : { err, offsets: [] };
}

function offsetsOrNull(list: PartitionList | null): PartitionOffset[] | null {
  return list === null ? null : offsetsOf(list);
}

/** A handle that has died names the offsets that it was given. */
function resultOf(answer: Answer | null, list: PartitionList | null): readonly PartitionOffset[] {
  return (answer?.value as readonly PartitionOffset[] | null | undefined) ?? offsetsOrNull(list) ?? [];
}

export function* committedSteps(
  rk: Handle,
  list: PartitionList,
  given: TopicPartitionsToFill,
  timeoutMs: number,
): Steps<number> {
  if (rk.consumer === null) return E.RD_KAFKA_RESP_ERR__UNKNOWN_GROUP;
  const call = rk.requests.start('committed', timeoutMs, [offsetsOf(list)], E.RD_KAFKA_RESP_ERR__FATAL);
  yield { timeoutMs, ready: () => rk.requests.answered(call) };
  const answer = rk.requests.take(call);
  if (answer === null) return E.RD_KAFKA_RESP_ERR__TIMED_OUT;
  if (answer.err !== 0) return answer.err;
  // In the order of the question.
  for (const [i, found] of (answer.value as readonly PartitionOffset[]).entries()) {
    const entry = list.elems[i];
    if (entry === undefined) break;
    entry.offset = found.offset;
    entry.err = found.err ?? 0;
    entry.metadata = found.metadata ?? null;
    entry.leaderEpoch = found.leaderEpoch ?? -1;
  }
  fillPartitions(given, list);
  return 0;
}
