// 0052: a consumed message has the producer's timestamp, or the broker's where the topic says so, whatever the codec.
import { expect, type TestContext } from 'vitest';
import {
  out,
  RD_KAFKA_TIMESTAMP_CREATE_TIME,
  RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME,
  rd_kafka_destroy,
  rd_kafka_flush,
  type rd_kafka_message_t,
  rd_kafka_message_timestamp,
  rd_kafka_producev,
  type rd_kafka_timestamp_type_t,
} from '../../../src/rdkafka.ts';
import { assignAll } from '../assign.ts';
import { aConsumer, aProducer } from '../builders.ts';
import { consumeMessages } from '../consuming.ts';
import { MsgVer, newTestId, payloadOf } from '../msgver.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const COUNT = 20;
const DAY_MS = 86_400_000;
/** The broker's clock is within so much of ours. */
const NEAR_MS = 600_000;

export type TimestampType = 'CreateTime' | 'LogAppendTime';

interface Stamp {
  readonly type: number;
  readonly timestamp: number;
}

export async function timestampsOf(
  t: TestContext,
  { bootstrap }: Env,
  kind: TimestampType,
  codec: 'none' | 'gzip',
): Promise<void> {
  const topic = await freshTopic(bootstrap, 1, { configs: { 'message.timestamp.type': kind } });
  const now = Date.now();
  const own = now - DAY_MS;
  const id = produceStamped(t, bootstrap, topic, own, codec);

  const stamps: Stamp[] = [];
  const ver = new MsgVer(id).expect(0, 0, COUNT);
  const c = aConsumer(t, { 'bootstrap.servers': bootstrap });
  assignAll(c, topic, 1);
  consumeMessages(c, ver, COUNT, { each: (message) => stamps.push(stampOf(message)) });

  ver.verify(topic);
  if (kind === 'CreateTime') {
    const wanted: Stamp = { type: RD_KAFKA_TIMESTAMP_CREATE_TIME, timestamp: own };
    expect(stamps).toEqual(Array.from({ length: COUNT }, () => wanted));
  } else {
    expect(stamps.filter(({ type }) => type !== RD_KAFKA_TIMESTAMP_LOG_APPEND_TIME)).toEqual([]);
    expect(stamps.filter(({ timestamp }) => Math.abs(timestamp - now) > NEAR_MS)).toEqual([]);
  }
}

function stampOf(message: rd_kafka_message_t): Stamp {
  const type = out<rd_kafka_timestamp_type_t>();
  const timestamp = rd_kafka_message_timestamp(message, type);
  return { type: type.value, timestamp };
}

/** In five batches. */
function produceStamped(t: TestContext, bootstrap: string, topic: string, timestamp: number, codec: string): string {
  const id = newTestId();
  const config = { 'compression.codec': codec, 'batch.num.messages': COUNT / 5 };
  const { rk, reports } = aProducer(t, { 'bootstrap.servers': bootstrap, ...config });
  const opaques = Array.from({ length: COUNT }, (_, i) => i);
  for (const opaque of opaques) {
    const value = payloadOf(id, 0, opaque, 100);
    expect(rd_kafka_producev(rk, { topic, partition: 0, value, key: `key ${opaque}`, timestamp, opaque })).toBe(0);
  }
  expect(rd_kafka_flush(rk, 45_000)).toBe(0);
  reports.verify(opaques);
  rd_kafka_destroy(rk);
  return id;
}
