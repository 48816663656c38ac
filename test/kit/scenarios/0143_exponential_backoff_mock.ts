// 0143: the time between a request that failed and the next one grows from retry.backoff.ms, doubled each time, up to
// retry.backoff.max.ms; and which request follows on which error. Times are as the mock cluster has seen them: no sooner
// than that; how much later is the machine's affair.
import { expect, type TestContext } from 'vitest';
import {
  out,
  RD_KAFKA_PARTITION_UA,
  RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
  RD_KAFKA_RESP_ERR_GROUP_COORDINATOR_NOT_AVAILABLE,
  RD_KAFKA_RESP_ERR_NOT_COORDINATOR_FOR_GROUP,
  RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS,
  RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION,
  rd_kafka_assignment,
  rd_kafka_commit,
  rd_kafka_consumer_poll,
  rd_kafka_err2name,
  rd_kafka_flush,
  rd_kafka_poll,
  rd_kafka_subscribe,
  type rd_kafka_t,
  type rd_kafka_topic_partition_list_t,
} from '../../../src/rdkafka.ts';
import {
  RD_KAFKAP_Fetch,
  RD_KAFKAP_FindCoordinator,
  RD_KAFKAP_Heartbeat,
  RD_KAFKAP_JoinGroup,
  RD_KAFKAP_Metadata,
  RD_KAFKAP_OffsetCommit,
  RD_KAFKAP_Produce,
  rd_kafka_mock_clear_requests,
  rd_kafka_mock_partition_set_leader,
  rd_kafka_mock_push_request_errors_array,
  rd_kafka_mock_start_request_tracking,
  rd_kafka_mock_topic_create,
} from '../../../src/rdkafka_mock.ts';
import { aConsumer, aProducer, type Config } from '../builders.ts';
import { pollUntil } from '../consuming.ts';
import { produceMessages, queueMessages } from '../reports.ts';
import { arrivalsOf, keysSeen, requestsOf } from '../requests_seen.ts';
import type { MockEnv } from './env.ts';

const TOPIC = 'topic';
const RETRY_MS = 100;
const RETRY_MAX_MS = 1000;
/** Questions for a coordinator; has jitter, too. */
const COORDINATOR_MAX_MS = 400;
const JITTER = 0.2;
const OWN: Config = { 'topic.metadata.refresh.interval.ms': -1 };

function begin({ mock }: MockEnv): void {
  expect(rd_kafka_mock_topic_create(mock, TOPIC, 1, 1)).toBe(0);
  rd_kafka_mock_start_request_tracking(mock);
}

function fail({ mock }: MockEnv, apiKey: number, count: number, error: number): void {
  const errors = Array.from({ length: count }, () => error);
  rd_kafka_mock_push_request_errors_array(mock, apiKey, errors);
}

/** The shortest backoff before retry `i`, from 0 on, in whole ms of two clocks. */
function least(i: number, mostMs: number = RETRY_MAX_MS): number {
  return Math.min(RETRY_MS * 2 ** i, mostMs) * (1 - JITTER) - 2;
}

/** Which of the intervals, in ms, are shorter than the backoff that is due; none. */
function tooSoon(intervals: readonly number[], mostMs: number = RETRY_MAX_MS): string[] {
  return intervals.flatMap((ms, i) => (ms < least(i, mostMs) ? [`interval ${i}: ${ms} ms`] : []));
}

function intervals({ mock }: MockEnv, apiKey: number): number[] {
  const times = arrivalsOf(mock, apiKey);
  return times.slice(1).map((time, i) => time - times[i]!);
}

export function produceRetries(t: TestContext, env: MockEnv): void {
  begin(env);
  const p = aProducer(t, { 'bootstrap.servers': env.bootstrap, ...OWN });

  fail(env, RD_KAFKAP_Produce, 7, RD_KAFKA_RESP_ERR_NOT_ENOUGH_REPLICAS);
  produceMessages(p, TOPIC, RD_KAFKA_PARTITION_UA, 0, 1);

  const seen = intervals(env, RD_KAFKAP_Produce);
  expect(seen.length).toBe(7);
  expect(tooSoon(seen)).toEqual([]);
}

function aMember(t: TestContext, env: MockEnv, more: Config = {}): rd_kafka_t {
  const c = aConsumer(t, { 'bootstrap.servers': env.bootstrap, 'enable.auto.commit': false, ...OWN, ...more });
  expect(rd_kafka_subscribe(c, [TOPIC])).toBe(0);
  return c;
}

const poll = (c: rd_kafka_t) => (): unknown => rd_kafka_consumer_poll(c, 100);

function assigned(c: rd_kafka_t): void {
  const partitions = out<rd_kafka_topic_partition_list_t>();
  pollUntil('an assignment', poll(c), () => {
    return rd_kafka_assignment(c, partitions) === 0 && partitions.value.cnt === 1;
  });
}

/** Asked for at intervals that grow up to half a second. */
export function coordinatorIsAskedFor(t: TestContext, env: MockEnv): void {
  begin(env);
  fail(env, RD_KAFKAP_FindCoordinator, 4, RD_KAFKA_RESP_ERR_GROUP_COORDINATOR_NOT_AVAILABLE);

  const c = aMember(t, env);
  pollUntil('four more questions', poll(c), () => requestsOf(env.mock, RD_KAFKAP_FindCoordinator).length >= 5);

  expect(tooSoon(intervals(env, RD_KAFKAP_FindCoordinator).slice(0, 4), COORDINATOR_MAX_MS)).toEqual([]);
}

export function commitRetries(t: TestContext, env: MockEnv): void {
  begin(env);
  const c = aMember(t, env);
  assigned(c);

  fail(env, RD_KAFKAP_OffsetCommit, 2, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS);
  const err = rd_kafka_commit(c, [{ topic: TOPIC, partition: 0, offset: 4 }], false);

  expect(rd_kafka_err2name(err)).toBe('NO_ERROR');
  const seen = intervals(env, RD_KAFKAP_OffsetCommit);
  expect(seen.length).toBe(2);
  expect(tooSoon(seen)).toEqual([]);
}

/** After the first request of that kind the coordinator is asked for before the next one. */
function coordinatorBetween(env: MockEnv, c: rd_kafka_t, apiKey: number): void {
  const from = (): number[] => {
    const keys = keysSeen(env.mock).filter((key) => key === apiKey || key === RD_KAFKAP_FindCoordinator);
    return keys.slice(keys.indexOf(apiKey));
  };
  pollUntil('another request', poll(c), () => from().filter((key) => key === apiKey).length >= 2);
  expect(from().slice(0, 2)).toEqual([apiKey, RD_KAFKAP_FindCoordinator]);
}

export function heartbeatAsksForCoordinator(t: TestContext, env: MockEnv): void {
  begin(env);
  fail(env, RD_KAFKAP_Heartbeat, 1, RD_KAFKA_RESP_ERR_NOT_COORDINATOR_FOR_GROUP);

  coordinatorBetween(env, aMember(t, env, { 'heartbeat.interval.ms': 200 }), RD_KAFKAP_Heartbeat);
}

export function joinAsksForCoordinator(t: TestContext, env: MockEnv): void {
  begin(env);
  fail(env, RD_KAFKAP_JoinGroup, 1, RD_KAFKA_RESP_ERR_NOT_COORDINATOR_FOR_GROUP);

  coordinatorBetween(env, aMember(t, env), RD_KAFKAP_JoinGroup);
}

/** The error says that the leader is another: metadata is asked for. */
export function produceAsksForLeader(t: TestContext, env: MockEnv): void {
  begin(env);
  const p = aProducer(t, { 'bootstrap.servers': env.bootstrap, ...OWN });
  produceMessages(p, TOPIC, 0, 0, 1);

  rd_kafka_mock_clear_requests(env.mock);
  fail(env, RD_KAFKAP_Produce, 1, RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
  produceMessages(p, TOPIC, 0, 1, 1);

  // Asked by another thread than the one that sends again: on a busy machine the message may overtake it.
  const asked = (): number[] =>
    keysSeen(env.mock).filter((key) => key === RD_KAFKAP_Produce || key === RD_KAFKAP_Metadata);
  pollUntil(
    'a question for the leader',
    () => rd_kafka_poll(p.rk, 50),
    () => asked().includes(RD_KAFKAP_Metadata),
  );
  expect(asked()[0]).toBe(RD_KAFKAP_Produce);
}

/**
 * While there is no leader metadata is asked for again and again. These backoffs count from the questions, which may come
 * late each by itself: so it is their sum that is looked at.
 */
export function leaderIsAskedFor(t: TestContext, env: MockEnv): void {
  begin(env);
  const p = aProducer(t, { 'bootstrap.servers': env.bootstrap, ...OWN });
  produceMessages(p, TOPIC, 0, 0, 1);

  rd_kafka_mock_clear_requests(env.mock);
  expect(rd_kafka_mock_partition_set_leader(env.mock, TOPIC, 0, -1)).toBe(0);
  const from = performance.now();
  const { opaques } = queueMessages(p, TOPIC, 0, 1, 1);
  pollUntil(
    'six questions',
    () => rd_kafka_poll(p.rk, 100),
    () => requestsOf(env.mock, RD_KAFKAP_Metadata).length >= 6,
  );
  const took = performance.now() - from;
  expect(rd_kafka_mock_partition_set_leader(env.mock, TOPIC, 0, 1)).toBe(0);
  const flushed = rd_kafka_flush(p.rk, 45_000);

  expect(took).toBeGreaterThanOrEqual([0, 1, 2, 3, 4].reduce((sum, i) => sum + least(i), 0));
  expect(flushed).toBe(0);
  p.reports.verify(opaques);
}

/** The same leader with another epoch: the fetch that fails by it is followed by a question for metadata. */
export function fetchAsksForLeader(t: TestContext, env: MockEnv): void {
  begin(env);
  const c = aMember(t, env, { 'fetch.wait.max.ms': 100 });
  assigned(c);
  pollUntil('a fetch', poll(c), () => requestsOf(env.mock, RD_KAFKAP_Fetch).length > 0);
  const keys = (): number[] =>
    keysSeen(env.mock).filter((key) => key === RD_KAFKAP_Fetch || key === RD_KAFKAP_Metadata);
  const before = keys().length;

  expect(rd_kafka_mock_partition_set_leader(env.mock, TOPIC, 0, 1)).toBe(0);
  pollUntil('metadata', poll(c), () => keys().indexOf(RD_KAFKAP_Metadata, before) >= 0);

  expect(keys()[keys().indexOf(RD_KAFKAP_Metadata, before) - 1]).toBe(RD_KAFKAP_Fetch);
}
