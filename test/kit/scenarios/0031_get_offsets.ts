// 0031: the ends of a partition: asked of its leader, wherever that is, and as heard while it is consumed.
import { expect, type TestContext } from 'vitest';
import {
  out,
  RD_KAFKA_OFFSET_BEGINNING,
  RD_KAFKA_OFFSET_INVALID,
  RD_KAFKA_RESP_ERR_NO_ERROR,
  rd_kafka_assign,
  rd_kafka_destroy,
  rd_kafka_err2name,
  rd_kafka_get_watermark_offsets,
  rd_kafka_query_watermark_offsets,
  type rd_kafka_t,
} from '../../../src/rdkafka.ts';
import {
  RD_KAFKAP_ListOffsets,
  rd_kafka_mock_broker_push_request_error_rtts,
  rd_kafka_mock_partition_set_leader,
  rd_kafka_mock_topic_create,
} from '../../../src/rdkafka_mock.ts';
import { aConsumer, aProducer } from '../builders.ts';
import { consumeMessages } from '../consuming.ts';
import { MsgVer } from '../msgver.ts';
import { produceMessages } from '../reports.ts';
import { freshTopic } from '../topics.ts';
import type { Env, MockEnv } from './env.ts';

const COUNT = 100;

interface Ends {
  readonly err: string;
  readonly low: number;
  readonly high: number;
}

function query(rk: rd_kafka_t, topic: string, timeoutMs = 15_000): Ends {
  const [low, high] = [out(-1234), out(-1235)];
  const err = rd_kafka_query_watermark_offsets(rk, topic, 0, low, high, timeoutMs);
  return { err: rd_kafka_err2name(err), low: low.value, high: high.value };
}

function cached(rk: rd_kafka_t, topic: string): Ends {
  const [low, high] = [out(-1234), out(-1235)];
  const err = rd_kafka_get_watermark_offsets(rk, topic, 0, low, high);
  return { err: rd_kafka_err2name(err), low: low.value, high: high.value };
}

/** What the leader says, and what is known without asking once the partition is consumed: nothing before. */
export async function askedAndHeard(t: TestContext, env: Env): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  const p = aProducer(t, { 'bootstrap.servers': env.bootstrap });
  const id = produceMessages(p, topic, 0, 0, COUNT);
  rd_kafka_destroy(p.rk);
  const c = aConsumer(t, { 'bootstrap.servers': env.bootstrap });

  const asked = query(c, topic);
  const before = cached(c, topic);
  expect(rd_kafka_assign(c, [{ topic, partition: 0, offset: RD_KAFKA_OFFSET_BEGINNING }])).toBe(0);
  consumeMessages(c, new MsgVer(id), COUNT);

  expect(asked).toEqual({ err: 'NO_ERROR', low: 0, high: COUNT });
  expect(before).toEqual({ err: 'NO_ERROR', low: RD_KAFKA_OFFSET_INVALID, high: RD_KAFKA_OFFSET_INVALID });
  expect(cached(c, topic)).toEqual({ err: 'NO_ERROR', low: 0, high: COUNT });
}

/** An answer that takes longer than the caller waits. */
export function queryTimesOut(t: TestContext, env: MockEnv): void {
  const wait = 500;
  expect(rd_kafka_mock_topic_create(env.mock, 'test', 1, 1)).toBe(0);
  const none = RD_KAFKA_RESP_ERR_NO_ERROR;
  const late = 20_000;
  rd_kafka_mock_broker_push_request_error_rtts(env.mock, 1, RD_KAFKAP_ListOffsets, 2, none, late, none, late);
  const { rk } = aProducer(t, { 'bootstrap.servers': env.bootstrap });

  expect(query(rk, 'test', wait)).toEqual({ err: '_TIMED_OUT', low: -1234, high: -1235 });
}

/** After a move of the leader one call is told so, and the next one asks the new leader. */
export function queryFollowsLeader(t: TestContext, env: MockEnv): void {
  expect(rd_kafka_mock_topic_create(env.mock, 'test', 1, 2)).toBe(0);
  expect(rd_kafka_mock_partition_set_leader(env.mock, 'test', 0, 1)).toBe(0);
  const { rk } = aProducer(t, { 'bootstrap.servers': env.bootstrap });
  const first = query(rk, 'test').err;

  expect(rd_kafka_mock_partition_set_leader(env.mock, 'test', 0, 2)).toBe(0);
  const moved = query(rk, 'test').err;
  const after = query(rk, 'test').err;

  expect([first, moved, after]).toEqual(['NO_ERROR', 'NOT_LEADER_FOR_PARTITION', 'NO_ERROR']);
}
