// Chapter "consumer" of rdkafka.h, its part for the cooperative protocol. @thread app
import type { Handle } from '../app/handle.ts';
import { incremental } from '../app/incremental.ts';
import { RD_KAFKA_RESP_ERR__INVALID_ARG } from '../defs/enums.ts';
import { type KafkaError, kafkaErrorOf } from '../defs/kafka_error.ts';
import { partitionsFrom } from '../defs/partition_list.ts';
import type { rd_kafka_error_t, rd_kafka_t, TopicPartitions } from '../defs/types.ts';
import { checkHandle, checkSignal, type TwinOptions } from './check_handle.ts';

function change(fn: string, how: 'add' | 'remove', rk: Handle, partitions: TopicPartitions): KafkaError | null {
  if (partitions === null || partitions === undefined)
    return kafkaErrorOf(RD_KAFKA_RESP_ERR__INVALID_ARG, `${fn}: partitions must be given`);
  const refusal = incremental(rk, how, partitionsFrom(fn, 'partitions', partitions));
  return refusal === null ? null : kafkaErrorOf(refusal.err, refusal.text);
}

/**
 * rd_kafka_incremental_assign: consumes these partitions in addition to those that are assigned. The answer of
 * rebalance_cb to ASSIGN_PARTITIONS when `rebalance_protocol` is COOPERATIVE, also for an empty list. Offsets as in
 * `assign`. null, or: _CONFLICT for a partition that is assigned; _INVALID_ARG for null, for one named twice or an offset that is
 * none; _STATE when the protocol is EAGER; _UNKNOWN_GROUP; _DESTROY after the close. Nothing has happened then. Does not
 * wait.
 */
export function incremental_assign(rk: rd_kafka_t, partitions: TopicPartitions): rd_kafka_error_t | null {
  return change('incremental_assign', 'add', checkHandle('incremental_assign', rk), partitions);
}

/** `incremental_assign` as a promise. */
export async function incremental_assign_async(
  rk: rd_kafka_t,
  partitions: TopicPartitions,
  o?: TwinOptions,
): Promise<void> {
  checkSignal('incremental_assign_async', o);
  const error = change('incremental_assign_async', 'add', checkHandle('incremental_assign_async', rk), partitions);
  if (error !== null) throw error;
}

/**
 * rd_kafka_incremental_unassign: consumes these partitions no longer; nothing of them is handed out after it returns. The
 * answer of rebalance_cb to REVOKE_PARTITIONS when `rebalance_protocol` is COOPERATIVE. null, or: _INVALID_ARG for
 * null and for a partition that is not assigned or named twice; _STATE when the protocol is EAGER; _UNKNOWN_GROUP; _DESTROY after the
 * close. Nothing has happened then. With enable.auto.commit their stored offsets are committed. Does not wait.
 */
export function incremental_unassign(rk: rd_kafka_t, partitions: TopicPartitions): rd_kafka_error_t | null {
  return change('incremental_unassign', 'remove', checkHandle('incremental_unassign', rk), partitions);
}

/** `incremental_unassign` as a promise. */
export async function incremental_unassign_async(
  rk: rd_kafka_t,
  partitions: TopicPartitions,
  o?: TwinOptions,
): Promise<void> {
  checkSignal('incremental_unassign_async', o);
  const handle = checkHandle('incremental_unassign_async', rk);
  const error = change('incremental_unassign_async', 'remove', handle, partitions);
  if (error !== null) throw error;
}

/**
 * rd_kafka_rebalance_protocol: by which the group rebalances: 'NONE' before the first join, then 'EAGER' (assign) or
 * 'COOPERATIVE' (incremental_assign, incremental_unassign), as its strategies have it; null without group.id. Never blocks.
 */
export function rebalance_protocol(rk: rd_kafka_t): string | null {
  const { consumer, thread } = checkHandle('rebalance_protocol', rk);
  thread.drain();
  return consumer === null ? null : consumer.protocol;
}

/** `rebalance_protocol` as a promise. */
export async function rebalance_protocol_async(rk: rd_kafka_t, o?: TwinOptions): Promise<string | null> {
  checkSignal('rebalance_protocol_async', o);
  return rebalance_protocol(rk);
}
