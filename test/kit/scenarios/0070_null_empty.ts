// 0070: null and empty are two things, for keys and for values, all the way.
import { expect, type TestContext } from 'vitest';
import {
  rd_kafka_assign,
  rd_kafka_consumer_poll,
  rd_kafka_err2name,
  rd_kafka_flush,
  type rd_kafka_message_t,
  rd_kafka_producev,
} from '../../../src/rdkafka.ts';
import { aConsumer, aProducer } from '../builders.ts';
import { pollUntil } from '../consuming.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const MESSAGES: readonly (readonly [key: string | null, value: string | null])[] = [
  [null, null],
  ['key2', null],
  ['key3', 'val3'],
  [null, 'val4'],
  ['', null],
  [null, ''],
  ['', ''],
  ['key8', ''],
];

export async function nullAndEmpty(t: TestContext, { bootstrap }: Env, apiVersions: boolean): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  const config = { 'bootstrap.servers': bootstrap, 'api.version.request': apiVersions };
  const { rk } = aProducer(t, { ...config, acks: 'all' });
  for (const [key, value] of MESSAGES) expect(rd_kafka_producev(rk, { topic, partition: 0, key, value })).toBe(0);
  expect(rd_kafka_flush(rk, 45_000)).toBe(0);

  const c = aConsumer(t, { ...config, 'enable.auto.commit': false });
  expect(rd_kafka_assign(c, [{ topic, partition: 0 }])).toBe(0);
  const got: rd_kafka_message_t[] = [];
  pollUntil(
    'all of them',
    () => {
      const message = rd_kafka_consumer_poll(c, 200);
      if (message !== null) got.push(message);
    },
    () => got.length === MESSAGES.length,
  );

  const text = (bytes: Buffer | null): string | null => bytes?.toString() ?? null;
  expect(got.map(({ err }) => rd_kafka_err2name(err))).toEqual(MESSAGES.map(() => 'NO_ERROR'));
  expect(got.map(({ key, payload }) => [text(key), text(payload)])).toEqual(MESSAGES);
  expect(got.map(({ key_len, len }) => [key_len, len])).toEqual(
    MESSAGES.map(([key, value]) => [key?.length ?? 0, value?.length ?? 0]),
  );
}
