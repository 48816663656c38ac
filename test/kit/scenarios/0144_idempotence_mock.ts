// 0144: what may be stored already is no reason for a fatal error: it is sent again, and then stored or found stored.
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER,
  RD_KAFKA_RESP_ERR_NO_ERROR,
  RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
  RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND,
  RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER,
  rd_kafka_fatal_error,
  rd_kafka_flush,
  rd_kafka_poll,
} from '../../../src/rdkafka.ts';
import {
  RD_KAFKAP_Produce,
  rd_kafka_handle_mock_cluster,
  rd_kafka_mock_broker_push_request_error_rtts,
  rd_kafka_mock_broker_set_down,
  rd_kafka_mock_broker_set_up,
  rd_kafka_mock_cluster_bootstraps,
  type rd_kafka_mock_cluster_t,
  rd_kafka_mock_start_request_tracking,
} from '../../../src/rdkafka_mock.ts';
import { aProducer, type TestProducer } from '../builders.ts';
import { pollUntil } from '../consuming.ts';
import { MsgVer, newTestId } from '../msgver.ts';
import { readTopic } from '../read_topic.ts';
import { queueMessages } from '../reports.ts';
import { requestsOf } from '../requests_seen.ts';

const TOPIC = 'mytopic';
const LONG_MS = 60_000;
const FLUSH_MS = 45_000;

/** A producer with a mock cluster of its own, each message in a request of its own; five are delivered. */
function begun(t: TestContext): { p: TestProducer; mock: rd_kafka_mock_cluster_t; id: string } {
  const p = aProducer(t, {
    'enable.idempotence': true,
    'test.mock.num.brokers': 1,
    'batch.num.messages': 1,
    'linger.ms': 0,
    'reconnect.backoff.max.ms': 2000,
  });
  const mock = rd_kafka_handle_mock_cluster(p.rk)!;
  rd_kafka_mock_start_request_tracking(mock);
  const id = newTestId();
  queueMessages(p, TOPIC, 0, 0, 5, { id });
  expect(rd_kafka_flush(p.rk, FLUSH_MS)).toBe(0);
  return { p, mock, id };
}

function untilSent(p: TestProducer, mock: rd_kafka_mock_cluster_t, requests: number): void {
  pollUntil(
    `${requests} produce requests`,
    () => rd_kafka_poll(p.rk, 20),
    () => requestsOf(mock, RD_KAFKAP_Produce).length >= requests,
  );
}

async function verify(p: TestProducer, mock: rd_kafka_mock_cluster_t, id: string, count: number): Promise<void> {
  expect(rd_kafka_flush(p.rk, FLUSH_MS)).toBe(0);
  expect(rd_kafka_fatal_error(p.rk)).toBe(0);
  p.reports.verify(Array.from({ length: count }, (_, seq) => `${id}/0/${seq}`));
  const ver = new MsgVer(id).expect(0, 0, count);
  const { records } = await readTopic(rd_kafka_mock_cluster_bootstraps(mock), TOPIC);
  for (const { value, ...record } of records) ver.add({ topic: TOPIC, ...record, payload: value });
  expect(ver.problems()).toEqual([]);
}

/** `n` of five messages are on their way when the broker goes; when it is back, the first is refused, the rest follows it. */
export async function possiblyPersisted(t: TestContext, n: number): Promise<void> {
  const { p, mock, id } = begun(t);
  const push = (error: number, rtt: number): void =>
    void rd_kafka_mock_broker_push_request_error_rtts(mock, 1, RD_KAFKAP_Produce, 1, error, rtt);

  for (let i = 0; i < n; i++) push(RD_KAFKA_RESP_ERR_NO_ERROR, LONG_MS);
  push(RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS, 100);
  for (let i = 0; i < 4; i++) push(RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, 1);
  queueMessages(p, TOPIC, 0, 5, n, { id });
  untilSent(p, mock, 5 + n);
  rd_kafka_mock_broker_set_down(mock, 1);
  queueMessages(p, TOPIC, 0, 5 + n, 5 - n, { id });
  rd_kafka_mock_broker_set_up(mock, 1);

  await verify(p, mock, id, 10);
}

/** Answers are lost; the broker says of the first batch that it has it, and not where. */
export async function duplicateAfterPossiblyPersisted(t: TestContext): Promise<void> {
  const { p, mock, id } = begun(t);

  for (let i = 0; i < 5; i++)
    rd_kafka_mock_broker_push_request_error_rtts(mock, 1, RD_KAFKAP_Produce, 1, RD_KAFKA_RESP_ERR_NO_ERROR, LONG_MS);
  const duplicate = RD_KAFKA_RESP_ERR_DUPLICATE_SEQUENCE_NUMBER;
  rd_kafka_mock_broker_push_request_error_rtts(mock, 1, RD_KAFKAP_Produce, 1, duplicate, 0);
  queueMessages(p, TOPIC, 0, 5, 5, { id });
  untilSent(p, mock, 10);
  rd_kafka_mock_broker_set_down(mock, 1);
  rd_kafka_mock_broker_set_up(mock, 1);

  await verify(p, mock, id, 10);
  expect(p.reports.all.slice(5).map(({ offset }) => offset)).toEqual([-1001, 6, 7, 8, 9]);
}

/** The first of five fails with an error behind which it may be stored. */
export async function successAfterPossiblyPersisted(t: TestContext): Promise<void> {
  const { p, mock, id } = begun(t);

  const error = RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS_AFTER_APPEND;
  rd_kafka_mock_broker_push_request_error_rtts(mock, 1, RD_KAFKAP_Produce, 1, error, 0);
  queueMessages(p, TOPIC, 0, 5, 5, { id });

  await verify(p, mock, id, 10);
}
