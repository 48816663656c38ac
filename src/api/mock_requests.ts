// Chapter "mock_request_tracking" of rdkafka_mock.h: the requests that the brokers received. @thread app
import { MockRequest } from '../app/mock_request.ts';
import type { rd_kafka_mock_cluster_t, rd_kafka_mock_request_t } from '../defs/mock_types.ts';
import { checkArray, checkBrand } from '../rd/check.ts';
import { checkCluster, done } from './check_mock.ts';

/**
 * rd_kafka_mock_start_request_tracking: from now on requests are kept, from an empty list. Blocks until the cluster's
 * worker has done it.
 */
export function mock_start_request_tracking(mcluster: rd_kafka_mock_cluster_t): void {
  const command = 'mock_start_request_tracking';
  done({ cluster: checkCluster(command, mcluster), command, args: [] });
}

/**
 * rd_kafka_mock_stop_request_tracking: keeps no more requests and, as in C's code, forgets those that it kept. Blocks
 * until the cluster's worker has done it.
 */
export function mock_stop_request_tracking(mcluster: rd_kafka_mock_cluster_t): void {
  const command = 'mock_stop_request_tracking';
  done({ cluster: checkCluster(command, mcluster), command, args: [] });
}

/** rd_kafka_mock_clear_requests: forgets the requests kept so far. Blocks until the cluster's worker has done it. */
export function mock_clear_requests(mcluster: rd_kafka_mock_cluster_t): void {
  const command = 'mock_clear_requests';
  done({ cluster: checkCluster(command, mcluster), command, args: [] });
}

/**
 * rd_kafka_mock_get_requests: the requests kept since tracking was started or cleared, in the order of their arrival;
 * the caller owns them, the cluster keeps its own. Of very many, the newest. Blocks until the cluster's worker has
 * answered; throws a KafkaError if it does not.
 */
export function mock_get_requests(mcluster: rd_kafka_mock_cluster_t): rd_kafka_mock_request_t[] {
  const cluster = checkCluster('mock_get_requests', mcluster);
  const seen: readonly { id: number; apiKey: number; timestamp: number }[] = cluster.command('mock_get_requests');
  return seen.map(({ id, apiKey, timestamp }) => new MockRequest(id, apiKey, timestamp));
}

/** rd_kafka_mock_request_destroy: may be left out; the request can't be used afterwards. */
export function mock_request_destroy(mreq: rd_kafka_mock_request_t): void {
  checked('mock_request_destroy', 'mreq', mreq).destroy();
}

/** rd_kafka_mock_request_destroy_array: `mock_request_destroy` for each. */
export function mock_request_destroy_array(mreqs: readonly rd_kafka_mock_request_t[]): void {
  const fn = 'mock_request_destroy_array';
  const all = Array.from(checkArray(fn, 'mreqs', mreqs), (mreq, i) => checked(fn, `mreqs[${i}]`, mreq));
  for (const mreq of all) mreq.destroy();
}

/** rd_kafka_mock_request_id: the id of the broker that received it. */
export function mock_request_id(mreq: rd_kafka_mock_request_t): number {
  return checked('mock_request_id', 'mreq', mreq).brokerId;
}

/** rd_kafka_mock_request_api_key: which request it is, an RD_KAFKAP_* constant. */
export function mock_request_api_key(mreq: rd_kafka_mock_request_t): number {
  return checked('mock_request_api_key', 'mreq', mreq).apiKey;
}

/** rd_kafka_mock_request_timestamp: when it came, in microseconds of a clock that only goes on; compare, don't print. */
export function mock_request_timestamp(mreq: rd_kafka_mock_request_t): number {
  return checked('mock_request_timestamp', 'mreq', mreq).timestamp;
}

function checked(fn: string, param: string, mreq: rd_kafka_mock_request_t): MockRequest {
  return checkBrand<MockRequest>(fn, param, mreq, 'rd_kafka_mock_request_t');
}
