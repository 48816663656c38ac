// 0054: offsets by time: of the first message at or after it, or the end; partitions that are not there.
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_V_PARTITION,
  RD_KAFKA_V_TIMESTAMP,
  RD_KAFKA_V_TOPIC,
  RD_KAFKA_V_VALUE,
  rd_kafka_err2name,
  rd_kafka_flush,
  rd_kafka_offsets_for_times,
  rd_kafka_producev,
  type rd_kafka_t,
} from '../../../src/rdkafka.ts';
import { aProducer } from '../builders.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

/** Each the time of one message, whose offset is its place here. */
const TIMES = [1234, 999_999_999_999];

function asked(
  rk: rd_kafka_t,
  topic: string,
  time: number,
  partitions: readonly number[],
  timeoutMs: number,
): [string, ...(number | string)[]] {
  const list = partitions.map((partition) => ({ topic, partition, offset: time, err: 0 }));
  const err = rd_kafka_offsets_for_times(rk, list, timeoutMs);
  return [rd_kafka_err2name(err), ...list.map((each) => (each.err === 0 ? each.offset : rd_kafka_err2name(each.err)))];
}

export async function offsetsByTime(t: TestContext, { bootstrap }: Env): Promise<void> {
  const { rk } = aProducer(t, { 'bootstrap.servers': bootstrap, acks: 'all' });
  const beforeItExists = asked(rk, 'no-such-topic', TIMES[0]!, [97, 98, 99], 15_000);
  const topic = await freshTopic(bootstrap, 4);
  for (const partition of [0, 1])
    for (const time of TIMES) {
      const where = [RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(partition)] as const;
      rd_kafka_producev(rk, ...where, RD_KAFKA_V_TIMESTAMP(time), RD_KAFKA_V_VALUE('value'));
    }
  expect(rd_kafka_flush(rk, 15_000)).toBe(0);

  expect(beforeItExists[0]).toBe('_UNKNOWN_PARTITION');
  for (const [offset, time] of TIMES.entries()) {
    expect(asked(rk, topic, time, [0, 1], 15_000)).toEqual(['NO_ERROR', offset, offset]);
    expect(asked(rk, topic, time - 1, [0, 1], -1)).toEqual(['NO_ERROR', offset, offset]);
    expect(asked(rk, topic, time, [0, 1], 0)[0]).toBe('_TIMED_OUT');
    expect(asked(rk, topic, time, [0, 1, 2, 20, 3, 21], -1)).toEqual([
      'NO_ERROR',
      offset,
      offset,
      -1,
      '_UNKNOWN_PARTITION',
      -1,
      '_UNKNOWN_PARTITION',
    ]);
  }
  expect(asked(rk, topic, TIMES[1]! + 1, [0, 1], 15_000)).toEqual(['NO_ERROR', -1, -1]);
  expect(asked(rk, topic, TIMES[1]! + 1, [], 15_000)).toEqual(['_INVALID_ARG']);
}
