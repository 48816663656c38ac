// Chapter "mock" of rdkafka_mock.h: mock clusters themselves. @thread app
import { type MockCluster, openMock } from '../app/mock_control.ts';
import { setLastError } from '../app/registry.ts';
import { run, runAsync } from '../app/steps.ts';
import type { rd_kafka_resp_err_t } from '../defs/enums.ts';
import { KafkaError } from '../defs/kafka_error.ts';
import type { rd_kafka_mock_cluster_t } from '../defs/mock_types.ts';
import type { rd_kafka_t } from '../defs/types.ts';
import { checkInt, checkInt32, checkString } from '../rd/check.ts';
import { checkHandle, checkSignal, type TwinOptions } from './check_handle.ts';
import { checkApiKey, checkCluster, checkInt16, codeOf, done, type MockCall, settled } from './check_mock.ts';

/** As of `test.mock.num.brokers`. */
const MAX_BROKERS = 10_000;

/**
 * rd_kafka_mock_cluster_new: a Kafka cluster of `broker_cnt` brokers (1 to 10,000, ids from 1) in a worker of this
 * process, listening on 127.0.0.1. Blocks until it listens, usually some 50 ms (at most 30 s). null, with last_error(),
 * when that fails; the log of `rk` says why. `rk` goes on as before; it does not connect to the cluster by this. The
 * cluster wants mock_cluster_destroy; destroy(rk) does it, too.
 */
export function mock_cluster_new(rk: rd_kafka_t, broker_cnt: number): rd_kafka_mock_cluster_t | null {
  const cluster = open(rk, broker_cnt);
  try {
    run(cluster.thread, cluster.opened());
  } catch (error) {
    if (!(error instanceof KafkaError)) throw error;
    setLastError(error.code);
    return null;
  }
  setLastError(0);
  return cluster;
}

/** `mock_cluster_new` as a promise: rejects with a KafkaError in place of null. An abort closes the cluster again. */
export async function mock_cluster_new_async(
  rk: rd_kafka_t,
  broker_cnt: number,
  o?: TwinOptions,
): Promise<rd_kafka_mock_cluster_t> {
  const signal = checkSignal('mock_cluster_new_async', o);
  const cluster = open(rk, broker_cnt);
  return runAsync(cluster.thread, cluster.port, cluster.opened(), signal);
}

function open(rk: rd_kafka_t, broker_cnt: number): MockCluster {
  const handle = checkHandle('mock_cluster_new', rk);
  return openMock(handle, { brokers: checkInt('mock_cluster_new', 'broker_cnt', broker_cnt, 1, MAX_BROKERS) });
}

/**
 * rd_kafka_mock_cluster_destroy: closes listeners and connections and forgets all records; the worker ends with the last
 * cluster of this thread. Blocks until that is done (at most 5 s). Using the cluster afterwards throws.
 */
export function mock_cluster_destroy(mcluster: rd_kafka_mock_cluster_t): void {
  const cluster = checkCluster('mock_cluster_destroy', mcluster);
  run(cluster.thread, cluster.closeSteps());
}

/** `mock_cluster_destroy` as a promise. An abort ends the waiting; the cluster closes all the same. */
export async function mock_cluster_destroy_async(mcluster: rd_kafka_mock_cluster_t, o?: TwinOptions): Promise<void> {
  const cluster = checkCluster('mock_cluster_destroy', mcluster);
  const signal = checkSignal('mock_cluster_destroy_async', o);
  await runAsync(cluster.thread, cluster.port, cluster.closeSteps(), signal);
}

/** rd_kafka_mock_cluster_handle: the `rk` that the cluster was made with. Never blocks. */
export function mock_cluster_handle(mcluster: rd_kafka_mock_cluster_t): rd_kafka_t {
  // Only clusters of rdkafka-ts/testing have none.
  return checkCluster('mock_cluster_handle', mcluster).rk as rd_kafka_t;
}

/**
 * rd_kafka_handle_mock_cluster: the cluster that `test.mock.num.brokers` made, or null. It belongs to the handle. Unlike
 * in C `new` has not waited for it, so this blocks until it listens (at most 30 s); null also when it can't.
 */
export function handle_mock_cluster(rk: rd_kafka_t): rd_kafka_mock_cluster_t | null {
  const { ownMock, thread } = checkHandle('handle_mock_cluster', rk);
  if (ownMock === null) return null;
  try {
    return run(thread, ownMock.opened());
  } catch (error) {
    if (error instanceof KafkaError) return null;
    throw error;
  }
}

/**
 * rd_kafka_mock_cluster_bootstraps: `host:port` of the brokers that the cluster began with, for `bootstrap.servers`.
 * Never blocks.
 */
export function mock_cluster_bootstraps(mcluster: rd_kafka_mock_cluster_t): string {
  return checkCluster('mock_cluster_bootstraps', mcluster).bootstraps;
}

/**
 * rd_kafka_mock_coordinator_set: which broker coordinates a group or a transaction, in place of the one that its hash
 * gives; the id need not be a broker's. `key_type` is 'group' or 'transaction' (else _INVALID_ARG), `key` the group.id
 * or transactional.id. Blocks until the cluster's worker has done it.
 */
export function mock_coordinator_set(
  mcluster: rd_kafka_mock_cluster_t,
  key_type: string,
  key: string,
  broker_id: number,
): rd_kafka_resp_err_t {
  return codeOf(coordinatorSet(mcluster, key_type, key, broker_id));
}

/** `mock_coordinator_set` as a promise. */
export async function mock_coordinator_set_async(
  mcluster: rd_kafka_mock_cluster_t,
  key_type: string,
  key: string,
  broker_id: number,
  o?: TwinOptions,
): Promise<void> {
  return settled(coordinatorSet(mcluster, key_type, key, broker_id), o);
}

function coordinatorSet(mcluster: rd_kafka_mock_cluster_t, keyType: string, key: string, brokerId: number): MockCall {
  const command = 'mock_coordinator_set';
  const cluster = checkCluster(command, mcluster);
  const args = [
    checkString(command, 'key_type', keyType),
    checkString(command, 'key', key),
    checkInt32(command, 'broker_id', brokerId),
  ];
  return { cluster, command, args };
}

/**
 * rd_kafka_mock_set_apiversion: the versions in which all brokers serve a request from now on, told to connections that
 * ask from now on; -1 and -1 disable it. _INVALID_ARG for a key that is none. Blocks until the cluster's worker has done
 * it.
 */
export function mock_set_apiversion(
  mcluster: rd_kafka_mock_cluster_t,
  ApiKey: number,
  MinVersion: number,
  MaxVersion: number,
): rd_kafka_resp_err_t {
  return codeOf(setApiversion(mcluster, ApiKey, MinVersion, MaxVersion));
}

/** `mock_set_apiversion` as a promise. */
export async function mock_set_apiversion_async(
  mcluster: rd_kafka_mock_cluster_t,
  ApiKey: number,
  MinVersion: number,
  MaxVersion: number,
  o?: TwinOptions,
): Promise<void> {
  return settled(setApiversion(mcluster, ApiKey, MinVersion, MaxVersion), o);
}

function setApiversion(mcluster: rd_kafka_mock_cluster_t, apiKey: number, min: number, max: number): MockCall {
  const command = 'mock_set_apiversion';
  const cluster = checkCluster(command, mcluster);
  const args = [
    checkApiKey(command, apiKey),
    checkInt16(command, 'MinVersion', min),
    checkInt16(command, 'MaxVersion', max),
  ];
  return { cluster, command, args };
}

/**
 * rd_kafka_mock_group_initial_rebalance_delay_ms: how long the first rebalance of a new group waits for more members
 * (ms, 3000 at first); for groups that form from now on. Blocks
 * until the cluster's worker has done it.
 */
export function mock_group_initial_rebalance_delay_ms(mcluster: rd_kafka_mock_cluster_t, delay_ms: number): void {
  const command = 'mock_group_initial_rebalance_delay_ms';
  const cluster = checkCluster(command, mcluster);
  done({ cluster, command, args: [checkInt32(command, 'delay_ms', delay_ms)] });
}
