// 0074: a message that producev and produceva refuse leaves nothing behind that keeps the handle from ending.
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
  RD_KAFKA_V_HEADER,
  RD_KAFKA_V_TOPIC,
  RD_KAFKA_V_VALUE,
  rd_kafka_destroy,
  rd_kafka_err2name,
  rd_kafka_error_code,
  rd_kafka_outq_len,
  rd_kafka_producev,
  rd_kafka_produceva,
} from '../../../src/rdkafka.ts';
import { aProducer } from '../builders.ts';
import { nothingLeft } from '../nothing_left.ts';

export async function refusedLeavesNothing(t: TestContext): Promise<void> {
  const { rk, reports } = aProducer(t, { 'message.max.bytes': 1000 });
  const value = RD_KAFKA_V_VALUE(Buffer.alloc(2000));

  const err = rd_kafka_producev(rk, RD_KAFKA_V_TOPIC('test'), value);
  const error = rd_kafka_produceva(rk, [
    RD_KAFKA_V_TOPIC('test'),
    value,
    RD_KAFKA_V_HEADER('testheader', 'test value'),
  ]);
  const queued = rd_kafka_outq_len(rk);
  rd_kafka_destroy(rk);
  await nothingLeft();

  expect(rd_kafka_err2name(err)).toBe('MSG_SIZE_TOO_LARGE');
  expect(rd_kafka_error_code(error)).toBe(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
  expect([queued, reports.all.length]).toEqual([0, 0]);
}
