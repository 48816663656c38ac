// Chapter "partition_list" of rdkafka.h: lists of topic, partition and offset. @thread app
import {
  RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
  RD_KAFKA_RESP_ERR_NO_ERROR,
  type rd_kafka_resp_err_t,
} from '../defs/enums.ts';
import { type PartitionEntry, PartitionList } from '../defs/partition_list.ts';
import type { PartitionCmp, rd_kafka_topic_partition_list_t, rd_kafka_topic_partition_t } from '../defs/types.ts';
import { checkBrand, checkFunctionOrNull, checkInt32, checkInt64, checkString, typeError } from '../rd/check.ts';

/** rd_kafka_topic_partition_destroy: may be left out. For entries that a function gave by themselves, not for a list's. */
export function topic_partition_destroy(rktpar: rd_kafka_topic_partition_t): void {
  entryOf('topic_partition_destroy', rktpar).destroy();
}

/** rd_kafka_topic_partition_set_leader_epoch: -1 when it is not known. */
export function topic_partition_set_leader_epoch(rktpar: rd_kafka_topic_partition_t, leader_epoch: number): void {
  const entry = entryOf('topic_partition_set_leader_epoch', rktpar);
  entry.leaderEpoch = checkInt32('topic_partition_set_leader_epoch', 'leader_epoch', leader_epoch);
}

/** rd_kafka_topic_partition_get_leader_epoch: -1 when it is not known. */
export function topic_partition_get_leader_epoch(rktpar: rd_kafka_topic_partition_t): number {
  return entryOf('topic_partition_get_leader_epoch', rktpar).leaderEpoch;
}

/** rd_kafka_topic_partition_list_new: an empty list; the size is a hint. The caller owns it. Never blocks. */
export function topic_partition_list_new(size?: number): rd_kafka_topic_partition_list_t {
  if (size !== undefined) checkInt32('topic_partition_list_new', 'size', size);
  return new PartitionList(Math.max(0, size ?? 0));
}

/** rd_kafka_topic_partition_list_destroy: may be left out; the list can't be used afterwards. */
export function topic_partition_list_destroy(rkparlist: rd_kafka_topic_partition_list_t): void {
  checkBrand<PartitionList>(
    'topic_partition_list_destroy',
    'rkparlist',
    rkparlist,
    'rd_kafka_topic_partition_list_t',
  ).destroy();
}

/**
 * rd_kafka_topic_partition_list_add: appends an entry and gives it, live: `list_add(list, 't', 0).offset = 42`. Does not
 * look for one that is there already. Its offset is RD_KAFKA_OFFSET_INVALID.
 */
export function topic_partition_list_add(
  rktparlist: rd_kafka_topic_partition_list_t,
  topic: string,
  partition: number,
): rd_kafka_topic_partition_t {
  const fn = 'topic_partition_list_add';
  const list = listOf(fn, rktparlist);
  return list.add(checkString(fn, 'topic', topic), checkInt32(fn, 'partition', partition));
}

/** rd_kafka_topic_partition_list_add_range: appends partitions start to stop, both included. */
export function topic_partition_list_add_range(
  rktparlist: rd_kafka_topic_partition_list_t,
  topic: string,
  start: number,
  stop: number,
): void {
  const fn = 'topic_partition_list_add_range';
  const list = listOf(fn, rktparlist);
  checkString(fn, 'topic', topic);
  checkInt32(fn, 'start', start);
  checkInt32(fn, 'stop', stop);
  for (let partition = start; partition <= stop; partition++) list.add(topic, partition);
}

/** rd_kafka_topic_partition_list_del: removes the first such entry; 1 when there was one, else 0. */
export function topic_partition_list_del(
  rktparlist: rd_kafka_topic_partition_list_t,
  topic: string,
  partition: number,
): number {
  const fn = 'topic_partition_list_del';
  const list = listOf(fn, rktparlist);
  const idx = list.indexOf(checkString(fn, 'topic', topic), checkInt32(fn, 'partition', partition));
  if (idx < 0) return 0;
  list.elems.splice(idx, 1);
  return 1;
}

/** rd_kafka_topic_partition_list_del_by_idx: removes the entry at that index; 1, or 0 when there is none. */
export function topic_partition_list_del_by_idx(rktparlist: rd_kafka_topic_partition_list_t, idx: number): number {
  const list = listOf('topic_partition_list_del_by_idx', rktparlist);
  checkInt32('topic_partition_list_del_by_idx', 'idx', idx);
  if (idx < 0 || idx >= list.cnt) return 0;
  list.elems.splice(idx, 1);
  return 1;
}

/** rd_kafka_topic_partition_list_copy: a list of copied entries (opaque is the same value) that the caller owns. */
export function topic_partition_list_copy(src: rd_kafka_topic_partition_list_t): rd_kafka_topic_partition_list_t {
  return checkBrand<PartitionList>('topic_partition_list_copy', 'src', src, 'rd_kafka_topic_partition_list_t').copy();
}

/** rd_kafka_topic_partition_list_set_offset: sets the offset of the first such entry, or gives _UNKNOWN_PARTITION. */
export function topic_partition_list_set_offset(
  rktparlist: rd_kafka_topic_partition_list_t,
  topic: string,
  partition: number,
  offset: number,
): rd_kafka_resp_err_t {
  const fn = 'topic_partition_list_set_offset';
  const list = listOf(fn, rktparlist);
  checkInt64(fn, 'offset', offset);
  const entry = list.find(checkString(fn, 'topic', topic), checkInt32(fn, 'partition', partition));
  if (entry === null) return RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION;
  entry.offset = offset;
  return RD_KAFKA_RESP_ERR_NO_ERROR;
}

/** rd_kafka_topic_partition_list_find: the first such entry, live, or null. */
export function topic_partition_list_find(
  rktparlist: rd_kafka_topic_partition_list_t,
  topic: string,
  partition: number,
): rd_kafka_topic_partition_t | null {
  const fn = 'topic_partition_list_find';
  const list = listOf(fn, rktparlist);
  return list.find(checkString(fn, 'topic', topic), checkInt32(fn, 'partition', partition));
}

/**
 * rd_kafka_topic_partition_list_sort: sorts in place by `cmp(a, b, cmp_opaque)`, or by topic and then partition when it
 * is null. `cmp` is called on this thread and gives a number; what it throws is thrown here, and the list stays unsorted.
 */
export function topic_partition_list_sort(
  rktparlist: rd_kafka_topic_partition_list_t,
  cmp: PartitionCmp | null,
  cmp_opaque: any,
): void {
  const fn = 'topic_partition_list_sort';
  const list = listOf(fn, rktparlist);
  const compare = checkFunctionOrNull(fn, 'cmp', cmp);
  const checkedCompare: PartitionCmp = (a, b, opaque) => {
    const order: unknown = compare?.(a, b, opaque);
    if (typeof order !== 'number') throw typeError(fn, 'the result of cmp', 'a number', order);
    return order;
  };
  list.sort(compare === null ? null : checkedCompare, cmp_opaque);
}

function listOf(fn: string, list: rd_kafka_topic_partition_list_t): PartitionList {
  return checkBrand<PartitionList>(fn, 'rktparlist', list, 'rd_kafka_topic_partition_list_t');
}

function entryOf(fn: string, rktpar: rd_kafka_topic_partition_t): PartitionEntry {
  return checkBrand<PartitionEntry>(fn, 'rktpar', rktpar, 'rd_kafka_topic_partition_t');
}
