// 0017: what is produced with each codec is consumed whole, and what would not shrink goes out plain.
import { expect, type TestContext } from 'vitest';
import { rd_kafka_destroy, rd_kafka_topic_destroy } from '../../../src/rdkafka.ts';
import { assignAll } from '../assign.ts';
import { aConsumer, aProducer, type Config } from '../builders.ts';
import { consumeMessages } from '../consuming.ts';
import { MsgVer } from '../msgver.ts';
import { readTopic } from '../read_topic.ts';
import { produceMessages } from '../reports.ts';
import { aTopicHandle } from '../sending.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const COUNT = 1000;
const SIZE = 512;
const CODEC_BITS = 7;

/** By their number in a batch's attributes. */
export const CODECS = ['none', 'gzip', 'snappy', 'lz4', 'zstd'] as const;
export type Codec = (typeof CODECS)[number];

/** The codec is the topic's own property, beside another of the handle; or the handle's. */
export async function throughCodec(
  t: TestContext,
  { bootstrap }: Env,
  codec: Codec,
  where: 'topic' | 'handle',
): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  const id = produceCompressed(t, bootstrap, topic, codec, where);

  for (const crcs of [false, true]) {
    const c = aConsumer(t, { 'bootstrap.servers': bootstrap, 'check.crcs': crcs });
    const ver = new MsgVer(id).expect(0, 0, COUNT);
    assignAll(c, topic, 1);
    consumeMessages(c, ver, COUNT);
    ver.verify(`check.crcs=${crcs}`);
    expect(ver.seen.slice(1).every(({ payload }) => payload!.length === SIZE)).toBe(true);
    rd_kafka_destroy(c);
  }

  const { batches } = await readTopic(bootstrap, topic);
  const [small, ...large] = batches.map(({ count, attributes }) => [count, CODECS[attributes & CODEC_BITS]]);
  expect(small).toEqual([1, 'none']);
  expect([...new Set(large.map(([, used]) => used))]).toEqual([codec]);
}

/** One message that is too small to shrink, in a batch of its own, then those that repeat themselves. */
function produceCompressed(
  t: TestContext,
  bootstrap: string,
  topic: string,
  codec: Codec,
  where: 'topic' | 'handle',
): string {
  const other = codec === 'none' ? 'gzip' : 'none';
  const ofHandle: Config = { 'compression.codec': where === 'handle' ? codec : other };
  const p = aProducer(t, { 'bootstrap.servers': bootstrap, 'linger.ms': 60_000, ...ofHandle });
  // Held while the messages are made: this is the topic that they are made for.
  const rkt = aTopicHandle(p.rk, topic, where === 'topic' ? { 'compression.codec': codec } : null);
  const id = produceMessages(p, topic, 0, 0, 1);
  produceMessages(p, topic, 0, 1, COUNT - 1, { id, size: SIZE });
  rd_kafka_topic_destroy(rkt);
  rd_kafka_destroy(p.rk);
  return id;
}
