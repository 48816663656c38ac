// Chapter "offsets" of rdkafka.h: the ends of partitions, and offsets by time. @thread app
import { cachedWatermarks, offsetsForTimesSteps, queryWatermarksSteps } from '../app/offsets.ts';
import type { rd_kafka_resp_err_t } from '../defs/enums.ts';
import { kafkaErrorOf } from '../defs/kafka_error.ts';
import type { Out } from '../defs/out.ts';
import { partitionsToFill } from '../defs/partition_list.ts';
import type { rd_kafka_t, TopicPartitionsToFill } from '../defs/types.ts';
import { checkInt32, checkOut, checkString } from '../rd/check.ts';
import { block, checkHandle, checkTimeout, promise, type TwinOptions } from './check_handle.ts';

/** What query_watermark_offsets and get_watermark_offsets give. */
export interface WatermarkOffsets {
  /** The oldest offset. */
  low: number;
  /** The offset behind the last record (with isolation.level=read_committed: behind the last one that is decided). */
  high: number;
}

/**
 * rd_kafka_query_watermark_offsets: asks the partition's leader for its oldest offset and for the one behind its last
 * record. Blocks up to `timeout_ms` (negative: until there is an answer) and serves no callbacks. 0; _UNKNOWN_PARTITION;
 * _TIMED_OUT; _ALL_BROKERS_DOWN; what the leader answers (NOT_LEADER_FOR_PARTITION right after it moved: the next call
 * finds the new one). `low` and `high` are left as they are then.
 */
export function query_watermark_offsets(
  rk: rd_kafka_t,
  topic: string,
  partition: number,
  low: Out<number> | null,
  high: Out<number> | null,
  timeout_ms: number,
): rd_kafka_resp_err_t {
  const fn = 'query_watermark_offsets';
  const handle = checkHandle(fn, rk);
  checkString(fn, 'topic', topic);
  checkInt32(fn, 'partition', partition);
  const lowTo = checkOut(fn, 'low', low);
  const highTo = checkOut(fn, 'high', high);
  const result = block(handle, queryWatermarksSteps(handle, topic, partition, checkTimeout(fn, timeout_ms)));
  if (result.err !== 0) return result.err;
  if (lowTo !== null) lowTo.value = result.low;
  if (highTo !== null) highTo.value = result.high;
  return 0;
}

/** `query_watermark_offsets` as a promise of `{ low, high }`. */
export async function query_watermark_offsets_async(
  rk: rd_kafka_t,
  topic: string,
  partition: number,
  timeout_ms: number = -1,
  o?: TwinOptions,
): Promise<WatermarkOffsets> {
  const fn = 'query_watermark_offsets';
  const handle = checkHandle(fn, rk);
  checkString(fn, 'topic', topic);
  checkInt32(fn, 'partition', partition);
  const steps = queryWatermarksSteps(handle, topic, partition, checkTimeout(fn, timeout_ms));
  const { err, low, high } = await promise('query_watermark_offsets_async', handle, steps, o);
  if (err !== 0) throw kafkaErrorOf(err);
  return { low, high };
}

/**
 * rd_kafka_get_watermark_offsets: the same of a partition that this consumer fetches, as the last answers had it, without
 * asking: RD_KAFKA_OFFSET_INVALID for what is not known. Gives 0. Never blocks.
 */
export function get_watermark_offsets(
  rk: rd_kafka_t,
  topic: string,
  partition: number,
  low: Out<number> | null,
  high: Out<number> | null,
): rd_kafka_resp_err_t {
  const fn = 'get_watermark_offsets';
  const handle = checkHandle(fn, rk);
  checkString(fn, 'topic', topic);
  checkInt32(fn, 'partition', partition);
  const lowTo = checkOut(fn, 'low', low);
  const highTo = checkOut(fn, 'high', high);
  const marks = cachedWatermarks(handle, topic, partition);
  if (lowTo !== null) lowTo.value = marks.low;
  if (highTo !== null) highTo.value = marks.high;
  return 0;
}

/**
 * rd_kafka_offsets_for_times: the `offset` of each entry is a time in ms since 1970 (or RD_KAFKA_OFFSET_BEGINNING, _END),
 * and becomes the offset of the first record at or after it, -1 where there is none. Asks the leaders of all of them.
 * Blocks up to `timeout_ms` (negative: until there are answers) and serves no callbacks. 0, although entries that have no
 * leader have an `err` of their own; _UNKNOWN_PARTITION when that is so of all; _INVALID_ARG for an empty list;
 * _TIMED_OUT; _ALL_BROKERS_DOWN; the first error that a leader answered. Offsets are left as they are then. A partition
 * may stand in the list once.
 */
export function offsets_for_times(
  rk: rd_kafka_t,
  offsets: TopicPartitionsToFill,
  timeout_ms: number,
): rd_kafka_resp_err_t {
  const fn = 'offsets_for_times';
  const handle = checkHandle(fn, rk);
  const list = partitionsToFill(fn, 'offsets', offsets);
  return block(handle, offsetsForTimesSteps(handle, list, offsets, checkTimeout(fn, timeout_ms)));
}

/** `offsets_for_times` as a promise of the list. */
export async function offsets_for_times_async(
  rk: rd_kafka_t,
  offsets: TopicPartitionsToFill,
  timeout_ms: number = -1,
  o?: TwinOptions,
): Promise<TopicPartitionsToFill> {
  const fn = 'offsets_for_times';
  const handle = checkHandle(fn, rk);
  const list = partitionsToFill(fn, 'offsets', offsets);
  const steps = offsetsForTimesSteps(handle, list, offsets, checkTimeout(fn, timeout_ms));
  const err = await promise('offsets_for_times_async', handle, steps, o);
  if (err !== 0) throw kafkaErrorOf(err);
  return offsets;
}
