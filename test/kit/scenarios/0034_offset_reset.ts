// 0034: auto.offset.reset, for an offset that is out of range and for one that was never committed: all its values, what
// the app is told with `error`, and for which errors a reset is not the answer.
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_OFFSET_INVALID,
  RD_KAFKA_OFFSET_STORED,
  RD_KAFKA_OFFSET_TAIL,
  RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET,
  RD_KAFKA_RESP_ERR__NO_OFFSET,
  RD_KAFKA_RESP_ERR__PARTITION_EOF,
  RD_KAFKA_RESP_ERR__TRANSPORT,
  RD_KAFKA_RESP_ERR_NO_ERROR,
  RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE,
  RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
  RD_KAFKA_V_PARTITION,
  RD_KAFKA_V_TIMESTAMP,
  RD_KAFKA_V_TOPIC,
  RD_KAFKA_V_VALUE,
  rd_kafka_assign,
  rd_kafka_consumer_close,
  rd_kafka_consumer_poll,
  rd_kafka_destroy,
  rd_kafka_err2name,
  rd_kafka_err2str,
  rd_kafka_flush,
  rd_kafka_message_errstr,
  type rd_kafka_message_t,
  rd_kafka_producev,
  type rd_kafka_t,
} from '../../../src/rdkafka.ts';
import {
  RD_KAFKAP_ListOffsets,
  rd_kafka_mock_broker_set_down,
  rd_kafka_mock_broker_set_up,
  rd_kafka_mock_clear_request_errors,
  rd_kafka_mock_push_request_errors,
  rd_kafka_mock_topic_create,
} from '../../../src/rdkafka_mock.ts';
import { aConsumer, aProducer } from '../builders.ts';
import { pollUntil } from '../consuming.ts';
import { freshTopic } from '../topics.ts';
import type { Env, MockEnv } from './env.ts';

const COUNT = 20;
/** As many are two days old, the others new. */
const OLD = 8;
const DAY_MS = 86_400_000;
const AT_END = `_PARTITION_EOF @${COUNT}`;

/** Value of auto.offset.reset -> the first that the app hears. */
export const RESETS: Readonly<Record<string, string>> = {
  earliest: 'message @0',
  smallest: 'message @0',
  beginning: 'message @0',
  latest: AT_END,
  largest: AT_END,
  end: AT_END,
  error: '_AUTO_OFFSET_RESET',
  'by_duration:P1D': `message @${OLD}`,
  'by_duration:P3D': 'message @0',
  'by_duration:PT0S': AT_END,
};

function fill(t: TestContext, { bootstrap }: Env, topic: string): void {
  const { rk } = aProducer(t, { 'bootstrap.servers': bootstrap });
  const now = Date.now() - 60_000;
  for (let i = 0; i < COUNT; i++) {
    const where = [RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(0), RD_KAFKA_V_VALUE('value')] as const;
    expect(rd_kafka_producev(rk, ...where, RD_KAFKA_V_TIMESTAMP(i < OLD ? now - 2 * DAY_MS : now))).toBe(0);
  }
  expect(rd_kafka_flush(rk, 15_000)).toBe(0);
  rd_kafka_destroy(rk);
}

function next(rk: rd_kafka_t): rd_kafka_message_t {
  let message: rd_kafka_message_t | null = null;
  pollUntil(
    'a message or an error',
    () => {
      message = rd_kafka_consumer_poll(rk, 200);
    },
    () => message !== null,
  );
  return message!;
}

function said({ err, offset }: rd_kafka_message_t): string {
  if (err === 0) return `message @${offset}`;
  const at = err === RD_KAFKA_RESP_ERR__PARTITION_EOF ? ` @${offset}` : '';
  return `${rd_kafka_err2name(err)}${at}`;
}

/** The same answer whether the offset is out of range or was never committed; then everything up to the end. */
export async function resetsTo(t: TestContext, env: Env, reset: string, first: string): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  fill(t, env, topic);
  for (const [offset, why] of [
    [COUNT + 5, RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE],
    [RD_KAFKA_OFFSET_INVALID, RD_KAFKA_RESP_ERR__NO_OFFSET],
  ] as const) {
    const c = aConsumer(t, {
      'bootstrap.servers': env.bootstrap,
      'auto.offset.reset': reset,
      'enable.partition.eof': true,
    });
    expect(rd_kafka_assign(c, [{ topic, partition: 0, offset }])).toBe(0);
    const heard = next(c);

    expect([offset, said(heard)]).toEqual([offset, first]);
    if (heard.err === 0) {
      let last = heard;
      while (last.err === 0) last = next(c);
      expect(said(last)).toBe(AT_END);
    }
    if (heard.err === RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET)
      expect(rd_kafka_message_errstr(heard)).toContain(rd_kafka_err2str(why));
    expect(rd_kafka_consumer_close(c)).toBe(0);
  }
}

export interface ErrorCase {
  readonly name: string;
  readonly inject: number;
  /** Named in the error's text; 0: a message comes. */
  readonly expect: number;
  readonly offset: number;
  readonly brokerDown?: true;
}

const tail = RD_KAFKA_OFFSET_TAIL(COUNT);

export const ERROR_CASES: readonly ErrorCase[] = [
  { name: 'a broker that is down', inject: 0, expect: 0, offset: tail, brokerDown: true },
  { name: 'a connection that ends', inject: RD_KAFKA_RESP_ERR__TRANSPORT, expect: 0, offset: tail },
  {
    name: 'rights that are missing',
    inject: RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
    expect: RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
    offset: tail,
  },
  { name: 'no committed offset', inject: 0, expect: RD_KAFKA_RESP_ERR__NO_OFFSET, offset: RD_KAFKA_OFFSET_STORED },
];

/** With auto.offset.reset=error: what passes is waited for, what does not is told with its cause. */
export function errorsOfReset(t: TestContext, env: MockEnv, one: ErrorCase): void {
  const topic = 'topic';
  expect(rd_kafka_mock_topic_create(env.mock, topic, 1, 1)).toBe(0);
  fill(t, env, topic);
  const c = aConsumer(t, {
    'bootstrap.servers': env.bootstrap,
    'auto.offset.reset': 'error',
    'enable.auto.commit': false,
    'reconnect.backoff.max.ms': 1000,
  });
  const none = RD_KAFKA_RESP_ERR_NO_ERROR;
  const { inject } = one;
  if (one.brokerDown) rd_kafka_mock_broker_set_down(env.mock, 1);
  if (inject !== none)
    rd_kafka_mock_push_request_errors(env.mock, RD_KAFKAP_ListOffsets, 5, inject, inject, inject, inject, inject);

  expect(rd_kafka_assign(c, [{ topic, partition: 0, offset: one.offset }])).toBe(0);
  if (one.brokerDown) {
    for (let i = 0; i < 5; i++) expect(rd_kafka_consumer_poll(c, 100)).toBeNull();
    rd_kafka_mock_broker_set_up(env.mock, 1);
  }
  let heard = next(c);
  // The error itself is told too.
  while (heard.err !== 0 && heard.err !== RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET) heard = next(c);

  expect(said(heard)).toBe(one.expect === none ? 'message @0' : '_AUTO_OFFSET_RESET');
  if (one.expect !== none) expect(rd_kafka_message_errstr(heard)).toContain(rd_kafka_err2str(one.expect));
  rd_kafka_mock_clear_request_errors(env.mock, RD_KAFKAP_ListOffsets);
  expect(rd_kafka_consumer_close(c)).toBe(0);
}
