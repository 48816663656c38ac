// 0043: a producer without any broker: its messages time out, and it can be destroyed at any time.
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_PARTITION_UA,
  RD_KAFKA_RESP_ERR__MSG_TIMED_OUT,
  RD_KAFKA_RESP_ERR__PURGE_QUEUE,
  rd_kafka_destroy,
  rd_kafka_flush,
  rd_kafka_outq_len,
  rd_kafka_poll,
  type rd_kafka_t,
  rd_kafka_topic_destroy,
} from '../../../src/rdkafka.ts';
import { aProducer } from '../builders.ts';
import { aTopicHandle, sendOrThrow } from '../sending.ts';

const EACH = 100;
const TARGETS: readonly number[] = [RD_KAFKA_PARTITION_UA, 0, 1];

/** A hundred messages for whichever partition and for the first two each; gives their opaques. */
function queueUp(rk: rd_kafka_t, timeout_ms: number): string[] {
  const rkt = aTopicHandle(rk, 'unreachable', { 'message.timeout.ms': timeout_ms });
  const opaques: string[] = [];
  for (const partition of TARGETS)
    for (let i = 0; i < EACH; i++) {
      const opaque = `${partition}/${i}`;
      sendOrThrow(rkt, partition, { value: opaque.padEnd(100, '.'), opaque });
      opaques.push(opaque);
    }
  rd_kafka_topic_destroy(rkt);
  return opaques;
}

export function destroyedWithoutBroker(t: TestContext): void {
  const { rk, reports } = aProducer(t);
  const opaques = queueUp(rk, 300_000);

  rd_kafka_poll(rk, 1000);
  const queued = rd_kafka_outq_len(rk);
  rd_kafka_destroy(rk);

  expect(queued).toBe(opaques.length);
  reports.verify(opaques, RD_KAFKA_RESP_ERR__PURGE_QUEUE);
}

export function timedOutWithoutBroker(t: TestContext): void {
  const { rk, reports } = aProducer(t);
  const opaques = queueUp(rk, 1000);

  const flushed = rd_kafka_flush(rk, 45_000);

  expect([flushed, rd_kafka_outq_len(rk)]).toEqual([0, 0]);
  reports.verify(opaques, RD_KAFKA_RESP_ERR__MSG_TIMED_OUT);
}
