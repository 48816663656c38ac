// Chapter "partitioner" of rdkafka.h: the built-in partitioners, to be called from a partitioner callback. @thread app

import type { Bytes, rd_kafka_topic_t } from '../defs/types.ts';
import { partitionerOf } from '../partitioners/registry.ts';
import { checkBytes, checkInt, checkInt32 } from '../rd/check.ts';
import { checkTopic } from './check_handle.ts';

const MAX_INT32 = 2147483647;

/**
 * rd_kafka_topic_partition_available: 1 while the partition has a leader as far as metadata says, else 0. Meant for
 * partitioner callbacks. Never blocks.
 */
export function topic_partition_available(rkt: rd_kafka_topic_t, partition: number): number {
  const topic = checkTopic('topic_partition_available', rkt);
  return topic.available(checkInt32('topic_partition_available', 'partition', partition)) ? 1 : 0;
}

/** All but `random` look at the key and the count only; `rkt` is checked, the opaques change nothing. */
function pick(fn: string, name: string, rkt: rd_kafka_topic_t, key: Bytes, partition_cnt: number): number {
  const topic = checkTopic(fn, rkt);
  const bytes = checkBytes(fn, 'key', key);
  const count = checkInt(fn, 'partition_cnt', partition_cnt, 1, MAX_INT32);
  const partitioner = partitionerOf(name)!;
  const to = bytes === null ? 0 : bytes.length;
  let drawn = false;
  const draw = (): number => {
    drawn = true;
    return Math.random();
  };
  const partition = partitioner(bytes, 0, to, count, draw);
  return drawn && !topic.available(partition) ? partitioner(bytes, 0, to, count, draw) : partition;
}

/** rd_kafka_msg_partitioner_random: any partition; drawn once more when the first has no leader. Never blocks. */
export function msg_partitioner_random(
  rkt: rd_kafka_topic_t,
  key: Bytes,
  partition_cnt: number,
  _rkt_opaque: any,
  _msg_opaque: any,
): number {
  return pick('msg_partitioner_random', 'random', rkt, key, partition_cnt);
}

/** rd_kafka_msg_partitioner_consistent: CRC-32 of the key; no key and an empty one give partition 0. Never blocks. */
export function msg_partitioner_consistent(
  rkt: rd_kafka_topic_t,
  key: Bytes,
  partition_cnt: number,
  _rkt_opaque: any,
  _msg_opaque: any,
): number {
  return pick('msg_partitioner_consistent', 'consistent', rkt, key, partition_cnt);
}

/** rd_kafka_msg_partitioner_consistent_random: like consistent, but no key and an empty one go anywhere. Never blocks. */
export function msg_partitioner_consistent_random(
  rkt: rd_kafka_topic_t,
  key: Bytes,
  partition_cnt: number,
  _rkt_opaque: any,
  _msg_opaque: any,
): number {
  return pick('msg_partitioner_consistent_random', 'consistent_random', rkt, key, partition_cnt);
}

/** rd_kafka_msg_partitioner_murmur2: as Kafka's Java producer hashes; no key counts as an empty one. Never blocks. */
export function msg_partitioner_murmur2(
  rkt: rd_kafka_topic_t,
  key: Bytes,
  partition_cnt: number,
  _rkt_opaque: any,
  _msg_opaque: any,
): number {
  return pick('msg_partitioner_murmur2', 'murmur2', rkt, key, partition_cnt);
}

/** rd_kafka_msg_partitioner_murmur2_random: like murmur2, but null keys (not empty ones) go anywhere. Never blocks. */
export function msg_partitioner_murmur2_random(
  rkt: rd_kafka_topic_t,
  key: Bytes,
  partition_cnt: number,
  _rkt_opaque: any,
  _msg_opaque: any,
): number {
  return pick('msg_partitioner_murmur2_random', 'murmur2_random', rkt, key, partition_cnt);
}

/** rd_kafka_msg_partitioner_fnv1a: as Sarama hashes; no key counts as an empty one. Never blocks. */
export function msg_partitioner_fnv1a(
  rkt: rd_kafka_topic_t,
  key: Bytes,
  partition_cnt: number,
  _rkt_opaque: any,
  _msg_opaque: any,
): number {
  return pick('msg_partitioner_fnv1a', 'fnv1a', rkt, key, partition_cnt);
}

/** rd_kafka_msg_partitioner_fnv1a_random: like fnv1a, but null keys (not empty ones) go anywhere. Never blocks. */
export function msg_partitioner_fnv1a_random(
  rkt: rd_kafka_topic_t,
  key: Bytes,
  partition_cnt: number,
  _rkt_opaque: any,
  _msg_opaque: any,
): number {
  return pick('msg_partitioner_fnv1a_random', 'fnv1a_random', rkt, key, partition_cnt);
}
