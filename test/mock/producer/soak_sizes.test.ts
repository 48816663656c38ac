// Messages from nothing to message.max.bytes, mixed over 64 partitions of plain and compressed topics, every byte checked:
// one round in `npm test`, rounds for SOAK_SECONDS in `npm run soak`.
import { expect, test } from 'vitest';
import type { Handle } from '../../../src/app/handle.ts';
import * as rk from '../../../src/index.ts';
import type { Producing } from '../../kit/producing.ts';
import { readTopic, type StoredRecord } from '../../kit/read_topic.ts';
import { deleteTopic, freshTopic } from '../../kit/topics.ts';
import { Generator } from '../../unit/records/generator.ts';
import { aMock } from './kit.ts';

const SOAK_MS = Number(process.env['SOAK_SECONDS'] ?? 0) * 1000;
/** A topic each, of eight partitions: 64 ways. */
const CODECS = ['none', 'gzip', 'none', 'snappy', 'none', 'lz4', 'none', 'zstd'];
const PARTITIONS = 8;
const WAYS = CODECS.length * PARTITIONS;
const PER_WAY = 20;
const MAX_BYTES = 1_000_000;
/** What counts against message.max.bytes beside key and value. */
const OVERHEAD = 36;
/** A mock keeps 5 MiB of each partition, of which one may be the largest of all. */
const MOST_PER_WAY = 4_500_000;
/** Extents, pages, chunks, headers: where one thing ends and another begins. */
const EDGES = [0, 1, 15, 16, 17, 4063, 4064, 4096, 16_384, 65_520, 65_536, 262_144, 524_288];

/** Half noise, half text that shrinks; values are cut out of it. */
const POOL = (() => {
  const random = new Generator(3);
  const pool = Buffer.alloc(4 << 20);
  for (let at = 0; at < pool.length; ) {
    if (random.below(2) === 0)
      for (let end = at + 20_000; at < end && at < pool.length; at++) pool[at] = random.below(256);
    else at += pool.write(`{"id":${random.below(1000)},"text":"${'again '.repeat(random.below(900))}"}`, at);
  }
  return pool;
})();

interface Message {
  readonly way: number;
  readonly key: string;
  readonly value: Buffer;
}

/** One message for each way in turn; each way gets an edge, one of the largest there may be, and sizes of all kinds. */
function messagesOf(seed: number): Message[] {
  const random = new Generator(seed);
  const bytes = new Array<number>(WAYS).fill(0);
  const messages: Message[] = [];
  for (let turn = 0; turn < PER_WAY; turn++) {
    for (let way = 0; way < WAYS; way++) {
      const key = `${way}-${turn}`;
      const largest = MAX_BYTES - OVERHEAD - key.length;
      // As many sizes of each number of digits.
      let size = Math.min(largest, Math.floor(Math.exp(random.random() * Math.log(MAX_BYTES))) - 1);
      if (turn === 3) size = EDGES[way % EDGES.length]!;
      if (turn === 4 + (way % 16)) size = largest;
      if (bytes[way]! + size > MOST_PER_WAY) size = 0;
      bytes[way]! += size;
      const from = random.below(POOL.length - size);
      messages.push({ way, key, value: POOL.subarray(from, from + size) });
    }
  }
  return messages;
}

function send({ handle }: Producing, topic: rk.rd_kafka_topic_t, { way, key, value }: Message): void {
  while (rk.produce(topic, way % PARTITIONS, rk.RD_KAFKA_MSG_F_COPY, value, key, key) !== 0) {
    const err = rk.last_error();
    if (err !== rk.RD_KAFKA_RESP_ERR__QUEUE_FULL) throw new Error(`${key} (${value.length}): ${rk.err2name(err)}`);
    rk.poll(handle, 10);
  }
}

/** The first difference between what a partition holds and what was sent to it, or ''. */
function difference(stored: readonly StoredRecord[], sent: readonly Message[]): string {
  if (stored.length !== sent.length) return `${stored.length} records of ${sent.length}`;
  const at = sent.findIndex(({ key, value }, i) => String(stored[i]!.key) !== key || !stored[i]!.value!.equals(value));
  if (at < 0) return '';
  return `${at}: ${stored[at]!.key} (${stored[at]!.value?.length}), not ${sent[at]!.key} (${sent[at]!.value.length})`;
}

async function openTopics(bootstrap: string, { handle }: Producing): Promise<rk.rd_kafka_topic_t[]> {
  const topics: rk.rd_kafka_topic_t[] = [];
  for (const codec of CODECS) {
    const conf = rk.topic_conf_new();
    rk.topic_conf_set(conf, 'compression.codec', codec, null);
    topics.push(rk.topic_new(handle, await freshTopic(bootstrap, PARTITIONS), conf)!);
  }
  return topics;
}

async function round(bootstrap: string, p: Producing, seed: number): Promise<void> {
  const topics = await openTopics(bootstrap, p);
  const messages = messagesOf(seed);
  for (const message of messages) {
    send(p, topics[Math.floor(message.way / PARTITIONS)]!, message);
    rk.poll(p.handle, 0);
  }
  expect(rk.flush(p.handle, 90_000)).toBe(0);

  const reports = p.reports.splice(0);
  expect([reports.length, new Set(reports.map(({ opaque }) => opaque)).size]).toEqual([WAYS * PER_WAY, WAYS * PER_WAY]);
  expect(reports.filter(({ err }) => err !== 0)).toEqual([]);
  for (const [index, topic] of topics.entries()) {
    const name = rk.topic_name(topic);
    const { records } = await readTopic(bootstrap, name);
    for (let partition = 0; partition < PARTITIONS; partition++) {
      const stored = records.filter((record) => record.partition === partition);
      const sent = messages.filter(({ way }) => way === index * PARTITIONS + partition);
      expect([CODECS[index], partition, difference(stored, sent)]).toEqual([CODECS[index], partition, '']);
    }
    rk.topic_destroy(topic);
    await deleteTopic(bootstrap, name);
  }
  expect((p.handle as unknown as Handle).writer!.extents.used).toBe(0);
}

test('64 partitions, sizes from nothing to message.max.bytes, plain and compressed: every byte arrives', async () => {
  const env = aMock(3, -1);
  const p = env.producer({ 'message.max.bytes': String(MAX_BYTES) });
  const end = performance.now() + SOAK_MS;

  for (let seed = 1; seed === 1 || performance.now() < end; seed++) await round(env.bootstrap, p, seed);
});
