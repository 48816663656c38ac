// 0055: messages sent one after the other arrive without a flush, whatever linger and acks; the first message of a new
// topic costs one metadata request, and waits for nothing else.
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_MSG_F_COPY,
  RD_KAFKA_VTYPE_OPAQUE,
  RD_KAFKA_VTYPE_TOPIC,
  RD_KAFKA_VTYPE_VALUE,
  rd_kafka_clusterid,
  rd_kafka_destroy,
  rd_kafka_error_code,
  rd_kafka_flush,
  rd_kafka_poll,
  rd_kafka_produce_batch,
  rd_kafka_producev,
  rd_kafka_produceva,
  type rd_kafka_t,
  rd_kafka_topic_destroy,
} from '../../../src/rdkafka.ts';
import {
  RD_KAFKAP_Metadata,
  rd_kafka_mock_start_request_tracking,
  rd_kafka_mock_topic_create,
} from '../../../src/rdkafka_mock.ts';
import { aProducer, type Config } from '../builders.ts';
import { requestsOf } from '../requests_seen.ts';
import { aTopicHandle, pollReports, send } from '../sending.ts';
import { freshTopic } from '../topics.ts';
import type { Env, MockEnv } from './env.ts';

const TOPICS = 50;

export interface LatencyCase {
  readonly name: string;
  readonly config: Config;
  readonly messages: number;
}

export const LATENCY_CASES: readonly LatencyCase[] = [
  { name: 'the default settings', config: {}, messages: 10 },
  { name: 'linger.ms 0', config: { 'linger.ms': 0 }, messages: 10 },
  { name: 'a linger.ms of a microsecond', config: { 'linger.ms': 0.001 }, messages: 10 },
  { name: 'a linger.ms of 3000', config: { 'linger.ms': 3000 }, messages: 2 },
  { name: 'a linger.ms of 500', config: { 'linger.ms': 500 }, messages: 4 },
  { name: 'acks 0', config: { 'linger.ms': 0, acks: 0, 'enable.idempotence': false }, messages: 10 },
  { name: 'idempotence', config: { 'linger.ms': 10, 'enable.idempotence': true }, messages: 10 },
];

export async function oneAfterTheOther(t: TestContext, { bootstrap }: Env, one: LatencyCase): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  const { rk, reports } = aProducer(t, { 'bootstrap.servers': bootstrap, ...one.config });
  expect(rd_kafka_producev(rk, { topic, partition: 0, value: 'priming', opaque: 'priming' })).toBe(0);
  expect(rd_kafka_flush(rk, 45_000)).toBe(0);

  const opaques = Array.from({ length: one.messages }, (_, i) => i);
  for (const opaque of opaques) {
    expect(rd_kafka_producev(rk, { topic, partition: 0, value: 'hi', opaque })).toBe(0);
    pollReports(rk);
  }

  reports.verify(['priming', ...opaques]);
}

/** Each hands over one message and gives the code. */
export const WAYS_IN = {
  produce: (rk: rd_kafka_t, topic: string, opaque: number): number => {
    const rkt = aTopicHandle(rk, topic);
    const err = send(rkt, 0, { value: 'value', opaque });
    rd_kafka_topic_destroy(rkt);
    return err;
  },
  producev: (rk: rd_kafka_t, topic: string, opaque: number): number =>
    rd_kafka_producev(rk, { topic, partition: 0, value: 'value', opaque }),
  produceva: (rk: rd_kafka_t, topic: string, opaque: number): number =>
    rd_kafka_error_code(
      rd_kafka_produceva(rk, [
        { vtype: RD_KAFKA_VTYPE_TOPIC, u: { cstr: topic } },
        { vtype: RD_KAFKA_VTYPE_VALUE, u: { mem: { ptr: 'value' } } },
        { vtype: RD_KAFKA_VTYPE_OPAQUE, u: { ptr: opaque } },
      ]),
    ),
  produce_batch: (rk: rd_kafka_t, topic: string, opaque: number): number => {
    const rkt = aTopicHandle(rk, topic);
    const accepted = rd_kafka_produce_batch(rkt, 0, RD_KAFKA_MSG_F_COPY, [{ payload: 'value', _private: opaque }]);
    rd_kafka_topic_destroy(rkt);
    return accepted === 1 ? 0 : -1;
  },
} as const;
export type WayIn = keyof typeof WAYS_IN;

/** The first message of fifty topics: a metadata request each, no more. */
export function firstMessages(t: TestContext, { bootstrap, mock }: MockEnv, way: WayIn): void {
  const { rk, reports } = aProducer(t, { 'bootstrap.servers': bootstrap, 'linger.ms': 0 });
  // What a new client asks by itself is not counted.
  expect(rd_kafka_clusterid(rk, 45_000)).not.toBe(null);
  rd_kafka_mock_start_request_tracking(mock);

  for (let i = 0; i < TOPICS; i++) {
    const topic = `latency-${i}`;
    expect(rd_kafka_mock_topic_create(mock, topic, 1, 1)).toBe(0);
    expect(WAYS_IN[way](rk, topic, i)).toBe(0);
    rd_kafka_poll(rk, 0);
    expect(rd_kafka_flush(rk, 45_000)).toBe(0);
  }
  rd_kafka_destroy(rk);

  reports.verify(Array.from({ length: TOPICS }, (_, i) => i));
  expect(reports.all.filter(({ offset }) => offset !== 0)).toEqual([]);
  expect(requestsOf(mock, RD_KAFKAP_Metadata).length).toBe(TOPICS);
}
