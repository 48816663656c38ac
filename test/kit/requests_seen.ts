// What a mock cluster has seen since request tracking began. @thread app
import {
  type rd_kafka_mock_cluster_t,
  rd_kafka_mock_get_requests,
  rd_kafka_mock_request_api_key,
  rd_kafka_mock_request_destroy_array,
  rd_kafka_mock_request_id,
} from '../../src/rdkafka_mock.ts';

/** The broker of each request of this kind, in the order of arrival. */
export function requestsOf(mock: rd_kafka_mock_cluster_t, apiKey: number): number[] {
  const requests = rd_kafka_mock_get_requests(mock);
  const brokers = requests
    .filter((each) => rd_kafka_mock_request_api_key(each) === apiKey)
    .map(rd_kafka_mock_request_id);
  rd_kafka_mock_request_destroy_array(requests);
  return brokers;
}
