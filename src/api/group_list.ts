// Chapter "group_info" of rdkafka.h: which groups there are, and who is in them. @thread app
import { listGroupsSteps } from '../app/group_list.ts';
import type { rd_kafka_resp_err_t } from '../defs/enums.ts';
import { endGroupList } from '../defs/group_list.ts';
import { kafkaErrorOf } from '../defs/kafka_error.ts';
import type { Out } from '../defs/out.ts';
import type { rd_kafka_group_list, rd_kafka_t } from '../defs/types.ts';
import { checkBrand, checkOut, checkStringOrNull } from '../rd/check.ts';
import { block, checkHandle, checkTimeout, promise, type TwinOptions } from './check_handle.ts';

/**
 * rd_kafka_list_groups: asks every broker for the groups that it coordinates, with their members; `group` null: all,
 * else that one. The answer, a plain object of yours with C's fields, goes into `grplistp`. Blocks up to `timeout_ms`
 * (negative: until all have answered) and serves no callbacks. 0; _PARTIAL: `grplistp` has the groups of those brokers
 * that answered in time; _TIMED_OUT: there are none of these; or the error of a broker.
 */
export function list_groups(
  rk: rd_kafka_t,
  group: string | null,
  grplistp: Out<rd_kafka_group_list> | null,
  timeout_ms: number,
): rd_kafka_resp_err_t {
  const handle = checkHandle('list_groups', rk);
  const only = checkStringOrNull('list_groups', 'group', group);
  const target = checkOut('list_groups', 'grplistp', grplistp);
  const { err, list } = block(handle, listGroupsSteps(handle, only, checkTimeout('list_groups', timeout_ms)));
  if (target !== null && list !== null) target.value = list;
  return err;
}

/** `list_groups` as a promise of the object; rejects with _PARTIAL too. */
export async function list_groups_async(
  rk: rd_kafka_t,
  group: string | null,
  timeout_ms: number = -1,
  o?: TwinOptions,
): Promise<rd_kafka_group_list> {
  const handle = checkHandle('list_groups', rk);
  const only = checkStringOrNull('list_groups', 'group', group);
  const steps = listGroupsSteps(handle, only, checkTimeout('list_groups', timeout_ms));
  const { err, list } = await promise('list_groups_async', handle, steps, o);
  if (err !== 0) throw kafkaErrorOf(err);
  return list!;
}

/** rd_kafka_group_list_destroy: may be left out; a second one throws. What was read from the object stays. */
export function group_list_destroy(grplist: rd_kafka_group_list): void {
  endGroupList(checkBrand<rd_kafka_group_list>('group_list_destroy', 'grplist', grplist, 'rd_kafka_group_list'));
}
