// Chapter "mock" of rdkafka_mock.h, the part on topics and partitions. @thread app
import type { rd_kafka_resp_err_t } from '../defs/enums.ts';
import type { rd_kafka_mock_cluster_t } from '../defs/mock_types.ts';
import { checkInt32, checkInt64, checkString } from '../rd/check.ts';
import type { TwinOptions } from './check_handle.ts';
import { checkCluster, codeOf, type MockCall, settled } from './check_mock.ts';

/**
 * rd_kafka_mock_topic_create: a topic of `partition_cnt` partitions with `replication_factor` replicas each, on brokers in
 * turn. TOPIC_ALREADY_EXISTS, TOPIC_EXCEPTION for a bad name, _INVALID_ARG for a number below 1 or more than 10,000
 * partitions. Blocks until the cluster's worker has done it.
 */
export function mock_topic_create(
  mcluster: rd_kafka_mock_cluster_t,
  topic: string,
  partition_cnt: number,
  replication_factor: number,
): rd_kafka_resp_err_t {
  return codeOf(topicCreate(mcluster, topic, partition_cnt, replication_factor));
}

/** `mock_topic_create` as a promise. */
export async function mock_topic_create_async(
  mcluster: rd_kafka_mock_cluster_t,
  topic: string,
  partition_cnt: number,
  replication_factor: number,
  o?: TwinOptions,
): Promise<void> {
  return settled(topicCreate(mcluster, topic, partition_cnt, replication_factor), o);
}

function topicCreate(
  mcluster: rd_kafka_mock_cluster_t,
  topic: string,
  partitions: number,
  replication: number,
): MockCall {
  const command = 'mock_topic_create';
  const cluster = checkCluster(command, mcluster);
  const args = [
    checkString(command, 'topic', topic),
    checkInt32(command, 'partition_cnt', partitions),
    checkInt32(command, 'replication_factor', replication),
  ];
  return { cluster, command, args };
}

/**
 * rd_kafka_mock_topic_delete: deletes a topic with its records. UNKNOWN_TOPIC_OR_PART if there is none. Blocks until the
 * cluster's worker has done it.
 */
export function mock_topic_delete(mcluster: rd_kafka_mock_cluster_t, topic: string): rd_kafka_resp_err_t {
  return codeOf(topicDelete(mcluster, topic));
}

/** `mock_topic_delete` as a promise. */
export async function mock_topic_delete_async(
  mcluster: rd_kafka_mock_cluster_t,
  topic: string,
  o?: TwinOptions,
): Promise<void> {
  return settled(topicDelete(mcluster, topic), o);
}

function topicDelete(mcluster: rd_kafka_mock_cluster_t, topic: string): MockCall {
  const command = 'mock_topic_delete';
  return { cluster: checkCluster(command, mcluster), command, args: [checkString(command, 'topic', topic)] };
}

/**
 * rd_kafka_mock_partition_delete_records: deletes what is before `before_offset`, which the log begins with afterwards; -1
 * for all there is. UNKNOWN_TOPIC_OR_PART, or OFFSET_OUT_OF_RANGE beyond the end. Blocks until the cluster's worker has
 * done it.
 */
export function mock_partition_delete_records(
  mcluster: rd_kafka_mock_cluster_t,
  topic: string,
  partition: number,
  before_offset: number,
): rd_kafka_resp_err_t {
  return codeOf(deleteRecords(mcluster, topic, partition, before_offset));
}

/** `mock_partition_delete_records` as a promise. */
export async function mock_partition_delete_records_async(
  mcluster: rd_kafka_mock_cluster_t,
  topic: string,
  partition: number,
  before_offset: number,
  o?: TwinOptions,
): Promise<void> {
  return settled(deleteRecords(mcluster, topic, partition, before_offset), o);
}

function deleteRecords(mcluster: rd_kafka_mock_cluster_t, topic: string, partition: number, before: number): MockCall {
  const call = onPartition('mock_partition_delete_records', mcluster, topic, partition);
  return { ...call, args: [topic, partition, checkInt64(call.command, 'before_offset', before)] };
}

/**
 * rd_kafka_mock_partition_set_leader: moves a partition to this broker; -1 for no leader. A topic that does not exist is
 * created. UNKNOWN_TOPIC_OR_PART, or BROKER_NOT_AVAILABLE if there is no such broker. Blocks until the cluster's worker
 * has done it.
 */
export function mock_partition_set_leader(
  mcluster: rd_kafka_mock_cluster_t,
  topic: string,
  partition: number,
  broker_id: number,
): rd_kafka_resp_err_t {
  return codeOf(setBroker('mock_partition_set_leader', mcluster, topic, partition, broker_id));
}

/** `mock_partition_set_leader` as a promise. */
export async function mock_partition_set_leader_async(
  mcluster: rd_kafka_mock_cluster_t,
  topic: string,
  partition: number,
  broker_id: number,
  o?: TwinOptions,
): Promise<void> {
  return settled(setBroker('mock_partition_set_leader', mcluster, topic, partition, broker_id), o);
}

/**
 * rd_kafka_mock_partition_set_follower: the replica that consumers are sent to; the id need not be a broker's, -1 for
 * none. A topic that does not exist is created; else UNKNOWN_TOPIC_OR_PART. Blocks until the cluster's worker has done it.
 */
export function mock_partition_set_follower(
  mcluster: rd_kafka_mock_cluster_t,
  topic: string,
  partition: number,
  broker_id: number,
): rd_kafka_resp_err_t {
  return codeOf(setBroker('mock_partition_set_follower', mcluster, topic, partition, broker_id));
}

/** `mock_partition_set_follower` as a promise. */
export async function mock_partition_set_follower_async(
  mcluster: rd_kafka_mock_cluster_t,
  topic: string,
  partition: number,
  broker_id: number,
  o?: TwinOptions,
): Promise<void> {
  return settled(setBroker('mock_partition_set_follower', mcluster, topic, partition, broker_id), o);
}

function setBroker(
  command: string,
  mcluster: rd_kafka_mock_cluster_t,
  topic: string,
  partition: number,
  brokerId: number,
): MockCall {
  const call = onPartition(command, mcluster, topic, partition);
  return { ...call, args: [topic, partition, checkInt32(command, 'broker_id', brokerId)] };
}

/**
 * rd_kafka_mock_partition_set_follower_wmarks: where the follower's log begins and ends; -1 for where the leader's does. A
 * topic that does not exist is created; else UNKNOWN_TOPIC_OR_PART. Blocks until the cluster's worker has done it.
 */
export function mock_partition_set_follower_wmarks(
  mcluster: rd_kafka_mock_cluster_t,
  topic: string,
  partition: number,
  lo: number,
  hi: number,
): rd_kafka_resp_err_t {
  return codeOf(setWmarks(mcluster, topic, partition, lo, hi));
}

/** `mock_partition_set_follower_wmarks` as a promise. */
export async function mock_partition_set_follower_wmarks_async(
  mcluster: rd_kafka_mock_cluster_t,
  topic: string,
  partition: number,
  lo: number,
  hi: number,
  o?: TwinOptions,
): Promise<void> {
  return settled(setWmarks(mcluster, topic, partition, lo, hi), o);
}

function setWmarks(
  mcluster: rd_kafka_mock_cluster_t,
  topic: string,
  partition: number,
  lo: number,
  hi: number,
): MockCall {
  const call = onPartition('mock_partition_set_follower_wmarks', mcluster, topic, partition);
  const wmarks = [checkInt64(call.command, 'lo', lo), checkInt64(call.command, 'hi', hi)];
  return { ...call, args: [topic, partition, ...wmarks] };
}

/**
 * rd_kafka_mock_partition_push_leader_response: the leader and epoch that one metadata answer names for this partition;
 * several are given one after the other. A topic that does not exist is created; else UNKNOWN_TOPIC_OR_PART. Blocks until
 * the cluster's worker has done it.
 */
export function mock_partition_push_leader_response(
  mcluster: rd_kafka_mock_cluster_t,
  topic: string,
  partition: number,
  leader_id: number,
  leader_epoch: number,
): rd_kafka_resp_err_t {
  return codeOf(leaderResponse(mcluster, topic, partition, leader_id, leader_epoch));
}

/** `mock_partition_push_leader_response` as a promise. */
export async function mock_partition_push_leader_response_async(
  mcluster: rd_kafka_mock_cluster_t,
  topic: string,
  partition: number,
  leader_id: number,
  leader_epoch: number,
  o?: TwinOptions,
): Promise<void> {
  return settled(leaderResponse(mcluster, topic, partition, leader_id, leader_epoch), o);
}

function leaderResponse(
  mcluster: rd_kafka_mock_cluster_t,
  topic: string,
  partition: number,
  leaderId: number,
  leaderEpoch: number,
): MockCall {
  const call = onPartition('mock_partition_push_leader_response', mcluster, topic, partition);
  const leader = [
    checkInt32(call.command, 'leader_id', leaderId),
    checkInt32(call.command, 'leader_epoch', leaderEpoch),
  ];
  return { ...call, args: [topic, partition, ...leader] };
}

function onPartition(command: string, mcluster: rd_kafka_mock_cluster_t, topic: string, partition: number): MockCall {
  const cluster = checkCluster(command, mcluster);
  return {
    cluster,
    command,
    args: [checkString(command, 'topic', topic), checkInt32(command, 'partition', partition)],
  };
}
