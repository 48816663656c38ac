// 0009: produce and consume from end to end; a topic deleted, and records deleted, under a mock cluster.
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_RESP_ERR_NO_ERROR,
  RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE,
  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
  rd_kafka_consumer_poll,
  rd_kafka_destroy,
  type rd_kafka_message_t,
} from '../../../src/rdkafka.ts';
import {
  RD_KAFKAP_Fetch,
  RD_KAFKAP_Metadata,
  rd_kafka_mock_partition_delete_records,
  rd_kafka_mock_start_request_tracking,
  rd_kafka_mock_topic_create,
  rd_kafka_mock_topic_delete,
} from '../../../src/rdkafka_mock.ts';
import { assignAll } from '../assign.ts';
import { aConsumer, aProducer } from '../builders.ts';
import { consumeMessages, pollUntil } from '../consuming.ts';
import { MsgVer } from '../msgver.ts';
import { produceMessages } from '../reports.ts';
import { requestsOf } from '../requests_seen.ts';
import { freshTopic } from '../topics.ts';
import type { Env, MockEnv } from './env.ts';

const COUNT = 100;
const PARTITIONS = 4;

export async function produceAndConsume(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, PARTITIONS);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap });
  const c = aConsumer(t, { 'bootstrap.servers': bootstrap });

  const id = produceMessages(p, topic, -1, 0, COUNT);
  produceMessages(p, topic, -1, COUNT, COUNT, { id, size: 500 });

  const ver = new MsgVer(id).expect(-1, 0, 2 * COUNT);
  assignAll(c, topic, PARTITIONS);
  consumeMessages(c, ver, 2 * COUNT);
  ver.verify('all partitions');
}

export async function topicDeleted(t: TestContext, { bootstrap, mock }: MockEnv): Promise<void> {
  const topic = 'deleted';
  const servers = { 'bootstrap.servers': bootstrap, 'allow.auto.create.topics': false };
  expect(rd_kafka_mock_topic_create(mock, topic, 1, 1)).toBe(RD_KAFKA_RESP_ERR_NO_ERROR);
  const p = aProducer(t, servers);
  produceMessages(p, topic, 0, 0, 10);
  rd_kafka_destroy(p.rk);

  const deletions = [rd_kafka_mock_topic_delete(mock, topic), rd_kafka_mock_topic_delete(mock, topic)];
  rd_kafka_mock_start_request_tracking(mock);
  const c = aConsumer(t, { ...servers, 'topic.metadata.propagation.max.ms': 100 });
  assignAll(c, topic, 1);
  const got: (rd_kafka_message_t | null)[] = [];
  const asked = (): number => requestsOf(mock, RD_KAFKAP_Metadata).length;
  pollUntil(
    'the consumer to ask for the topic',
    () => got.push(rd_kafka_consumer_poll(c, 200)),
    () => asked() >= 3,
  );

  expect(deletions).toEqual([RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART]);
  expect(got.filter((message) => message?.err === RD_KAFKA_RESP_ERR_NO_ERROR)).toEqual([]);
  expect(requestsOf(mock, RD_KAFKAP_Fetch)).toEqual([]);
}

export async function recordsDeleted(t: TestContext, { bootstrap, mock }: MockEnv): Promise<void> {
  const topic = 'shortened';
  expect(rd_kafka_mock_topic_create(mock, topic, 1, 1)).toBe(RD_KAFKA_RESP_ERR_NO_ERROR);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap });
  const id = produceMessages(p, topic, 0, 0, COUNT);

  const deletions = [
    rd_kafka_mock_partition_delete_records(mock, topic, 0, 50),
    rd_kafka_mock_partition_delete_records(mock, 'no_such_topic', 0, 10),
    rd_kafka_mock_partition_delete_records(mock, topic, 99, 10),
    rd_kafka_mock_partition_delete_records(mock, topic, 0, COUNT + 100),
  ];
  const c = aConsumer(t, { 'bootstrap.servers': bootstrap });
  assignAll(c, topic, 1);
  const ver = new MsgVer(id).expect(0, 50, COUNT - 50);
  consumeMessages(c, ver, COUNT - 50);

  expect(deletions).toEqual([
    RD_KAFKA_RESP_ERR_NO_ERROR,
    RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
    RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
    RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE,
  ]);
  ver.verify('what was left');
  expect(ver.seen[0]!.offset).toBe(50);
}
