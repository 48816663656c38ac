// What a mock cluster has seen since request tracking began. @thread app
import {
  type rd_kafka_mock_cluster_t,
  rd_kafka_mock_get_requests,
  rd_kafka_mock_request_api_key,
  rd_kafka_mock_request_destroy_array,
  rd_kafka_mock_request_id,
  rd_kafka_mock_request_timestamp,
} from '../../src/rdkafka_mock.ts';

type Seen = { readonly apiKey: number; readonly broker: number; readonly ms: number };

/** Every request, in the order of arrival; `ms` of a clock of the mock's. */
function seen(mock: rd_kafka_mock_cluster_t): Seen[] {
  const requests = rd_kafka_mock_get_requests(mock);
  const all = requests.map((each) => ({
    apiKey: rd_kafka_mock_request_api_key(each),
    broker: rd_kafka_mock_request_id(each),
    ms: rd_kafka_mock_request_timestamp(each) / 1000,
  }));
  rd_kafka_mock_request_destroy_array(requests);
  return all;
}

/** The broker of each request of this kind, in the order of arrival. */
export function requestsOf(mock: rd_kafka_mock_cluster_t, apiKey: number): number[] {
  return seen(mock)
    .filter((each) => each.apiKey === apiKey)
    .map(({ broker }) => broker);
}

/** When each request of this kind came, in ms. */
export function arrivalsOf(mock: rd_kafka_mock_cluster_t, apiKey: number): number[] {
  return seen(mock)
    .filter((each) => each.apiKey === apiKey)
    .map(({ ms }) => ms);
}

/** The kind of each request, in the order of arrival. */
export function keysSeen(mock: rd_kafka_mock_cluster_t): number[] {
  return seen(mock).map(({ apiKey }) => apiKey);
}
