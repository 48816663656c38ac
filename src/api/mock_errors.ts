// Chapter "mock_errors" of rdkafka_mock.h: errors and delays that brokers answer with. @thread app
import { RD_KAFKA_RESP_ERR__INVALID_ARG, RD_KAFKA_RESP_ERR_NO_ERROR, type rd_kafka_resp_err_t } from '../defs/enums.ts';
import { KafkaError } from '../defs/kafka_error.ts';
import type { rd_kafka_mock_cluster_t } from '../defs/mock_types.ts';
import type { Out } from '../defs/out.ts';
import { checkInt32, checkOut, checkString } from '../rd/check.ts';
import type { TwinOptions } from './check_handle.ts';
import {
  checkApiKey,
  checkCluster,
  checkCount,
  checkErrors,
  codeOf,
  done,
  type MockCall,
  settled,
} from './check_mock.ts';

/**
 * rd_kafka_mock_push_request_errors: the next `cnt` requests with this key, on whatever broker, are answered with these
 * errors, in this order; 0 lets one pass, _TRANSPORT cuts the connection instead of an answer. `cnt` has to be the number
 * of errors that follow, else RangeError. Errors pushed on a broker go first. Blocks until the
 * cluster's worker has done it.
 */
export function mock_push_request_errors(
  mcluster: rd_kafka_mock_cluster_t,
  ApiKey: number,
  cnt: number,
  ...errors: rd_kafka_resp_err_t[]
): void {
  const command = 'mock_push_request_errors';
  const cluster = checkCluster(command, mcluster);
  const key = checkApiKey(command, ApiKey);
  checkCount(command, cnt, errors);
  done({ cluster, command, args: [key, checkErrors(command, errors)] });
}

/** rd_kafka_mock_push_request_errors_array: `mock_push_request_errors` with an array. Blocks like it. */
export function mock_push_request_errors_array(
  mcluster: rd_kafka_mock_cluster_t,
  ApiKey: number,
  errors: readonly rd_kafka_resp_err_t[],
): void {
  const command = 'mock_push_request_errors_array';
  const cluster = checkCluster(command, mcluster);
  done({ cluster, command, args: [checkApiKey(command, ApiKey), checkErrors(command, errors)] });
}

/**
 * rd_kafka_mock_clear_request_errors: forgets the errors pushed on the cluster for this key. Blocks until the cluster's
 * worker has done it.
 */
export function mock_clear_request_errors(mcluster: rd_kafka_mock_cluster_t, ApiKey: number): void {
  const command = 'mock_clear_request_errors';
  const cluster = checkCluster(command, mcluster);
  done({ cluster, command, args: [checkApiKey(command, ApiKey)] });
}

/**
 * rd_kafka_mock_broker_push_request_error_rtts: the next `cnt` requests with this key on this broker are answered with
 * these errors after these delays: pairs of an error (as in mock_push_request_errors) and ms. `cnt` has to be the number
 * of pairs that follow, else RangeError. They go before errors pushed on the cluster. _UNKNOWN_BROKER if there is no such
 * broker, for which it blocks until the cluster's worker has answered.
 */
export function mock_broker_push_request_error_rtts(
  mcluster: rd_kafka_mock_cluster_t,
  broker_id: number,
  ApiKey: number,
  cnt: number,
  ...error_rtts: number[]
): rd_kafka_resp_err_t {
  const command = 'mock_broker_push_request_error_rtts';
  const cluster = checkCluster(command, mcluster);
  const id = checkInt32(command, 'broker_id', broker_id);
  const key = checkApiKey(command, ApiKey);
  checkCount(command, cnt, error_rtts, 2);
  const flat = checkErrors(command, error_rtts, 'error_rtts');
  const pairs = Array.from({ length: cnt }, (_, i) => [flat[2 * i], flat[2 * i + 1]]);
  return codeOf({ cluster, command, args: [id, key, pairs] });
}

/**
 * rd_kafka_mock_broker_error_stack_cnt: how many of the errors pushed on this broker for this key are left, into `cntp`.
 * _UNKNOWN_BROKER if there is no such broker, _INVALID_ARG if `cntp` is null. Blocks until the cluster's worker has
 * answered.
 */
export function mock_broker_error_stack_cnt(
  mcluster: rd_kafka_mock_cluster_t,
  broker_id: number,
  ApiKey: number,
  cntp: Out<number> | null,
): rd_kafka_resp_err_t {
  const command = 'mock_broker_error_stack_cnt';
  const cluster = checkCluster(command, mcluster);
  const id = checkInt32(command, 'broker_id', broker_id);
  const key = checkApiKey(command, ApiKey);
  const target = checkOut(command, 'cntp', cntp);
  if (target === null) return RD_KAFKA_RESP_ERR__INVALID_ARG;
  try {
    const { err, count } = cluster.command(command, id, key);
    if (err === RD_KAFKA_RESP_ERR_NO_ERROR) target.value = count;
    return err;
  } catch (error) {
    if (error instanceof KafkaError) return error.code;
    throw error;
  }
}

/**
 * rd_kafka_mock_partition_push_request_errors: the next `cnt` requests with this key that name this partition are answered
 * with these errors for this partition alone, unless the whole request gets one. `cnt` has to be the number of errors
 * that follow, else RangeError. A topic that does not exist is created; UNKNOWN_TOPIC_OR_PART if it has no such
 * partition. Blocks until the cluster's worker has done it.
 */
export function mock_partition_push_request_errors(
  mcluster: rd_kafka_mock_cluster_t,
  topic: string,
  partition: number,
  ApiKey: number,
  cnt: number,
  ...errors: rd_kafka_resp_err_t[]
): rd_kafka_resp_err_t {
  return codeOf(partitionErrors(mcluster, topic, partition, ApiKey, cnt, errors));
}

/** `mock_partition_push_request_errors` as a promise. */
export async function mock_partition_push_request_errors_async(
  mcluster: rd_kafka_mock_cluster_t,
  topic: string,
  partition: number,
  ApiKey: number,
  cnt: number,
  ...errors: rd_kafka_resp_err_t[]
): Promise<void> {
  return settled(partitionErrors(mcluster, topic, partition, ApiKey, cnt, errors));
}

function partitionErrors(
  mcluster: rd_kafka_mock_cluster_t,
  topic: string,
  partition: number,
  apiKey: number,
  cnt: number,
  errors: readonly number[],
): MockCall {
  const command = 'mock_partition_push_request_errors';
  const cluster = checkCluster(command, mcluster);
  checkString(command, 'topic', topic);
  checkInt32(command, 'partition', partition);
  checkApiKey(command, apiKey);
  checkCount(command, cnt, errors);
  return { cluster, command, args: [topic, partition, apiKey, checkErrors(command, errors)] };
}

/**
 * rd_kafka_mock_topic_set_error: the error that metadata gives for this topic from now on, 0 for none. A topic that does
 * not exist is created. Blocks until the cluster's worker has done it.
 */
export function mock_topic_set_error(mcluster: rd_kafka_mock_cluster_t, topic: string, err: rd_kafka_resp_err_t): void {
  done(topicError(mcluster, topic, err));
}

/** `mock_topic_set_error` as a promise. */
export async function mock_topic_set_error_async(
  mcluster: rd_kafka_mock_cluster_t,
  topic: string,
  err: rd_kafka_resp_err_t,
  o?: TwinOptions,
): Promise<void> {
  return settled(topicError(mcluster, topic, err), o);
}

function topicError(mcluster: rd_kafka_mock_cluster_t, topic: string, err: number): MockCall {
  const command = 'mock_topic_set_error';
  const cluster = checkCluster(command, mcluster);
  return { cluster, command, args: [checkString(command, 'topic', topic), checkInt32(command, 'err', err)] };
}
