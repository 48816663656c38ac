// 0139: after a leader change a position is checked by OffsetForLeaderEpoch (KIP-320) before anything is fetched.
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_RESP_ERR__PARTITION_EOF,
  RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
  RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR,
  RD_KAFKA_RESP_ERR_NO_ERROR,
  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
  rd_kafka_consumer_poll,
  rd_kafka_destroy,
  rd_kafka_seek_partitions,
  rd_kafka_subscribe,
  type rd_kafka_t,
  rd_kafka_topic_partition_list_add,
  rd_kafka_topic_partition_list_new,
  rd_kafka_topic_partition_set_leader_epoch,
} from '../../../src/rdkafka.ts';
import {
  RD_KAFKAP_Fetch,
  RD_KAFKAP_Metadata,
  RD_KAFKAP_OffsetForLeaderEpoch,
  rd_kafka_mock_broker_push_request_error_rtts,
  rd_kafka_mock_partition_push_leader_response,
  rd_kafka_mock_partition_set_leader,
  rd_kafka_mock_push_request_errors,
  rd_kafka_mock_start_request_tracking,
  rd_kafka_mock_stop_request_tracking,
  rd_kafka_mock_topic_create,
  rd_kafka_mock_topic_set_error,
} from '../../../src/rdkafka_mock.ts';
import { aConsumer, aProducer, type Config } from '../builders.ts';
import { consumeMessages, consumeNothing, pollUntil } from '../consuming.ts';
import { MsgVer } from '../msgver.ts';
import { produceMessages } from '../reports.ts';
import { requestsOf } from '../requests_seen.ts';
import type { MockEnv } from './env.ts';

const TOPIC = 'test';
const COUNT = 5;

/** One partition led by broker 1 in leader epoch 1, with five messages; gives their test id. */
function seed(t: TestContext, env: MockEnv): string {
  expect(rd_kafka_mock_topic_create(env.mock, TOPIC, 1, 2)).toBe(0);
  rd_kafka_mock_partition_set_leader(env.mock, TOPIC, 0, 1);
  return produce(t, env);
}

function produce(t: TestContext, { bootstrap }: MockEnv): string {
  const p = aProducer(t, { 'bootstrap.servers': bootstrap, 'batch.num.messages': 1 });
  const id = produceMessages(p, TOPIC, 0, 0, COUNT);
  rd_kafka_destroy(p.rk);
  return id;
}

function subscribed(t: TestContext, { bootstrap }: MockEnv, config: Config = {}): rd_kafka_t {
  const c = aConsumer(t, {
    'bootstrap.servers': bootstrap,
    'group.id': TOPIC,
    'auto.offset.reset': 'earliest',
    'enable.auto.commit': false,
    ...config,
  });
  expect(rd_kafka_subscribe(c, [TOPIC])).toBe(0);
  return c;
}

function consume(c: rd_kafka_t, id: string, tolerate: readonly number[] = []): void {
  const ver = new MsgVer(id).expect(0, 0, COUNT);
  consumeMessages(c, ver, COUNT, { tolerate });
  ver.verify('what was consumed');
}

/** Waits for the end of the partition, with no message before it. */
function untilEnd(c: rd_kafka_t, offset: number): void {
  let end = -1;
  pollUntil(
    `the end at offset ${offset}`,
    () => {
      const message = rd_kafka_consumer_poll(c, 200);
      if (message === null) return;
      expect(message.err).toBe(RD_KAFKA_RESP_ERR__PARTITION_EOF);
      end = message.offset;
    },
    () => end === offset,
  );
}

const checksAt = ({ mock }: MockEnv, broker: number): number =>
  requestsOf(mock, RD_KAFKAP_OffsetForLeaderEpoch).filter((each) => each === broker).length;
const fetchesAt = ({ mock }: MockEnv, broker: number): number =>
  requestsOf(mock, RD_KAFKAP_Fetch).filter((each) => each === broker).length;

/** Polls, with nothing coming but `tolerate`, until it is so. */
function until(c: rd_kafka_t, what: string, ready: () => boolean, tolerate: readonly number[] = []): void {
  const poll = (): void => {
    const message = rd_kafka_consumer_poll(c, 50);
    if (message !== null && !tolerate.includes(message.err)) throw new Error(`${message.err} @${message.offset}`);
  };
  pollUntil(what, poll, ready);
}

/** What is produced while a check is under way comes once. */
export function noDuplicates(t: TestContext, env: MockEnv): void {
  const id = seed(t, env);
  const c = subscribed(t, env, { 'enable.partition.eof': true });
  consume(c, id);
  untilEnd(c, COUNT);

  rd_kafka_mock_start_request_tracking(env.mock);
  const slow = [RD_KAFKA_RESP_ERR_NO_ERROR, 3000];
  rd_kafka_mock_broker_push_request_error_rtts(env.mock, 1, RD_KAFKAP_OffsetForLeaderEpoch, 1, ...slow);
  rd_kafka_mock_partition_set_leader(env.mock, TOPIC, 0, 1);
  until(c, 'the check', () => checksAt(env, 1) > 0);
  const later = produce(t, env);
  consume(c, later);
  untilEnd(c, 2 * COUNT);

  consumeNothing(c, 1000);
  expect(checksAt(env, 1)).toBe(1);
}

/** An error of the check that no retry is said to help against is no reason for a reset. */
export function permanentError(t: TestContext, env: MockEnv, err: number): void {
  const id = seed(t, env);
  const c = subscribed(t, env, { 'auto.offset.reset': 'latest', 'enable.partition.eof': true });
  untilEnd(c, COUNT);
  rd_kafka_mock_partition_set_leader(env.mock, TOPIC, 0, 2);
  rd_kafka_mock_push_request_errors(env.mock, RD_KAFKAP_OffsetForLeaderEpoch, 1, err);

  const list = rd_kafka_topic_partition_list_new(1);
  const partition = rd_kafka_topic_partition_list_add(list, TOPIC, 0);
  partition.offset = 0;
  rd_kafka_topic_partition_set_leader_epoch(partition, 0);
  expect(rd_kafka_seek_partitions(c, list, 15_000)).toBeNull();

  consume(c, id);
}

/** A leader change amid a check that has failed once, and back: no loop of checks. */
export function twoLeaderChanges(t: TestContext, env: MockEnv): void {
  const id = seed(t, env);
  const c = subscribed(t, env);
  consume(c, id);
  const [failed, slow] = [RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, RD_KAFKA_RESP_ERR_NO_ERROR];
  const answers = [failed, 300, slow, 1000];
  rd_kafka_mock_broker_push_request_error_rtts(env.mock, 2, RD_KAFKAP_OffsetForLeaderEpoch, 2, ...answers);
  rd_kafka_mock_start_request_tracking(env.mock);

  rd_kafka_mock_partition_set_leader(env.mock, TOPIC, 0, 2);
  until(c, 'the check to be tried again', () => checksAt(env, 2) === 2);
  rd_kafka_mock_partition_set_leader(env.mock, TOPIC, 0, 1);
  const later = produce(t, env);
  consume(c, later);

  consumeNothing(c, 1000);
  expect(checksAt(env, 1) + checksAt(env, 2)).toBeLessThanOrEqual(4);
}

/** A second change, to a leader that names this leader epoch (-1: none; 2: the one that was checked), needs no check. */
export function nothingToCheck(t: TestContext, env: MockEnv, epoch: number): void {
  const id = seed(t, env);
  const c = subscribed(t, env);
  rd_kafka_mock_start_request_tracking(env.mock);
  consume(c, id);
  expect(checksAt(env, 1)).toBe(0);

  rd_kafka_mock_partition_set_leader(env.mock, TOPIC, 0, 2);
  until(c, 'a fetch from broker 2', () => fetchesAt(env, 2) > 0);
  expect(checksAt(env, 2)).toBe(1);
  rd_kafka_mock_stop_request_tracking(env.mock);

  rd_kafka_mock_start_request_tracking(env.mock);
  for (let i = 0; i < 5; i++) rd_kafka_mock_partition_push_leader_response(env.mock, TOPIC, 0, 1, epoch);
  rd_kafka_mock_partition_set_leader(env.mock, TOPIC, 0, 1);
  until(c, 'a fetch from broker 1', () => fetchesAt(env, 1) > 0);

  expect(checksAt(env, 1)).toBe(0);
}

/** Metadata says for a while that there is no such topic, amid the check or not: the check is made all the same. */
export function topicMissingMeanwhile(t: TestContext, env: MockEnv, amidTheCheck: boolean): void {
  const id = seed(t, env);
  const c = subscribed(t, env);
  consume(c, id);
  const unknown = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
  rd_kafka_mock_start_request_tracking(env.mock);
  rd_kafka_mock_partition_set_leader(env.mock, TOPIC, 0, 2);
  until(c, 'a fetch from broker 2', () => fetchesAt(env, 2) > 0);
  rd_kafka_mock_stop_request_tracking(env.mock);

  rd_kafka_mock_start_request_tracking(env.mock);
  if (amidTheCheck)
    rd_kafka_mock_push_request_errors(env.mock, RD_KAFKAP_OffsetForLeaderEpoch, 3, unknown, unknown, unknown);
  else {
    rd_kafka_mock_push_request_errors(env.mock, RD_KAFKAP_Fetch, 1, unknown);
    rd_kafka_mock_topic_set_error(env.mock, TOPIC, unknown);
  }
  rd_kafka_mock_partition_set_leader(env.mock, TOPIC, 0, 1);
  const told = [unknown, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION];
  if (amidTheCheck) {
    until(c, 'a check', () => checksAt(env, 1) > 0, told);
    rd_kafka_mock_topic_set_error(env.mock, TOPIC, unknown);
  }
  const asked = requestsOf(env.mock, RD_KAFKAP_Metadata).length;
  until(c, 'metadata', () => requestsOf(env.mock, RD_KAFKAP_Metadata).length > asked, told);
  rd_kafka_mock_topic_set_error(env.mock, TOPIC, RD_KAFKA_RESP_ERR_NO_ERROR);

  until(c, 'a fetch from broker 1', () => fetchesAt(env, 1) > 0, told);
  expect(checksAt(env, 1)).toBeGreaterThan(0);
  consume(c, produce(t, env), told);
}
