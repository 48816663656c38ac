// An idempotent producer through the public API: what moves, what is lost, what ends it.
import { expect, test } from 'vitest';
import type { MockCluster } from '../../../src/app/mock_control.ts';
import * as rk from '../../../src/index.ts';
import * as mock from '../../../src/rdkafka_mock.ts';
import {
  outcomes,
  type Producing,
  pollUntil,
  produceNumbers,
  reportFaults,
  type Settings,
} from '../../kit/producing.ts';
import { readTopic } from '../../kit/read_topic.ts';
import { requestsOf } from '../../kit/requests_seen.ts';
import { aMock, type MockEnv } from './kit.ts';

const PRODUCE = mock.RD_KAFKAP_Produce;
const FLUSH_MS = 45_000;
const OUT_OF_ORDER = rk.RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER;

/** One message a batch, so that each is a step of the sequence. */
const STEPS: Settings = {
  'enable.idempotence': 'true',
  'linger.ms': '0',
  'batch.num.messages': '1',
  'retry.backoff.ms': '10',
  'retry.backoff.max.ms': '20',
  'reconnect.backoff.ms': '10',
  'reconnect.backoff.max.ms': '50',
};

/** A producer that has delivered message 0 to partition 0. */
function begun(env: MockEnv, settings: Settings = {}): Producing {
  const p = env.producer({ ...STEPS, ...settings });
  produceNumbers(p, 't', 1, { partition: 0 });
  expect(rk.flush(p.handle, FLUSH_MS)).toBe(0);
  return p;
}

const refuse = (env: MockEnv, ...codes: number[]): void =>
  void mock.rd_kafka_mock_partition_push_request_errors(env.mock, 't', 0, PRODUCE, codes.length, ...codes);

const loseAnswers = (env: MockEnv, times: number): void =>
  (env.mock as unknown as MockCluster).command('push_fault', PRODUCE, {}, { loseAnswer: true, times });

async function stored(env: MockEnv): Promise<number[]> {
  const { records } = await readTopic(env.bootstrap, 't');
  return records.filter(({ partition }) => partition === 0).map(({ value }) => Number(value));
}

const upTo = (count: number): number[] => Array.from({ length: count }, (_, i) => i);

/** Names of what the error callback heard. */
const heard = (p: Producing): string[] => p.errors.map(({ err }) => rk.err2name(err));

test('the first batch of a partition is refused: those behind it do not take its place', async () => {
  const env = aMock(1);
  refuse(env, rk.RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION);
  const p = env.producer(STEPS);

  produceNumbers(p, 't', 20, { partition: 0 });
  expect(rk.flush(p.handle, FLUSH_MS)).toBe(0);

  expect(outcomes(p.reports)).toBe('ok x 20');
  expect(await stored(env)).toEqual(upTo(20));
});

test('a producer id that comes late is waited for', async () => {
  const env = aMock(1);
  const { RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS: loading, RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT: late } = rk;
  mock.rd_kafka_mock_push_request_errors(env.mock, mock.RD_KAFKAP_InitProducerId, 2, loading, late);
  const p = env.producer(STEPS);

  produceNumbers(p, 't', 5, { partition: 0 });
  expect(rk.flush(p.handle, FLUSH_MS)).toBe(0);

  expect(outcomes(p.reports)).toBe('ok x 5');
  expect(heard(p)).toEqual([]);
});

test('a batch whose answer is lost is found where it is by the next leader', async () => {
  const env = aMock(2);
  mock.rd_kafka_mock_partition_set_leader(env.mock, 't', 0, 1);
  const p = begun(env);
  mock.rd_kafka_mock_start_request_tracking(env.mock);
  mock.rd_kafka_mock_broker_push_request_error_rtts(env.mock, 1, PRODUCE, 1, 0, 60_000);

  produceNumbers(p, 't', 1, { first: 1, partition: 0 });
  pollUntil(p, () => requestsOf(env.mock, PRODUCE).length > 0, 'the request');
  mock.rd_kafka_mock_partition_set_leader(env.mock, 't', 0, 2);
  mock.rd_kafka_mock_broker_set_down(env.mock, 1);
  produceNumbers(p, 't', 9, { first: 2, partition: 0 });
  expect(rk.flush(p.handle, FLUSH_MS)).toBe(0);

  expect(outcomes(p.reports)).toBe('ok x 11');
  expect(reportFaults(p.reports, 11)).toBe('');
  expect(p.reports.map(({ offset }) => offset)).toEqual(upTo(11));
  mock.rd_kafka_mock_broker_set_up(env.mock, 1);
  expect(await stored(env)).toEqual(upTo(11));
});

test('leaders move to and fro under load with answers lost: each message once, in order', async () => {
  const env = aMock(3);
  const p = env.producer({ ...STEPS, 'batch.num.messages': '50', 'linger.ms': '1' });
  const count = 10_000;
  for (let first = 0; first < count; first += 200) {
    produceNumbers(p, 't', 200, { first, partition: 0 });
    mock.rd_kafka_mock_partition_set_leader(env.mock, 't', 0, 1 + ((first / 200) % 3));
    if (first % 1000 === 0) loseAnswers(env, 2);
    rk.poll(p.handle, 5);
  }
  expect(rk.flush(p.handle, FLUSH_MS)).toBe(0);

  expect(outcomes(p.reports)).toBe(`ok x ${count}`);
  expect(await stored(env)).toEqual(upTo(count));
  expect(heard(p)).not.toContain('_FATAL');
});

test('a batch that is refused for good is the only one that fails, wherever the partition goes then', async () => {
  const env = aMock(2);
  mock.rd_kafka_mock_partition_set_leader(env.mock, 't', 0, 1);
  const p = begun(env);

  refuse(env, rk.RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
  produceNumbers(p, 't', 5, { first: 1, partition: 0 });
  pollUntil(p, () => p.reports.some(({ err }) => err !== 0), 'the refusal');
  mock.rd_kafka_mock_partition_set_leader(env.mock, 't', 0, 2);
  produceNumbers(p, 't', 5, { first: 6, partition: 0 });
  expect(rk.flush(p.handle, FLUSH_MS)).toBe(0);

  expect(outcomes(p.reports)).toBe('TOPIC_AUTHORIZATION_FAILED x 1, ok x 10');
  expect(p.reports.find(({ err }) => err !== 0)!.opaque).toBe(1);
  expect(await stored(env)).toEqual([0, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
});

/** The producer has ended: it says so once, takes nothing, and everything that it had is reported. */
function expectEnded(p: Producing, code: number, text: RegExp): void {
  pollUntil(p, () => heard(p).includes('_FATAL'), 'the error callback');
  expect(rk.producev(p.handle, { topic: 't', value: 'v' })).toBe(rk.RD_KAFKA_RESP_ERR__FATAL);
  const errstr = rk.out('');
  expect([rk.fatal_error(p.handle, errstr), rk.err2name(code)]).toEqual([code, rk.err2name(code)]);
  expect(errstr.value).toMatch(text);
  expect(rk.test_fatal_error(p.handle, rk.RD_KAFKA_RESP_ERR__INCONSISTENT, 'again')).toBe(
    rk.RD_KAFKA_RESP_ERR__PREV_IN_PROGRESS,
  );
  expect(rk.flush(p.handle, FLUSH_MS)).toBe(0);
  expect(rk.outq_len(p.handle)).toBe(0);
  rk.destroy(p.handle);
  expect(heard(p).filter((name) => name === '_FATAL')).toHaveLength(1);
}

/** Partition 1 has no leader: ten messages, from number 100 on, wait there. */
function withWaiting(env: MockEnv, settings: Settings = {}): Producing {
  mock.rd_kafka_mock_partition_set_leader(env.mock, 't', 1, -1);
  const p = begun(env, settings);
  produceNumbers(p, 't', 10, { first: 100, partition: 1 });
  return p;
}

test('a sequence that the broker refuses without cause ends the producer', async () => {
  const env = aMock(1);
  const p = withWaiting(env);

  refuse(env, OUT_OF_ORDER);
  produceNumbers(p, 't', 1, { first: 1, partition: 0 });

  expectEnded(p, OUT_OF_ORDER, /^t \[0\]: 1 messages failed due to sequence desynchronization/);
  expect(outcomes(p.reports)).toBe('OUT_OF_ORDER_SEQUENCE_NUMBER x 1, _PURGE_QUEUE x 10, ok x 1');
});

test('a batch that fails for good ends the producer, with enable.gapless.guarantee', async () => {
  const env = aMock(1);
  const p = withWaiting(env, { 'enable.gapless.guarantee': 'true' });

  refuse(env, rk.RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED);
  produceNumbers(p, 't', 1, { first: 1, partition: 0 });

  expectEnded(p, rk.RD_KAFKA_RESP_ERR__GAPLESS_GUARANTEE, /unable to satisfy gap-less guarantee/);
  expect(outcomes(p.reports)).toBe('TOPIC_AUTHORIZATION_FAILED x 1, _PURGE_QUEUE x 10, ok x 1');
});

test('a cluster that will never give a producer id ends the producer', () => {
  const env = aMock(1);
  const denied = rk.RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED;
  mock.rd_kafka_mock_push_request_errors(env.mock, mock.RD_KAFKAP_InitProducerId, 1, denied);
  const p = env.producer({ ...STEPS });
  // Between open and refusal the messages may be accepted, or not any more.
  let accepted = 0;
  while (accepted < 10 && rk.producev(p.handle, { topic: 't', partition: 0, value: 'v', opaque: accepted }) === 0)
    accepted++;

  expectEnded(p, denied, /Failed to acquire idempotence PID/);

  expect(p.reports).toHaveLength(accepted);
  expect(p.reports.every(({ err }) => err === rk.RD_KAFKA_RESP_ERR__PURGE_QUEUE)).toBe(true);
});

test('test_fatal_error ends the producer likewise', async () => {
  const env = aMock(1);
  const p = withWaiting(env);

  expect(rk.test_fatal_error(p.handle, OUT_OF_ORDER, 'a test')).toBe(0);

  expectEnded(p, OUT_OF_ORDER, /^test_fatal_error: a test$/);
  expect(outcomes(p.reports)).toBe('_PURGE_QUEUE x 10, ok x 1');
});

test('what is in flight when the producer ends is reported as its broker answers', async () => {
  const env = aMock(1);
  const p = begun(env);
  mock.rd_kafka_mock_start_request_tracking(env.mock);
  mock.rd_kafka_mock_broker_set_rtt(env.mock, 1, 300);

  produceNumbers(p, 't', 2, { first: 1, partition: 0 });
  pollUntil(p, () => requestsOf(env.mock, PRODUCE).length === 2, 'two requests');
  expect(rk.test_fatal_error(p.handle, OUT_OF_ORDER, 'a test')).toBe(0);

  expectEnded(p, OUT_OF_ORDER, /a test/);
  expect(outcomes(p.reports)).toBe('ok x 3');
  expect(await stored(env)).toEqual([0, 1, 2]);
});
