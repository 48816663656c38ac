// The call that lists groups: asked of main, which asks all brokers. @thread app

import * as E from '../defs/enums.ts';
import { type DescribedGroup, groupListOf } from '../defs/group_list.ts';
import type { rd_kafka_group_list } from '../defs/types.ts';
import type { Handle } from './handle.ts';
import { timedSteps } from './offsets.ts';
import type { Steps } from './steps.ts';

export interface GroupListResult {
  readonly err: number;
  readonly list: rd_kafka_group_list | null;
}

/** `group` null: all of them. */
export function* listGroupsSteps(rk: Handle, group: string | null, timeoutMs: number): Steps<GroupListResult> {
  const answer = yield* timedSteps(rk, 'list_groups', timeoutMs, [group]);
  if (answer === null) return { err: E.RD_KAFKA_RESP_ERR__TIMED_OUT, list: null };
  const { err, value } = answer;
  if (err !== 0 && err !== E.RD_KAFKA_RESP_ERR__PARTIAL) return { err, list: null };
  return { err, list: groupListOf(value as readonly DescribedGroup[]) };
}
