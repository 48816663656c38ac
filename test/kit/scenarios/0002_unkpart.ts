// 0002: messages for a partition that the topic has not fail; those that nobody can place time out.
import { expect, type TestContext } from 'vitest';
import {
  out,
  RD_KAFKA_PARTITION_UA,
  RD_KAFKA_RESP_ERR__MSG_TIMED_OUT,
  RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
  rd_kafka_flush,
  rd_kafka_metadata,
  rd_kafka_metadata_destroy,
  type rd_kafka_metadata_t,
  rd_kafka_outq_len,
  rd_kafka_poll,
  type rd_kafka_t,
  rd_kafka_topic_destroy,
  type rd_kafka_topic_t,
} from '../../../src/rdkafka.ts';
import { aProducer } from '../builders.ts';
import { aTopicHandle, send } from '../sending.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const MISSING = 99;
const COUNT = 10;

/** From the sixth message on metadata was asked for, and nothing is accepted any more. */
export async function unknownPartition(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 4);
  const { rk, reports } = aProducer(t, { 'bootstrap.servers': bootstrap });
  const rkt = aTopicHandle(rk, topic);
  askMetadata(rk, rkt);

  const refused: number[] = [];
  const accepted: number[] = [];
  for (let i = 0; i < COUNT; i++) {
    const err = send(rkt, MISSING, { value: `message #${i}`, opaque: i });
    if (err === 0) accepted.push(i);
    else refused.push(err);
    if (i === 5) askMetadata(rk, rkt);
  }
  const flushed = rd_kafka_flush(rk, 45_000);

  expect(flushed).toBe(0);
  expect([...new Set(refused)]).toEqual([RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION]);
  expect(Math.max(-1, ...accepted)).toBeLessThanOrEqual(5);
  reports.verify(accepted, RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
  rd_kafka_topic_destroy(rkt);
}

function askMetadata(rk: rd_kafka_t, rkt: rd_kafka_topic_t): void {
  const found = out<rd_kafka_metadata_t>();
  expect(rd_kafka_metadata(rk, false, rkt, found, 45_000)).toBe(0);
  rd_kafka_metadata_destroy(found.value);
}

/** There is no broker at all, so the topic stays unknown. */
export function nobodyToPlaceThem(t: TestContext): void {
  const { rk, reports } = aProducer(t, { 'message.timeout.ms': 10, debug: 'topic' });
  const rkt = aTopicHandle(rk, 'unplaced');

  const errs = [
    send(rkt, RD_KAFKA_PARTITION_UA, { opaque: 'null' }),
    send(rkt, RD_KAFKA_PARTITION_UA, { value: 'hi', key: 'hello', opaque: 'keyed' }),
    send(rkt, 9, { value: 'three', opaque: 'placed' }),
  ];
  rd_kafka_poll(rk, 1);
  rd_kafka_poll(rk, 2);
  const flushed = rd_kafka_flush(rk, 45_000);

  expect([...errs, flushed, rd_kafka_outq_len(rk)]).toEqual([0, 0, 0, 0, 0]);
  reports.verify(['null', 'keyed', 'placed'], RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
  rd_kafka_topic_destroy(rkt);
}
