// Each codec between us and the clients of others, over a real Kafka: Kafka's own in Java, kafkajs, and librdkafka by kcat
// where it is installed.
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CompressionCodecs, CompressionTypes, type IHeaders } from 'kafkajs';
// @ts-expect-error it has no types
import SnappyCodec from 'kafkajs-snappy';
import { afterAll, beforeAll, describe, expect, inject, onTestFinished, type TestContext, test } from 'vitest';
import { codecName } from '../../src/compression/registry.ts';
import * as k from '../../src/rdkafka.ts';
import { aConsumer, aProducer } from '../kit/builders.ts';
import { pollUntil } from '../kit/consuming.ts';
import { JavaPeer } from '../kit/java_peer.ts';
import { aKafkajs } from '../kit/kafkajs.ts';
import { readTopic } from '../kit/read_topic.ts';
import { freshTopic } from '../kit/topics.ts';
import { until } from '../kit/until.ts';
import { Generator } from '../unit/records/generator.ts';

const CODECS = ['gzip', 'snappy', 'lz4', 'zstd'];
const WAIT_MS = 90_000;

interface Message {
  readonly partition: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [string, Buffer | null])[];
}

// ---- what is sent: one batch a partition

const text = (bytes: number): Buffer => {
  const random = new Generator(bytes);
  let lines = '';
  for (let id = 0; lines.length < bytes; id++)
    lines += `{"id":${id},"user":"user-${random.below(500)}","price":${random.below(10_000) / 100}} `;
  return Buffer.from(lines.slice(0, bytes));
};

function randomBytes(size: number): Buffer {
  const random = new Generator(9);
  return Buffer.from(Array.from({ length: size }, () => random.below(256)));
}

const alone = (partition: number, value: Buffer): Message => ({ partition, key: null, value, headers: [] });
const [EMPTY, ONE_BYTE, TEXT, RANDOM, KEYS, SMALL] = [0, 1, 2, 3, 4, 5];
const PARTITIONS = 6;

/** Keys and values null, empty and binary; headers that are empty, null, or there twice. */
const KEYED: readonly Message[] = Array.from({ length: 40 }, (_, i) => ({
  partition: KEYS!,
  key: [null, Buffer.alloc(0), Buffer.from([0, 255, i]), Buffer.from(`ключ ${i}`)][i % 4]!,
  value: [Buffer.from(`a value of many words, number ${i}`), null, Buffer.alloc(0)][i % 3]!,
  headers: [
    [],
    [['a', Buffer.from('1')] as const, ['a', null] as const, ['b', Buffer.alloc(0)] as const],
    [['trace', Buffer.from([255, 0, i])] as const],
  ][i % 3]!,
}));

const MESSAGES: readonly Message[] = [
  alone(EMPTY!, Buffer.alloc(0)),
  alone(ONE_BYTE!, Buffer.from('x')),
  alone(TEXT!, text(100_000)),
  alone(RANDOM!, randomBytes(100_000)),
  ...KEYED,
  ...Array.from({ length: 1000 }, (_, i) => alone(SMALL!, Buffer.from(`small message number ${i}`))),
];

// ---- as lines, the way CodecPeer.java has them

const field = (bytes: Uint8Array | null): string =>
  bytes === null ? '-' : `=${Buffer.from(bytes).toString('base64')}`;

function line({ partition, key, value, headers }: Message): string {
  const all = headers.map(([name, bytes]) => `${name}:${field(bytes)}`).join(',');
  return `${partition} ${field(key)} ${field(value)} ${all === '' ? '-' : all}`;
}

/** In order of partitions, each in its own order; a mismatch is told without hundreds of kilobytes around it. */
function expectSame(got: readonly string[], messages: readonly Message[]): void {
  const sorted = got.toSorted((a, b) => Number.parseInt(a, 10) - Number.parseInt(b, 10));
  const wanted = messages.map(line);
  const short = (one: string | undefined): string | undefined => one?.slice(0, 200);
  const first = wanted.findIndex((one, i) => one !== sorted[i]);
  expect([sorted.length, first, short(sorted[first])]).toEqual([wanted.length, -1, short(wanted[first])]);
}

// ---- us

function produceOurs(t: TestContext, topic: string, codec: string, messages: readonly Message[]): void {
  const { rk, reports } = aProducer(t, {
    'bootstrap.servers': inject('bootstrap'),
    'compression.type': codec,
    // Only flush sends.
    'linger.ms': 60_000,
  });
  const opaques = messages.map((_, i) => i);
  for (const [i, { partition, key, value, headers }] of messages.entries()) {
    const tags = headers.map(([name, bytes]) => k.RD_KAFKA_V_HEADER(name, bytes));
    const err = k.rd_kafka_producev(
      rk,
      k.RD_KAFKA_V_TOPIC(topic),
      k.RD_KAFKA_V_PARTITION(partition),
      k.RD_KAFKA_V_KEY(key),
      k.RD_KAFKA_V_VALUE(value),
      k.RD_KAFKA_V_OPAQUE(i),
      ...tags,
    );
    if (err !== 0) throw new Error(k.rd_kafka_err2name(err));
  }
  expect(k.rd_kafka_flush(rk, WAIT_MS)).toBe(0);
  reports.verify(opaques);
}

function consumeOurs(t: TestContext, topic: string, count: number): string[] {
  const rk = aConsumer(t, { 'bootstrap.servers': inject('bootstrap'), 'check.crcs': true });
  const everything = Array.from({ length: PARTITIONS }, (_, partition) => ({ topic, partition, offset: 0 }));
  expect(k.rd_kafka_assign(rk, everything)).toBe(0);
  const got: string[] = [];
  const poll = (): void => {
    const message = k.rd_kafka_consumer_poll(rk, 200);
    if (message === null) return;
    if (message.err !== 0) throw new Error(k.rd_kafka_message_errstr(message) ?? '');
    const { partition, key, payload, headers } = message;
    got.push(line({ partition, key, value: payload, headers }));
  };
  pollUntil(`${count} messages of ${topic}`, poll, () => got.length >= count, WAIT_MS);
  return got;
}

/** Codec and count of the batches of each partition, as they lie in the log. */
async function batchesOf(topic: string): Promise<string[]> {
  const { batches } = await readTopic(inject('bootstrap'), topic);
  return batches.map(({ partition, attributes, count }) => `${partition}: ${codecName(attributes & 7)} ${count}`);
}

// ---- Java

let peer: JavaPeer | null = null;
const folder = mkdtempSync(join(tmpdir(), 'rdkafka-ts-codecs-'));
const file = (name: string): string => join(folder, name);

beforeAll(async () => {
  peer = await JavaPeer.start('CodecPeer', inject('bootstrap'));
  writeFileSync(file('messages'), `${MESSAGES.map(line).join('\n')}\n`);
}, 300_000);

afterAll(() => {
  peer?.close();
  rmSync(folder, { recursive: true, force: true });
});

describe.each(CODECS)('%s, with the Java client', (codec) => {
  test('what we send it reads; what does not shrink went plain', async (t) => {
    const topic = await freshTopic(inject('bootstrap'), PARTITIONS);

    produceOurs(t, topic, codec, MESSAGES);

    expectSame(await peer!.ask(`read ${topic} ${MESSAGES.length}`), MESSAGES);
    expect(await batchesOf(topic)).toEqual([
      `${EMPTY}: none 1`,
      `${ONE_BYTE}: none 1`,
      `${TEXT}: ${codec} 1`,
      `${RANDOM}: none 1`,
      `${KEYS}: ${codec} 40`,
      `${SMALL}: ${codec} 1000`,
    ]);
  });

  test('what it sends we read', async (t) => {
    const topic = await freshTopic(inject('bootstrap'), PARTITIONS);

    await peer!.ask(`produce ${topic} ${codec} ${file('messages')}`);

    expectSame(consumeOurs(t, topic, MESSAGES.length), MESSAGES);
    // It compresses everything.
    expect(await batchesOf(topic)).toEqual(
      [1, 1, 1, 1, 40, 1000].map((count, partition) => `${partition}: ${codec} ${count}`),
    );
  });
});

// ---- kafkajs

/** kafkajs has no header without a value, and keeps headers of one name together. */
const FOR_KAFKAJS: readonly Message[] = MESSAGES.map((message) => ({
  ...message,
  headers: message.headers.length === 1 ? message.headers : [],
}));

async function produceKafkajs(
  topic: string,
  compression: CompressionTypes,
  messages: readonly Message[],
): Promise<void> {
  const producer = aKafkajs(inject('bootstrap')).producer();
  await producer.connect();
  onTestFinished(() => producer.disconnect());
  await producer.send({
    topic,
    compression,
    messages: messages.map(({ partition, key, value, headers }) => ({
      partition,
      key,
      value,
      headers: Object.fromEntries(headers) as IHeaders,
    })),
  });
}

async function consumeKafkajs(topic: string, count: number): Promise<string[]> {
  const consumer = aKafkajs(inject('bootstrap')).consumer({ groupId: `codecs-${topic}`, maxWaitTimeInMs: 50 });
  await consumer.connect();
  onTestFinished(() => consumer.disconnect());
  await consumer.subscribe({ topic, fromBeginning: true });
  const got: string[] = [];
  await consumer.run({
    eachMessage: async ({ partition, message: { key, value, headers } }) => {
      const all = Object.entries(headers ?? {}).map(([name, bytes]) => [name, bytes as Buffer] as const);
      got.push(line({ partition, key, value, headers: all }));
    },
  });
  await until(() => got.length >= count, { deadline_ms: WAIT_MS, what: () => `${count} messages, not ${got.length}` });
  return got;
}

// Its plug-in for snappy is JavaScript; those for lz4 and zstd are native.
CompressionCodecs[CompressionTypes.Snappy] = SnappyCodec;

test.for([
  ['gzip', CompressionTypes.GZIP],
  ['snappy', CompressionTypes.Snappy],
] as const)('%s, with kafkajs: each reads what the other sends', async ([codec, compression], t) => {
  const ours = await freshTopic(inject('bootstrap'), PARTITIONS);
  const theirs = await freshTopic(inject('bootstrap'), PARTITIONS);

  produceOurs(t, ours, codec, FOR_KAFKAJS);
  await produceKafkajs(theirs, compression, FOR_KAFKAJS);

  expectSame(await consumeKafkajs(ours, FOR_KAFKAJS.length), FOR_KAFKAJS);
  expectSame(consumeOurs(t, theirs, FOR_KAFKAJS.length), FOR_KAFKAJS);
  expect(new Set((await batchesOf(theirs)).map((each) => each.split(' ')[1]))).toEqual(new Set([codec]));
});

// ---- kcat

const kcatThere = spawnSync('kcat', ['-V']).status === 0;
if (!kcatThere) console.warn('kcat is not installed: the codecs are not tried with librdkafka');
/** Values without a line break are what kcat can take and print. */
const FOR_KCAT = MESSAGES.filter(({ partition }) => partition === TEXT || partition === SMALL);

async function kcat(args: readonly string[], input = ''): Promise<string> {
  const child = spawn('kcat', ['-b', inject('bootstrap'), ...args]);
  let [output, errors] = ['', ''];
  child.stdout.on('data', (chunk: Buffer) => {
    output += chunk;
  });
  child.stderr.on('data', (chunk: Buffer) => {
    errors += chunk;
  });
  const exit = new Promise<number | null>((done) => child.on('close', done));
  onTestFinished(async () => {
    child.kill('SIGKILL');
    await exit;
  });
  child.stdin.end(input);
  expect(await exit, errors).toBe(0);
  return output;
}

const valuesOf = (partition: number): string[] =>
  FOR_KCAT.filter((message) => message.partition === partition).map(({ value }) => String(value));

/** What we send with `codec` it prints, and what it sends we read. */
async function bothWaysWithKcat(t: TestContext, codec: string): Promise<void> {
  const [ours, theirs] = [
    await freshTopic(inject('bootstrap'), PARTITIONS),
    await freshTopic(inject('bootstrap'), PARTITIONS),
  ];
  const send = (partition: number): Promise<string> =>
    kcat(
      ['-P', '-t', theirs, '-p', `${partition}`, '-z', codec, '-X', 'linger.ms=100'],
      `${valuesOf(partition).join('\n')}\n`,
    );
  produceOurs(t, ours, codec, FOR_KCAT);

  const [printed] = await Promise.all([
    kcat(['-C', '-t', ours, '-o', 'beginning', '-e', '-q', '-f', '%p %s\n']),
    send(TEXT!),
    send(SMALL!),
  ]);

  for (const partition of [TEXT!, SMALL!]) {
    const wanted = valuesOf(partition).map((value) => `${partition} ${value}`);
    expect(printed.split('\n').filter((each) => each.startsWith(`${partition} `))).toEqual(wanted);
  }
  expectSame(consumeOurs(t, theirs, FOR_KCAT.length), FOR_KCAT);
  expect((await batchesOf(theirs)).every((each) => each.includes(` ${codec} `))).toBe(true);
}

const skipped = kcatThere ? '' : ' (skipped: kcat is not installed)';
test.skipIf(!kcatThere)(`each codec, with kcat: each reads what the other sends${skipped}`, async (t) => {
  // Most of the time kcat waits.
  await Promise.all(CODECS.map((codec) => bothWaysWithKcat(t, codec)));
});
