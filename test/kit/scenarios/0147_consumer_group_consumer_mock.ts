// 0147: heartbeats of group.protocol=consumer: what ends the consumer, what passes, what costs the membership; topic ids
// that have no name yet; the coordinator's interval; subscribing and unsubscribing in haste.
//
// The coordinator's interval is so long that each heartbeat that is counted has another cause.
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_RESP_ERR__FATAL,
  RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND,
  RD_KAFKA_RESP_ERR_NO_ERROR,
  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID,
  rd_kafka_assignment_lost,
  rd_kafka_consumer_close,
  rd_kafka_consumer_poll,
  rd_kafka_destroy,
  rd_kafka_fatal_error,
  rd_kafka_unsubscribe,
} from '../../../src/rdkafka.ts';
import {
  RD_KAFKAP_ConsumerGroupHeartbeat,
  RD_KAFKAP_Metadata,
  rd_kafka_mock_broker_push_request_error_rtts,
  type rd_kafka_mock_cluster_t,
  rd_kafka_mock_set_group_consumer_heartbeat_interval_ms,
  rd_kafka_mock_start_request_tracking,
  rd_kafka_mock_topic_create,
  rd_kafka_mock_topic_set_error,
} from '../../../src/rdkafka_mock.ts';
import { aCluster, aProducer, type Config } from '../builders.ts';
import { pollUntil } from '../consuming.ts';
import { aMember, Member, pollAll } from '../member.ts';
import { produceMessages } from '../reports.ts';
import { arrivalsOf, requestsOf } from '../requests_seen.ts';
import { busy } from './consumer_group.ts';

const TOPIC = 't0147';
const SELDOM_MS = 60_000;

interface World {
  readonly mock: rd_kafka_mock_cluster_t;
  readonly config: Config;
}

/** A cluster of one broker with an empty topic of one partition, and what consumers of it are made with. */
function aWorld(t: TestContext, intervalMs: number = SELDOM_MS): World {
  const { mock, bootstrap } = aCluster(t, 1);
  rd_kafka_mock_set_group_consumer_heartbeat_interval_ms(mock, intervalMs);
  rd_kafka_mock_topic_create(mock, TOPIC, 1, 1);
  rd_kafka_mock_start_request_tracking(mock);
  const config = {
    'bootstrap.servers': bootstrap,
    'group.id': TOPIC,
    'group.protocol': 'consumer',
    'auto.offset.reset': 'earliest',
    'fetch.wait.max.ms': 50,
  };
  return { mock, config };
}

function push(mock: rd_kafka_mock_cluster_t, error: number, rttMs = 0): void {
  rd_kafka_mock_broker_push_request_error_rtts(mock, 1, RD_KAFKAP_ConsumerGroupHeartbeat, 1, error, rttMs);
}

function beats(mock: rd_kafka_mock_cluster_t): number {
  return requestsOf(mock, RD_KAFKAP_ConsumerGroupHeartbeat).length;
}

/** Polls until the cluster has seen so many heartbeats. */
function untilBeats(member: Member, mock: rd_kafka_mock_cluster_t, count: number): void {
  pollAll([member], `${count} heartbeats`, () => beats(mock) >= count);
}

/** `later`: the first heartbeat is answered, the second, which acknowledges the assignment, is refused. */
export function fatalError(t: TestContext, err: number, later: boolean): void {
  const { mock, config } = aWorld(t);
  if (later) push(mock, RD_KAFKA_RESP_ERR_NO_ERROR);
  push(mock, err);
  const member = aMember(t, config).subscribe(TOPIC);
  const told: number[] = [];

  pollUntil(
    'the fatal error',
    () => {
      const message = rd_kafka_consumer_poll(member.rk, 20);
      if (message !== null) told.push(message.err);
    },
    () => told.length > 0,
  );

  const rebalances = later ? ['+1'] : [];
  expect([told, rd_kafka_fatal_error(member.rk)]).toEqual([[RD_KAFKA_RESP_ERR__FATAL], err]);
  expect(member.rebalances).toEqual(rebalances);
  expect(rd_kafka_consumer_close(member.rk)).toBe(RD_KAFKA_RESP_ERR__FATAL);
  rd_kafka_destroy(member.rk);
  expect([member.rebalances, beats(mock)]).toEqual([rebalances, later ? 2 : 1]);
}

/** Nobody hears of it: the heartbeat is sent again. */
export function retriableError(t: TestContext, err: number, later: boolean): void {
  const { mock, config } = aWorld(t);
  if (later) push(mock, RD_KAFKA_RESP_ERR_NO_ERROR);
  push(mock, err);
  const member = aMember(t, config).subscribe(TOPIC);

  // The join, the acknowledgement, and one of them again.
  untilBeats(member, mock, 3);
  expect([member.rebalances, member.errors]).toEqual([['+1'], []]);
  expect(rd_kafka_consumer_close(member.rk)).toBe(0);

  expect(member.rebalances).toEqual(['+1', '-1']);
  expect(beats(mock)).toBe(4);
}

/** A member that was fenced loses what it has, and joins again. */
export function fencedError(t: TestContext, err: number, later: boolean): void {
  const { mock, config } = aWorld(t);
  if (later) push(mock, RD_KAFKA_RESP_ERR_NO_ERROR);
  push(mock, err);
  const lost: boolean[] = [];
  const member = aMember(t, config, (of) => lost.push(rd_kafka_assignment_lost(of.rk) === 1)).subscribe(TOPIC);

  // First: fenced, join, acknowledgement. Later: join, fenced acknowledgement, join, acknowledgement.
  untilBeats(member, mock, later ? 4 : 3);
  expect(member.rebalances).toEqual(later ? ['+1', '-1', '+1'] : ['+1']);
  expect(lost).toEqual(later ? [false, true, false] : [false]);
  expect(member.errors).toEqual([]);
  expect(rd_kafka_consumer_close(member.rk)).toBe(0);

  expect([member.rebalances.at(-1), lost.at(-1)]).toEqual(['-1', false]);
  expect(beats(mock)).toBe(later ? 5 : 4);
}

/** `two`: the other topic is consumed meanwhile. */
export function unknownTopicId(t: TestContext, two: boolean): void {
  const { mock, config } = aWorld(t, 500);
  const topics = two ? [TOPIC, `${TOPIC}-2`] : [TOPIC];
  if (two) rd_kafka_mock_topic_create(mock, `${TOPIC}-2`, 1, 1);
  produceMessages(aProducer(t, { 'bootstrap.servers': config['bootstrap.servers']! }), TOPIC, 0, 0, 1);
  rd_kafka_mock_topic_set_error(mock, TOPIC, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_ID);
  const member = new Member(t, config).subscribe(...topics);
  const asked = requestsOf(mock, RD_KAFKAP_Metadata).length;

  pollAll([member], 'questions for the name', () => requestsOf(mock, RD_KAFKAP_Metadata).length >= asked + 3);
  if (two) pollAll([member], 'the other topic', () => member.assigned.length === 1);
  expect([member.got.length, member.assigned]).toEqual([0, two ? [`${TOPIC}-2 [0]`] : []]);
  rd_kafka_mock_topic_set_error(mock, TOPIC, RD_KAFKA_RESP_ERR_NO_ERROR);
  pollAll([member], 'the message', () => member.got.length === 1);

  expect(member.assigned).toEqual(topics.map((topic) => `${topic} [0]`).sort());
  expect(member.errors).toEqual([]);
}

/** However often offsets are committed, heartbeats come at the coordinator's interval. */
export function heartbeatInterval(t: TestContext): void {
  const intervalMs = 250;
  const { mock, config } = aWorld(t, intervalMs);
  const member = new Member(t, { ...config, 'auto.commit.interval.ms': 50 }).subscribe(TOPIC);

  untilBeats(member, mock, 10);

  const arrivals = arrivalsOf(mock, RD_KAFKAP_ConsumerGroupHeartbeat);
  const elapsed = arrivals.at(-1)! - arrivals[0]!;
  // The first two, join and acknowledgement, come together; one may be late, so that the next seems early.
  expect(arrivals.length - 1).toBeLessThanOrEqual(elapsed / intervalMs + 3);
}

/** Nothing breaks, whether there is a cluster or not. */
export function quickUnsubscribe(t: TestContext, cluster: boolean): void {
  const bootstrap = cluster ? aWorld(t).config['bootstrap.servers']! : '127.0.0.1:9';
  const config = { 'bootstrap.servers': bootstrap, 'group.id': TOPIC, 'group.protocol': 'consumer' };
  const member = aMember(t, config);

  for (let i = 0; i < 2; i++) {
    member.subscribe(TOPIC);
    expect(rd_kafka_unsubscribe(member.rk)).toBe(0);
  }

  rd_kafka_destroy(member.rk);
}

/** After max.poll.interval.ms the member is out; with its next poll it is in again, and gets everything. */
export function pollIntervalThenRejoin(t: TestContext): void {
  const { mock, config } = aWorld(t);
  const limits = { 'max.poll.interval.ms': 2000, 'enable.auto.commit': false };
  const member = new Member(t, { ...config, ...limits }).subscribe(TOPIC);
  untilBeats(member, mock, 2);

  // The third leaves.
  for (const deadline = performance.now() + 45_000; beats(mock) < 3 && performance.now() < deadline; ) busy(20);
  expect(beats(mock)).toBe(3);
  produceMessages(aProducer(t, { 'bootstrap.servers': config['bootstrap.servers']! }), TOPIC, 0, 0, 100);
  pollAll([member], 'all messages', () => member.got.length === 100);

  expect(member.errors).toEqual(['_MAX_POLL_EXCEEDED']);
  expect(rd_kafka_fatal_error(member.rk)).toBe(0);
}

/** The answer to a heartbeat that was under way when the group was left means nothing. */
export function goneWhileLeaving(t: TestContext): void {
  const { mock, config } = aWorld(t, 300);
  const member = new Member(t, config).subscribe(TOPIC);
  pollAll([member], 'the partition', () => member.assigned.length === 1);
  untilBeats(member, mock, 2);
  const before = beats(mock);
  push(mock, RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND, 1000);
  untilBeats(member, mock, before + 1);

  expect(rd_kafka_unsubscribe(member.rk)).toBe(0);
  // Behind the delayed answer on its connection.
  untilBeats(member, mock, before + 2);
  member.subscribe(TOPIC);
  pollAll([member], 'the partition again', () => member.assigned.length === 1);

  expect(rd_kafka_fatal_error(member.rk)).toBe(0);
  expect(member.errors).toEqual([]);
}
