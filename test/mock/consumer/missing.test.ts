// Topics and partitions that are not there (yet, any more) or may not be read: who assigned or subscribed is told.
import { expect, type TestContext, test } from 'vitest';
import {
  out,
  RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
  RD_KAFKA_RESP_ERR_NO_ERROR,
  RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
  RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
  rd_kafka_assign,
  rd_kafka_committed,
  type rd_kafka_message_t,
  rd_kafka_metadata,
  type rd_kafka_metadata_t,
  rd_kafka_unsubscribe,
} from '../../../src/rdkafka.ts';
import {
  RD_KAFKAP_Fetch,
  RD_KAFKAP_Metadata,
  rd_kafka_mock_clear_requests,
  rd_kafka_mock_partition_push_request_errors,
  rd_kafka_mock_partition_set_leader,
  rd_kafka_mock_start_request_tracking,
  rd_kafka_mock_topic_delete,
  rd_kafka_mock_topic_set_error,
} from '../../../src/rdkafka_mock.ts';
import { assignAll } from '../../kit/assign.ts';
import { aCluster, aProducer, type Config, type TestCluster } from '../../kit/builders.ts';
import { pollUntil } from '../../kit/consuming.ts';
import { Member, pollAll, settle } from '../../kit/member.ts';
import { produceMessages } from '../../kit/reports.ts';
import { requestsOf } from '../../kit/requests_seen.ts';
import { createTopic, freshTopic } from '../../kit/topics.ts';

const UNKNOWN = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
const DENIED = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;

interface Scene extends TestCluster {
  readonly member: Member;
  /** Errors that the consumer was told. */
  readonly told: [topic: string | null, partition: number, err: number][];
  send(topic: string, count: number): void;
  /** Polls until `ready`. */
  until(what: string, ready: () => boolean): void;
  /** Polls while the cluster is asked about topics a few times more. */
  askedAgain(): void;
}

function aScene(t: TestContext, config: Config = {}): Scene {
  const cluster = aCluster(t, 3);
  const servers = { 'bootstrap.servers': cluster.bootstrap };
  const p = aProducer(t, servers);
  const member = new Member(t, { ...servers, 'fetch.wait.max.ms': 50, ...config });
  const told: Scene['told'] = [];
  const poll = (): void => {
    const message: rd_kafka_message_t | null = member.poll(50);
    if (message !== null && message.err !== 0) told.push([message.topic, message.partition, message.err]);
  };
  rd_kafka_mock_start_request_tracking(cluster.mock);
  return {
    ...cluster,
    member,
    told,
    send: (topic, count) => void produceMessages(p, topic, 0, 0, count),
    until: (what, ready) => pollUntil(what, poll, ready),
    askedAgain: () => {
      rd_kafka_mock_clear_requests(cluster.mock);
      pollUntil('further metadata', poll, () => requestsOf(cluster.mock, RD_KAFKAP_Metadata).length >= 3);
    },
  };
}

const SOON: Config = { 'topic.metadata.propagation.max.ms': 300 };

test('partitions of a topic that is not there give an error each, once', (t) => {
  const { member, told, until, askedAgain } = aScene(t, SOON);

  assignAll(member.rk, 'nowhere', 2);
  until('both errors', () => told.length >= 2);
  askedAgain();

  expect(told).toEqual([
    ['nowhere', 0, UNKNOWN],
    ['nowhere', 1, UNKNOWN],
  ]);
});

test('a topic that is made after its partition was assigned is consumed', async (t) => {
  const { member, told, until, send, bootstrap } = aScene(t, SOON);
  assignAll(member.rk, 'late', 1);
  until('the error', () => told.length > 0);

  await createTopic(bootstrap, 'late', 1);
  send('late', 3);
  until('its messages', () => member.got.length === 3);

  expect(told).toEqual([['late', 0, UNKNOWN]]);
});

test('a partition that its topic does not have gives an error; the others are consumed', async (t) => {
  const { member, told, until, send, bootstrap } = aScene(t);
  const topic = await freshTopic(bootstrap, 1);
  send(topic, 3);

  rd_kafka_assign(member.rk, [
    { topic, partition: 7 },
    { topic, partition: 0 },
  ]);
  until('error and messages', () => told.length > 0 && member.got.length === 3);

  expect(told).toEqual([[topic, 7, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION]]);
});

test('errors of partitions that were let go are not told', async (t) => {
  const { member, told, until, send, bootstrap } = aScene(t);
  const topic = await freshTopic(bootstrap, 1);
  send(topic, 3);
  assignAll(member.rk, topic, 1);
  until('the topic to be known', () => member.got.length === 3);

  assignAll(member.rk, topic, 8);
  // By the time this is answered the errors are here; nobody has polled for them.
  for (let i = 0; i < 2; i++) rd_kafka_committed(member.rk, [{ topic, partition: 0, offset: 0 }], 15_000);
  rd_kafka_assign(member.rk, [{ topic, partition: 0, offset: 0 }]);
  until('the messages again', () => member.got.length === 6);

  expect(told).toEqual([]);
});

test('a topic that is deleted while assigned gives an error; made again it is consumed from its beginning', async (t) => {
  const { member, told, until, send, mock, bootstrap } = aScene(t, { 'topic.metadata.propagation.max.ms': 0 });
  const topic = await freshTopic(bootstrap, 1);
  // The new topic's leader epochs begin again below these.
  for (const broker of [1, 2, 3, 1]) rd_kafka_mock_partition_set_leader(mock, topic, 0, broker);
  send(topic, 10);
  rd_kafka_assign(member.rk, [{ topic, partition: 0, offset: 0 }]);
  until('the first messages', () => member.got.length === 10);

  expect(rd_kafka_mock_topic_delete(mock, topic)).toBe(RD_KAFKA_RESP_ERR_NO_ERROR);
  until('the error', () => told.length > 0);
  await createTopic(bootstrap, topic, 1);
  send(topic, 4);
  until('those of the new topic', () => member.got.length === 14);

  expect(told).toEqual([[topic, 0, UNKNOWN]]);
  expect(member.got.slice(10).map(({ offset }) => offset)).toEqual([0, 1, 2, 3]);
});

test('while a topic is missing it is not fetched', async (t) => {
  const { member, told, until, askedAgain, mock, bootstrap } = aScene(t, { 'topic.metadata.propagation.max.ms': 0 });
  const topic = await freshTopic(bootstrap, 1);
  assignAll(member.rk, topic, 1);
  until('fetches', () => requestsOf(mock, RD_KAFKAP_Fetch).length > 0);
  rd_kafka_mock_topic_delete(mock, topic);
  until('the error', () => told.length > 0);

  askedAgain();
  askedAgain();

  expect(requestsOf(mock, RD_KAFKAP_Fetch)).toEqual([]);
});

test('a topic that may not be read is told once, and consumed when it may', async (t) => {
  const { member, told, until, askedAgain, send, mock, bootstrap } = aScene(t);
  const topic = await freshTopic(bootstrap, 1);
  send(topic, 3);
  rd_kafka_mock_topic_set_error(mock, topic, DENIED);
  assignAll(member.rk, topic, 1);
  until('the error', () => told.length > 0);
  askedAgain();

  rd_kafka_mock_topic_set_error(mock, topic, RD_KAFKA_RESP_ERR_NO_ERROR);
  until('the messages', () => member.got.length === 3);

  expect(told).toEqual([[topic, 0, DENIED]]);
});

test('rights that a fetch and then metadata refuse are told once', async (t) => {
  const { member, told, until, askedAgain, mock, bootstrap } = aScene(t);
  const topic = await freshTopic(bootstrap, 1);
  const moved = RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION;
  rd_kafka_mock_partition_push_request_errors(mock, topic, 0, RD_KAFKAP_Fetch, 2, DENIED, moved);
  rd_kafka_assign(member.rk, [{ topic, partition: 0, offset: 0 }]);
  until('the error', () => told.length > 0);

  rd_kafka_mock_topic_set_error(mock, topic, DENIED);
  askedAgain();

  expect(told).toEqual([[topic, 0, DENIED]]);
});

test('a subscribed topic that is not there does not keep the others waiting', async (t) => {
  // For topics that are assigned or produced to the default is 30 s.
  const { member, told, until, send, bootstrap } = aScene(t);
  const topic = await freshTopic(bootstrap, 1);
  send(topic, 3);

  member.subscribe('nowhere', topic);
  until('error and messages', () => told.length > 0 && member.got.length === 3);

  expect(told).toEqual([['nowhere', -1, UNKNOWN]]);
});

test("an unsubscribed topic is no longer one of the handle's", async (t) => {
  const { member, bootstrap } = aScene(t);
  const topic = await freshTopic(bootstrap, 2);
  const known = (): string[] => {
    const found = out<rd_kafka_metadata_t>();
    expect(rd_kafka_metadata(member.rk, false, null, found, 15_000)).toBe(RD_KAFKA_RESP_ERR_NO_ERROR);
    return found.value.topics.map((each) => each.topic);
  };
  member.subscribe(topic);
  settle([member], 2);
  const before = known();

  rd_kafka_unsubscribe(member.rk);
  pollAll([member], 'the end of the subscription', () => member.assigned.length === 0 && known().length === 0);

  expect(before).toEqual([topic]);
});
