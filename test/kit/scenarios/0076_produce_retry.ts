// 0076: a message is sent again as often as `retries` says, when nobody answers, when the connection goes, and when the
// broker found it damaged on its way.
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_MSG_STATUS_PERSISTED,
  RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED,
  RD_KAFKA_RESP_ERR_INVALID_MSG,
  rd_kafka_err2name,
  rd_kafka_flush,
  rd_kafka_poll,
} from '../../../src/rdkafka.ts';
import {
  RD_KAFKAP_Produce,
  rd_kafka_mock_push_request_errors,
  rd_kafka_mock_start_request_tracking,
} from '../../../src/rdkafka_mock.ts';
import { aProducer, type Config } from '../builders.ts';
import { pollUntil } from '../consuming.ts';
import { MsgVer } from '../msgver.ts';
import { aProxy, type Direction } from '../proxy.ts';
import { readTopic } from '../read_topic.ts';
import { produceMessages, queueMessages } from '../reports.ts';
import { requestsOf } from '../requests_seen.ts';
import { freshTopic } from '../topics.ts';
import type { Env, MockEnv } from './env.ts';

export interface RetryCase {
  readonly name: string;
  readonly config: Config;
  /** The name of the error that the message is reported with. */
  readonly ends: string;
}

export const SILENCE_CASES: readonly RetryCase[] = [
  { name: 'an idempotent producer with retries', config: { 'enable.idempotence': true, retries: 5 }, ends: 'NO_ERROR' },
  { name: 'one without retries', config: { retries: 0 }, ends: '_MSG_TIMED_OUT' },
];

/** Nobody answers before the request has timed out; the connection stays. */
export async function nobodyAnswers(t: TestContext, env: Env, one: RetryCase): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  const proxy = await aProxy(t, env.bootstrap);
  const config = { 'socket.timeout.ms': 1000, 'socket.max.fails': 100, 'retry.backoff.ms': 100, ...one.config };
  const p = aProducer(t, { 'bootstrap.servers': proxy.bootstrap, ...config });
  produceMessages(p, topic, 0, 0, 1);

  proxy.when('down', RD_KAFKAP_Produce, 0, 'hold');
  const { id } = queueMessages(p, topic, 0, 1, 1);
  const tries = (): number => proxy.count('up', RD_KAFKAP_Produce).came;
  pollUntil(
    'the message to be reported, or sent again twice',
    () => rd_kafka_poll(p.rk, 50),
    () => p.reports.all.length === 2 || tries() >= 4,
  );
  proxy.release();
  expect(rd_kafka_flush(p.rk, 45_000)).toBe(0);

  await verify(env, topic, id, p.reports.all[1]!, one.ends);
}

export const DISCONNECT_CASES: readonly RetryCase[] = [
  {
    name: 'an idempotent producer with one retry',
    config: { 'enable.idempotence': true, retries: 1 },
    ends: 'NO_ERROR',
  },
  { name: 'an idempotent producer', config: { 'enable.idempotence': true }, ends: 'NO_ERROR' },
  { name: 'one without retries', config: { retries: 0 }, ends: '_TRANSPORT' },
];

export type Loss = readonly [direction: Direction, action: 'cut' | 'half'];

/** The connection goes in place of the request, amid it, or in place of its answer. */
export const LOSSES: readonly Loss[] = [
  ['up', 'cut'],
  ['up', 'half'],
  ['down', 'cut'],
];

export async function disconnected(t: TestContext, env: Env, one: RetryCase, [direction, action]: Loss): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  const proxy = await aProxy(t, env.bootstrap);
  const p = aProducer(t, { 'bootstrap.servers': proxy.bootstrap, 'message.timeout.ms': 60_000, ...one.config });

  proxy.when(direction, RD_KAFKAP_Produce, 0, action);
  const { id } = queueMessages(p, topic, 0, 1, 1);
  expect(rd_kafka_flush(p.rk, 45_000)).toBe(0);

  await verify(env, topic, id, p.reports.all[0]!, one.ends);
}

/** What was delivered is there once; what was not may be there once. */
async function verify(
  env: Env,
  topic: string,
  id: string,
  report: { err: number; status: number },
  ends: string,
): Promise<void> {
  const failed = ends !== 'NO_ERROR';
  const status = failed ? RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED : RD_KAFKA_MSG_STATUS_PERSISTED;
  expect([rd_kafka_err2name(report.err), report.status]).toEqual([ends, status]);
  const ver = new MsgVer(id).expect(0, 1, 1);
  const { records } = await readTopic(env.bootstrap, topic);
  for (const { value, ...record } of records)
    if (value?.toString().startsWith(id)) ver.add({ topic, ...record, payload: value });
  expect(ver.problems({ missing: failed })).toEqual([]);
}

/** A batch that the broker found damaged is sent again. */
export function invalidMessage(t: TestContext, { bootstrap, mock }: MockEnv): void {
  rd_kafka_mock_start_request_tracking(mock);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap });

  rd_kafka_mock_push_request_errors(mock, RD_KAFKAP_Produce, 1, RD_KAFKA_RESP_ERR_INVALID_MSG);
  produceMessages(p, 'retried', -1, 0, 1);

  expect(requestsOf(mock, RD_KAFKAP_Produce)).toHaveLength(2);
}
