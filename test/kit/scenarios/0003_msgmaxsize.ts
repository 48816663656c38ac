// 0003: message.max.bytes counts key, value and framing: what is larger is refused at once, the rest is delivered.
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
  RD_KAFKA_RESP_ERR_NO_ERROR,
  rd_kafka_topic_destroy,
} from '../../../src/rdkafka.ts';
import { aProducer } from '../builders.ts';
import { aTopicHandle, pollReports, send } from '../sending.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

/** Bytes of key and value, -1 for null, and what produce says to them. */
const SIZES: readonly (readonly [key: number, value: number, err: number])[] = [
  [-1, 5000, RD_KAFKA_RESP_ERR_NO_ERROR],
  [0, 99_900, RD_KAFKA_RESP_ERR_NO_ERROR],
  [0, 100_000, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE],
  [100_000, 0, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE],
  [1000, 100_000, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE],
  [0, 101_000, RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE],
  [99_000, -1, RD_KAFKA_RESP_ERR_NO_ERROR],
];

export async function messageMaxBytes(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  const { rk, reports } = aProducer(t, { 'bootstrap.servers': bootstrap, 'message.max.bytes': 100_000 });
  const rkt = aTopicHandle(rk, topic);
  const bytes = (size: number): Uint8Array | null => (size < 0 ? null : new Uint8Array(size));

  const errs = SIZES.map(([key, value], i) => send(rkt, 0, { key: bytes(key), value: bytes(value), opaque: i }));
  pollReports(rk);

  expect(errs).toEqual(SIZES.map(([, , err]) => err));
  reports.verify([0, 1, 6]);
  expect(reports.all.length).toBe(3);
  rd_kafka_topic_destroy(rkt);
}
