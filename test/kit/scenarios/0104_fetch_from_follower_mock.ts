// 0104: a consumer is sent to a follower (KIP-392), which lags, does not exist, goes down or is none any more.
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_OFFSET_INVALID,
  RD_KAFKA_RESP_ERR__TRANSPORT,
  RD_KAFKA_RESP_ERR_NO_ERROR,
  RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE,
  RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE,
  RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE,
  rd_kafka_assign,
  rd_kafka_destroy,
  rd_kafka_message_broker_id,
  rd_kafka_seek_partitions,
  type rd_kafka_t,
  rd_kafka_topic_partition_list_add,
  rd_kafka_topic_partition_list_new,
  rd_kafka_topic_partition_set_leader_epoch,
} from '../../../src/rdkafka.ts';
import {
  RD_KAFKAP_Fetch,
  rd_kafka_mock_broker_push_request_error_rtts,
  rd_kafka_mock_broker_set_down,
  rd_kafka_mock_partition_set_follower,
  rd_kafka_mock_partition_set_follower_wmarks,
  rd_kafka_mock_partition_set_leader,
  rd_kafka_mock_push_request_errors,
  rd_kafka_mock_start_request_tracking,
  rd_kafka_mock_topic_create,
} from '../../../src/rdkafka_mock.ts';
import { aConsumer, aProducer, type Config } from '../builders.ts';
import { consumeMessages, consumeNothing, pollUntil } from '../consuming.ts';
import { MsgVer } from '../msgver.ts';
import { produceMessages } from '../reports.ts';
import { requestsOf } from '../requests_seen.ts';
import type { MockEnv } from './env.ts';

const TOPIC = 'test';

/** Partition 0 of the topic, led by broker 1 in leader epoch 1 and followed by `follower` (-1: nobody). */
function seed({ mock }: MockEnv, follower: number): void {
  expect(rd_kafka_mock_topic_create(mock, TOPIC, 1, 3)).toBe(0);
  rd_kafka_mock_partition_set_leader(mock, TOPIC, 0, 1);
  rd_kafka_mock_partition_set_follower(mock, TOPIC, 0, follower);
}

/** `count` messages of 1000 bytes in batches of `batch`; gives their test id. */
function produce(t: TestContext, { bootstrap }: MockEnv, first: number, count: number, batch = 1, id?: string): string {
  const p = aProducer(t, { 'bootstrap.servers': bootstrap, 'batch.num.messages': batch });
  const used = produceMessages(p, TOPIC, 0, first, count, { size: 1000, ...(id !== undefined && { id }) });
  rd_kafka_destroy(p.rk);
  return used;
}

/** Of a rack, reading the topic in more than one fetch. */
function consumerOf(t: TestContext, { bootstrap }: MockEnv, config: Config = {}): rd_kafka_t {
  const c = aConsumer(t, {
    'bootstrap.servers': bootstrap,
    'group.id': 'mygroup',
    'client.rack': 'myrack',
    'auto.offset.reset': 'earliest',
    'fetch.message.max.bytes': 100,
    ...config,
  });
  expect(rd_kafka_assign(c, [{ topic: TOPIC, partition: 0, offset: RD_KAFKA_OFFSET_INVALID }])).toBe(0);
  return c;
}

/** The brokers that these came from, each once. */
function consume(c: rd_kafka_t, id: string, first: number, count: number, tolerate: readonly number[] = []): number[] {
  const brokers = new Set<number>();
  const ver = new MsgVer(id).expect(0, first, count);
  consumeMessages(c, ver, count, {
    tolerate,
    each: (message) => void brokers.add(rd_kafka_message_broker_id(message)),
  });
  ver.verify('what was consumed');
  return [...brokers];
}

/** Polls without getting anything until the broker has been asked for records. */
function untilFetched(c: rd_kafka_t, { mock }: MockEnv, broker: number, times = 1): void {
  const asked = (): number => requestsOf(mock, RD_KAFKAP_Fetch).filter((each) => each === broker).length;
  pollUntil(
    `${times} fetches at broker ${broker}`,
    () => consumeNothing(c, 50),
    () => asked() >= times,
  );
}

/** A follower says out of range below its end: the reset policy decides, and what comes later is read as well. */
export function offsetReset(t: TestContext, env: MockEnv, policy: 'earliest' | 'latest'): void {
  seed(env, 2);
  const count = 10;
  const id = produce(t, env, 0, count);
  rd_kafka_mock_start_request_tracking(env.mock);
  // The leader sends us on, the follower gives something, then it fails.
  const out = RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE;
  const fine = RD_KAFKA_RESP_ERR_NO_ERROR;
  rd_kafka_mock_push_request_errors(env.mock, RD_KAFKAP_Fetch, 3, fine, fine, out);

  if (policy === 'latest') {
    const c = consumerOf(t, env, { 'auto.offset.reset': policy });
    untilFetched(c, env, 2, 3);
    const later = produce(t, env, 0, count);
    consume(c, later, 0, count);
    return;
  }
  const c = consumerOf(t, env);
  const ver = new MsgVer(id).expect(0, 0, count);
  // The first message comes before the reset, and after it once more.
  consumeMessages(c, ver, count + 1);
  ver.verify('what was consumed', { duplicates: true });
  consume(c, produce(t, env, 0, count), 0, count);
}

/** A follower that has less than the leader is waited for: no reset. */
export function offsetResetLag(t: TestContext, env: MockEnv): void {
  seed(env, 2);
  const [count, lag] = [10, 3];
  const id = produce(t, env, 0, count);
  rd_kafka_mock_partition_set_follower_wmarks(env.mock, TOPIC, 0, -1, count - lag);
  const c = consumerOf(t, env);

  consume(c, id, 0, count - lag);
  // By now it has less than what we have read: that is no reason for a reset either.
  rd_kafka_mock_partition_set_follower_wmarks(env.mock, TOPIC, 0, -1, count - lag - 2);
  consumeNothing(c, 2000);
  rd_kafka_mock_partition_set_follower_wmarks(env.mock, TOPIC, 0, -1, -1);

  expect(consume(c, id, count - lag, lag)).toEqual([2]);
}

/** A follower that nobody knows gives nothing; when the leader names another one all comes from there. */
export function unknownFollower(t: TestContext, env: MockEnv): void {
  seed(env, 19);
  const id = produce(t, env, 0, 1000, 10);
  const c = consumerOf(t, env);

  consumeNothing(c, 2000);
  rd_kafka_mock_partition_set_follower(env.mock, TOPIC, 0, 3);

  expect(consume(c, id, 0, 1000)).toEqual([3]);
}

/** A leader that answers such an error again and again is left as soon as there is another. */
export function leaderError(t: TestContext, env: MockEnv, err: number): void {
  seed(env, -1);
  const id = produce(t, env, 0, 1000, 10);
  const errors = Array.from({ length: 10 }, () => [err, 0]).flat();
  rd_kafka_mock_broker_push_request_error_rtts(env.mock, 1, RD_KAFKAP_Fetch, 10, ...errors);
  rd_kafka_mock_start_request_tracking(env.mock);
  const patient = { 'topic.metadata.refresh.interval.ms': 60_000, 'fetch.error.backoff.ms': 1000 };
  const c = consumerOf(t, env, { ...patient, 'fetch.message.max.bytes': 1_048_576 });
  untilFetched(c, env, 1);

  rd_kafka_mock_partition_set_leader(env.mock, TOPIC, 0, 2);

  expect(consume(c, id, 0, 1000)).toEqual([2]);
}

export const LEADER_ERRORS: readonly number[] = [
  RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE,
  RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE,
];

const AT_A_FOLLOWER: Config = {
  'topic.metadata.refresh.interval.ms': 60_000,
  'fetch.error.backoff.ms': 1000,
  'fetch.message.max.bytes': 10,
};

/** A follower that is none any more: back to the leader. */
export function notLeaderOrFollower(t: TestContext, env: MockEnv): void {
  seed(env, 2);
  rd_kafka_mock_start_request_tracking(env.mock);
  const c = consumerOf(t, env, AT_A_FOLLOWER);
  untilFetched(c, env, 2);

  rd_kafka_mock_partition_set_follower(env.mock, TOPIC, 0, -1);
  const id = produce(t, env, 0, 10, 10);

  expect(consume(c, id, 0, 10)).toEqual([1]);
}

/** A follower that goes down: back to the leader, which names another. */
export function followerDown(t: TestContext, env: MockEnv): void {
  seed(env, 2);
  rd_kafka_mock_start_request_tracking(env.mock);
  const c = consumerOf(t, env, AT_A_FOLLOWER);
  untilFetched(c, env, 2);
  const id = produce(t, env, 0, 10, 10);

  rd_kafka_mock_broker_set_down(env.mock, 2);
  rd_kafka_mock_partition_set_follower(env.mock, TOPIC, 0, 3);
  const got = new MsgVer(id).expect(0, 0, 10);
  const brokers: number[] = [];
  const each = (message: Parameters<typeof rd_kafka_message_broker_id>[0]): void =>
    void brokers.push(rd_kafka_message_broker_id(message));
  consumeMessages(c, got, 10, { tolerate: [RD_KAFKA_RESP_ERR__TRANSPORT], each });

  got.verify('what was consumed');
  expect(brokers.at(-1)).not.toBe(1);
}

/** A seek that names a leader epoch is checked: it goes on where that epoch ended. */
export function seekWithOldEpoch(t: TestContext, env: MockEnv): void {
  seed(env, -1);
  const first = produce(t, env, 0, 10, 10);
  const c = consumerOf(t, env);
  consume(c, first, 0, 10);
  rd_kafka_mock_partition_set_leader(env.mock, TOPIC, 0, 2);
  const second = produce(t, env, 0, 10, 10);
  consume(c, second, 0, 10);

  const list = rd_kafka_topic_partition_list_new(1);
  const partition = rd_kafka_topic_partition_list_add(list, TOPIC, 0);
  partition.offset = 20;
  rd_kafka_topic_partition_set_leader_epoch(partition, 1);
  expect(rd_kafka_seek_partitions(c, list, 15_000)).toBeNull();

  consume(c, second, 0, 10);
}
