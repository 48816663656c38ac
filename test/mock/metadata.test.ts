// Metadata on the mock cluster: the call, and topics and leaders that come, go and move.
import { expect, test } from 'vitest';
import {
  RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
  RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
  RD_KAFKA_V_TOPIC,
  RD_KAFKA_V_VALUE,
  rd_kafka_flush,
  rd_kafka_last_error,
  rd_kafka_metadata_destroy,
  rd_kafka_poll,
  rd_kafka_producev,
  rd_kafka_topic_new,
  rd_kafka_topic_partition_available,
  type rd_kafka_topic_t,
} from '../../src/rdkafka.ts';
import {
  RD_KAFKAP_Metadata,
  RD_KAFKAP_Produce,
  rd_kafka_mock_partition_set_leader,
  rd_kafka_mock_push_request_errors,
  rd_kafka_mock_start_request_tracking,
  rd_kafka_mock_topic_create,
} from '../../src/rdkafka_mock.ts';
import { aCluster, aProducer } from '../kit/builders.ts';
import { produceMessages, queueMessages } from '../kit/reports.ts';
import { requestsOf } from '../kit/requests_seen.ts';
import * as scenario from '../kit/scenarios/metadata.ts';
import { until } from '../kit/until.ts';

const DEADLINE = { deadline_ms: 45_000 };

test('metadata of all topics has brokers, partitions and counts', async (t) => {
  await scenario.allTopics(t, aCluster(t, 3));
});

test('metadata of one topic has no other', async (t) => {
  await scenario.oneTopic(t, aCluster(t));
});

test('metadata without all_topics has the topics that the handle uses', async (t) => {
  await scenario.usedTopics(t, aCluster(t));
});

test('metadata of a handle that uses no topic has the brokers only', async (t) => {
  await scenario.noTopics(t, aCluster(t));
});

test('a missing topic is an error in the answer, and is not created by asking', (t) => {
  scenario.missingTopic(t, aCluster(t));
});

test('metadata_async gives the same', async (t) => {
  await scenario.asPromise(t, aCluster(t));
});

test('where nobody listens metadata ends with _TRANSPORT', (t) => {
  scenario.nobodyThere(t);
});

test('brokers_add brings a handle without bootstrap.servers to life', async (t) => {
  await scenario.brokersAdded(t, aCluster(t, 2));
});

test('a subscribed topic that is made later is found', async (t) => {
  await scenario.topicAppears(t, aCluster(t));
});

test('metadata can be destroyed once', async (t) => {
  const { rk } = aProducer(t, { 'bootstrap.servers': aCluster(t).bootstrap });
  const found = scenario.metadataNow(rk, true);

  rd_kafka_metadata_destroy(found);

  expect(() => rd_kafka_metadata_destroy(found)).toThrow('metadata_destroy: metadata has been destroyed');
});

test('metadata of a broker that hangs up on it is asked for again', (t) => {
  const { bootstrap, mock } = aCluster(t, 1);
  const { rk } = aProducer(t, { 'bootstrap.servers': bootstrap });
  scenario.metadataNow(rk, true);
  rd_kafka_mock_push_request_errors(mock, RD_KAFKAP_Metadata, 2, -195, -195);

  const found = scenario.metadataNow(rk, true);

  expect(found.broker_cnt).toBe(1);
});

test('a topic that stays missing fails its messages, and then the produce call, until it is made', async (t) => {
  const { bootstrap, mock } = aCluster(t, 1);
  const config = { 'allow.auto.create.topics': false, 'topic.metadata.propagation.max.ms': 200 };
  const p = aProducer(t, { 'bootstrap.servers': bootstrap, ...config });
  const produce = (): number => rd_kafka_producev(p.rk, RD_KAFKA_V_TOPIC('late'), RD_KAFKA_V_VALUE('x'));
  // One: of two the second could be refused already.
  const { opaques } = queueMessages(p, 'late', -1, 0, 1);
  rd_kafka_flush(p.rk, 45_000);
  const refused = produce();

  rd_kafka_mock_topic_create(mock, 'late', 2, 1);

  p.reports.verify(opaques, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  expect([refused, rd_kafka_last_error()]).toEqual([
    RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
    RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC,
  ]);
  await until(() => produce() === 0, DEADLINE);
  produceMessages(p, 'late', 0, 0, 5);
});

test('a partition is available once its leader is known', async (t) => {
  const { bootstrap, mock } = aCluster(t, 1);
  rd_kafka_mock_topic_create(mock, 'led', 2, 1);
  const { rk } = aProducer(t, { 'bootstrap.servers': bootstrap });
  const rkt = rd_kafka_topic_new(rk, 'led', null) as rd_kafka_topic_t;

  await until(() => {
    rd_kafka_poll(rk, 0);
    return rd_kafka_topic_partition_available(rkt, 1) === 1;
  }, DEADLINE);

  expect([0, 1, 2, -1].map((partition) => rd_kafka_topic_partition_available(rkt, partition))).toEqual([1, 1, 0, 0]);
});

test('messages follow a leader that moves', (t) => {
  const { bootstrap, mock } = aCluster(t, 3);
  rd_kafka_mock_topic_create(mock, 'moves', 1, 3);
  rd_kafka_mock_partition_set_leader(mock, 'moves', 0, 1);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap });
  produceMessages(p, 'moves', 0, 0, 5);
  rd_kafka_mock_start_request_tracking(mock);

  rd_kafka_mock_partition_set_leader(mock, 'moves', 0, 3);
  produceMessages(p, 'moves', 0, 5, 5);

  expect(requestsOf(mock, RD_KAFKAP_Produce).at(-1)).toBe(3);
});

test('a leader that denies being one is no reason to ask for metadata all the time', (t) => {
  const { bootstrap, mock } = aCluster(t, 1);
  rd_kafka_mock_topic_create(mock, 'storm', 1, 1);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap, 'retry.backoff.ms': 1, 'retry.backoff.max.ms': 1000 });
  produceMessages(p, 'storm', 0, 0, 1);
  const denials = Array.from({ length: 40 }, () => RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
  rd_kafka_mock_push_request_errors(mock, RD_KAFKAP_Produce, denials.length, ...denials);
  rd_kafka_mock_start_request_tracking(mock);
  const from = performance.now();

  produceMessages(p, 'storm', 0, 1, 1, { timeout_ms: 100_000 });

  const seconds = (performance.now() - from) / 1000;
  // Doubling from 1 ms they are ten in the first second, and fewer and fewer from there.
  expect(requestsOf(mock, RD_KAFKAP_Metadata).length).toBeLessThanOrEqual(10 + 2 * seconds);
});
