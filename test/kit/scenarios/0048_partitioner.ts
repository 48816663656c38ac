// 0048: each built-in partitioner puts known keys where librdkafka puts them; one of the application's that names a
// partition which is not there makes produce fail, and nothing else.
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_PARTITION_UA,
  RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
  rd_kafka_flush,
  rd_kafka_producev,
  rd_kafka_topic_conf_new,
  rd_kafka_topic_conf_set_partitioner_cb,
  rd_kafka_topic_destroy,
  rd_kafka_topic_new,
} from '../../../src/rdkafka.ts';
import { aProducer } from '../builders.ts';
import { send } from '../sending.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const PARTITIONS = 17;
/** How often each key is sent: the first time before metadata is known, later ones after. */
const ROUNDS = 20;

const KEYS: readonly (string | null)[] = [
  null,
  '',
  '23456',
  'this is another string with more length to it perhaps',
  'hejsan',
];

/** The hash of each key; null: anywhere. */
export const HASHES: Readonly<Record<string, readonly (number | null)[]>> = {
  random: [null, null, null, null, null],
  consistent: [0, 0, 0xb1b451d7, 0xb0150df7, 0xd077037e],
  consistent_random: [null, null, 0xb1b451d7, 0xb0150df7, 0xd077037e],
  murmur2: [0x106e08d9, 0x106e08d9, 0x058d780f, 0x4f7703da, 0x5ec19395],
  murmur2_random: [null, 0x106e08d9, 0x058d780f, 0x4f7703da, 0x5ec19395],
  fnv1a: [0x7ee3623b, 0x7ee3623b, 0x27e6f469, 0x155e3e5f, 0x17b1e27a],
  fnv1a_random: [null, 0x7ee3623b, 0x27e6f469, 0x155e3e5f, 0x17b1e27a],
};

export async function builtInPartitioner(t: TestContext, { bootstrap }: Env, partitioner: string): Promise<void> {
  const topic = await freshTopic(bootstrap, PARTITIONS);
  const config = { 'bootstrap.servers': bootstrap, partitioner, 'sticky.partitioning.linger.ms': 0 };
  const { rk, reports } = aProducer(t, config);
  const bytes = (key: string | null): Uint8Array | null => (key === null ? null : Buffer.from(key));

  for (let round = 0; round < ROUNDS; round++) {
    KEYS.forEach((text, opaque) => {
      const key = round % 2 === 0 ? text : bytes(text);
      expect(rd_kafka_producev(rk, { topic, key, opaque })).toBe(0);
    });
    expect(rd_kafka_flush(rk, 45_000)).toBe(0);
  }

  expect(reports.errors).toEqual([]);
  expect(reports.all.length).toBe(ROUNDS * KEYS.length);
  HASHES[partitioner]!.forEach((hash, i) => {
    const seen = new Set(reports.all.filter(({ opaque }) => opaque === i).map(({ partition }) => partition));
    if (hash === null) expect(seen.size, `partitions of key ${i}`).toBeGreaterThan(1);
    else expect([...seen], `partitions of key ${i}`).toEqual([hash % PARTITIONS]);
  });
}

const REFUSED = 10_000;

export async function partitionerOutOfRange(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 4);
  const config = { 'bootstrap.servers': bootstrap, 'sticky.partitioning.linger.ms': 0 };
  const { rk, reports } = aProducer(t, config);
  const conf = rd_kafka_topic_conf_new();
  rd_kafka_topic_conf_set_partitioner_cb(conf, (_rkt, _key, partition_cnt) => partition_cnt + 10);
  const rkt = rd_kafka_topic_new(rk, topic, conf)!;
  // To a partition of the caller's, so that the topic is known behind them.
  expect([send(rkt, 0, { opaque: 'a' }), send(rkt, 0, { opaque: 'b' })]).toEqual([0, 0]);
  expect(rd_kafka_flush(rk, 45_000)).toBe(0);

  const errs = new Set<number>();
  for (let i = 0; i < REFUSED; i++) errs.add(send(rkt, RD_KAFKA_PARTITION_UA, { opaque: i }));
  const flushed = rd_kafka_flush(rk, 45_000);

  expect([...errs]).toEqual([RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION]);
  expect(flushed).toBe(0);
  reports.verify(['a', 'b']);
  expect(reports.all.length).toBe(2);
  rd_kafka_topic_destroy(rkt);
}
