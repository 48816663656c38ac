// Chapter "mock" of rdkafka_mock.h, the part on brokers. @thread app
import type { rd_kafka_resp_err_t } from '../defs/enums.ts';
import type { rd_kafka_mock_cluster_t } from '../defs/mock_types.ts';
import { checkInt32, checkString } from '../rd/check.ts';
import type { TwinOptions } from './check_handle.ts';
import { checkCluster, codeOf, done, type MockCall, settled } from './check_mock.ts';

/**
 * rd_kafka_mock_broker_set_down: closes the broker's connections and accepts no new ones; -1 for all brokers. Its
 * partitions stay its own. BROKER_NOT_AVAILABLE if there is no such broker. Blocks until the sockets are closed.
 */
export function mock_broker_set_down(mcluster: rd_kafka_mock_cluster_t, broker_id: number): rd_kafka_resp_err_t {
  return codeOf(onBroker('mock_broker_set_down', mcluster, broker_id));
}

/** `mock_broker_set_down` as a promise. */
export async function mock_broker_set_down_async(
  mcluster: rd_kafka_mock_cluster_t,
  broker_id: number,
  o?: TwinOptions,
): Promise<void> {
  return settled(onBroker('mock_broker_set_down', mcluster, broker_id), o);
}

/**
 * rd_kafka_mock_broker_set_up: the broker accepts connections again, on its old port; -1 for all brokers.
 * BROKER_NOT_AVAILABLE if there is no such broker, _TRANSPORT if somebody else has its port by now. Blocks until it
 * listens.
 */
export function mock_broker_set_up(mcluster: rd_kafka_mock_cluster_t, broker_id: number): rd_kafka_resp_err_t {
  return codeOf(onBroker('mock_broker_set_up', mcluster, broker_id));
}

/** `mock_broker_set_up` as a promise. */
export async function mock_broker_set_up_async(
  mcluster: rd_kafka_mock_cluster_t,
  broker_id: number,
  o?: TwinOptions,
): Promise<void> {
  return settled(onBroker('mock_broker_set_up', mcluster, broker_id), o);
}

/**
 * rd_kafka_mock_broker_set_host_port: the address that the cluster names for this broker; the broker goes on listening
 * where it did. Nothing happens if there is no such broker. Blocks until the cluster's worker has done it.
 */
export function mock_broker_set_host_port(
  mcluster: rd_kafka_mock_cluster_t,
  broker_id: number,
  host: string,
  port: number,
): void {
  done(setHostPort(mcluster, broker_id, host, port));
}

/** `mock_broker_set_host_port` as a promise. */
export async function mock_broker_set_host_port_async(
  mcluster: rd_kafka_mock_cluster_t,
  broker_id: number,
  host: string,
  port: number,
  o?: TwinOptions,
): Promise<void> {
  return settled(setHostPort(mcluster, broker_id, host, port), o);
}

function setHostPort(mcluster: rd_kafka_mock_cluster_t, brokerId: number, host: string, port: number): MockCall {
  const call = onBroker('mock_broker_set_host_port', mcluster, brokerId);
  const address = [checkString(call.command, 'host', host), checkInt32(call.command, 'port', port)];
  return { ...call, args: [brokerId, ...address] };
}

/**
 * rd_kafka_mock_broker_set_rtt: holds back each answer of this broker for so many ms, also those that wait already; -1 for
 * all brokers. BROKER_NOT_AVAILABLE if there is no such broker. Blocks until the cluster's worker has done it.
 */
export function mock_broker_set_rtt(
  mcluster: rd_kafka_mock_cluster_t,
  broker_id: number,
  rtt_ms: number,
): rd_kafka_resp_err_t {
  return codeOf(setRtt(mcluster, broker_id, rtt_ms));
}

/** `mock_broker_set_rtt` as a promise. */
export async function mock_broker_set_rtt_async(
  mcluster: rd_kafka_mock_cluster_t,
  broker_id: number,
  rtt_ms: number,
  o?: TwinOptions,
): Promise<void> {
  return settled(setRtt(mcluster, broker_id, rtt_ms), o);
}

function setRtt(mcluster: rd_kafka_mock_cluster_t, brokerId: number, rttMs: number): MockCall {
  const call = onBroker('mock_broker_set_rtt', mcluster, brokerId);
  return { ...call, args: [brokerId, checkInt32(call.command, 'rtt_ms', rttMs)] };
}

/**
 * rd_kafka_mock_broker_set_rack: the rack that metadata names for this broker; -1 for all brokers. BROKER_NOT_AVAILABLE if
 * there is no such broker. Blocks until the cluster's worker has done it.
 */
export function mock_broker_set_rack(
  mcluster: rd_kafka_mock_cluster_t,
  broker_id: number,
  rack: string,
): rd_kafka_resp_err_t {
  return codeOf(setRack(mcluster, broker_id, rack));
}

/** `mock_broker_set_rack` as a promise. */
export async function mock_broker_set_rack_async(
  mcluster: rd_kafka_mock_cluster_t,
  broker_id: number,
  rack: string,
  o?: TwinOptions,
): Promise<void> {
  return settled(setRack(mcluster, broker_id, rack), o);
}

function setRack(mcluster: rd_kafka_mock_cluster_t, brokerId: number, rack: string): MockCall {
  const call = onBroker('mock_broker_set_rack', mcluster, brokerId);
  return { ...call, args: [brokerId, checkString(call.command, 'rack', rack)] };
}

/**
 * rd_kafka_mock_broker_decommission: ends this broker for good and gives its partitions to the others.
 * BROKER_NOT_AVAILABLE if there is no such broker. Blocks until its sockets are closed.
 */
export function mock_broker_decommission(cluster: rd_kafka_mock_cluster_t, broker_id: number): rd_kafka_resp_err_t {
  return codeOf(onBroker('mock_broker_decommission', cluster, broker_id, 'cluster'));
}

/** `mock_broker_decommission` as a promise. */
export async function mock_broker_decommission_async(
  cluster: rd_kafka_mock_cluster_t,
  broker_id: number,
  o?: TwinOptions,
): Promise<void> {
  return settled(onBroker('mock_broker_decommission', cluster, broker_id, 'cluster'), o);
}

/**
 * rd_kafka_mock_broker_remove_from_metadata: like mock_broker_decommission, but its listener and connections stay, so that
 * requests on their way are still answered. BROKER_NOT_AVAILABLE if there is no such broker. Blocks until the cluster's
 * worker has done it.
 */
export function mock_broker_remove_from_metadata(
  mcluster: rd_kafka_mock_cluster_t,
  broker_id: number,
): rd_kafka_resp_err_t {
  return codeOf(onBroker('mock_broker_remove_from_metadata', mcluster, broker_id));
}

/** `mock_broker_remove_from_metadata` as a promise. */
export async function mock_broker_remove_from_metadata_async(
  mcluster: rd_kafka_mock_cluster_t,
  broker_id: number,
  o?: TwinOptions,
): Promise<void> {
  return settled(onBroker('mock_broker_remove_from_metadata', mcluster, broker_id), o);
}

/**
 * rd_kafka_mock_broker_add: one more broker, which gets its share of all partitions. _INVALID_ARG if there is one with this
 * id or the id is negative, _TRANSPORT if it can't listen. Blocks until it listens.
 */
export function mock_broker_add(mcluster: rd_kafka_mock_cluster_t, broker_id: number): rd_kafka_resp_err_t {
  return codeOf(onBroker('mock_broker_add', mcluster, broker_id));
}

/** `mock_broker_add` as a promise. */
export async function mock_broker_add_async(
  mcluster: rd_kafka_mock_cluster_t,
  broker_id: number,
  o?: TwinOptions,
): Promise<void> {
  return settled(onBroker('mock_broker_add', mcluster, broker_id), o);
}

function onBroker(command: string, mcluster: rd_kafka_mock_cluster_t, brokerId: number, param?: string): MockCall {
  const cluster = checkCluster(command, mcluster, param);
  return { cluster, command, args: [checkInt32(command, 'broker_id', brokerId)] };
}
