// The call for metadata: asked of main, which asks any broker and keeps what it hears. @thread app

import * as E from '../defs/enums.ts';
import { type MetadataAnswer, metadataOf } from '../defs/metadata.ts';
import type { rd_kafka_metadata_t } from '../defs/types.ts';
import type { Handle } from './handle.ts';
import type { Steps } from './steps.ts';

/** Main ends the call in time, and knows why nothing came; it gets so long to say so. */
const GRACE_MS = 3000;
/** For calls that main answers from what it has. */
const LOCAL_MS = 2000;

export interface MetadataResult {
  readonly err: number;
  readonly metadata: rd_kafka_metadata_t | null;
}

/** `only`: that topic alone; else `all` topics of the cluster, or those that this handle uses. */
export function* metadataSteps(
  rk: Handle,
  all: boolean,
  only: string | null,
  timeoutMs: number,
): Steps<MetadataResult> {
  const local = [...rk.topics.keys()];
  const call = rk.requests.start('metadata', timeoutMs, [all, only, local], E.RD_KAFKA_RESP_ERR__FATAL);
  yield { timeoutMs: timeoutMs < 0 ? -1 : timeoutMs + GRACE_MS, ready: () => rk.requests.answered(call) };
  const answer = rk.requests.take(call);
  if (answer === null) return { err: E.RD_KAFKA_RESP_ERR__TIMED_OUT, metadata: null };
  if (answer.err !== 0) return { err: answer.err, metadata: null };
  return { err: 0, metadata: metadataOf(answer.value as MetadataAnswer) };
}

/** What main has at hand; null when it does not answer. */
export function* localSteps<T>(rk: Handle, what: string): Steps<T | null> {
  const call = rk.requests.start(what, LOCAL_MS, [], E.RD_KAFKA_RESP_ERR__FATAL);
  yield { timeoutMs: LOCAL_MS, ready: () => rk.requests.answered(call), whole: true };
  const answer = rk.requests.take(call);
  return answer === null || answer.err !== 0 ? null : (answer.value as T);
}
