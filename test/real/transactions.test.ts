// What a consumer makes of transactions that Kafka's Java producer has committed, aborted or left open: librdkafka's 0098
// and 0129, and random ones beside the Java consumer.
import { afterAll, beforeAll, expect, inject, type TestContext, test } from 'vitest';
import {
  RD_KAFKA_RESP_ERR__PARTITION_EOF,
  rd_kafka_assign,
  rd_kafka_consumer_poll,
  rd_kafka_destroy,
  rd_kafka_message_errstr,
  type rd_kafka_message_t,
} from '../../src/rdkafka.ts';
import { aConsumer, type Config } from '../kit/builders.ts';
import { pollUntil } from '../kit/consuming.ts';
import { JavaPeer } from '../kit/java_peer.ts';
import { freshTopic } from '../kit/topics.ts';
import { Generator } from '../unit/records/generator.ts';

let java: JavaPeer | null = null;

beforeAll(async () => {
  java = await JavaPeer.start('TxnPeer', inject('bootstrap'));
}, 300_000);

afterAll(() => java?.close());

interface Step {
  readonly who: string;
  readonly partition?: number;
  readonly first: number;
  readonly count: number;
  readonly how: string;
  readonly flush?: boolean;
  readonly size?: number;
}

async function transactions(topic: string, steps: readonly Step[]): Promise<void> {
  const words = steps.map(({ who, partition = 0, first, count, how, flush = true, size = 4 }) =>
    [who, partition, first, count, how, flush ? 'flush' : 'no', size].join(','),
  );
  expect(await java!.ask(`steps ${topic} ${words.join(' ')}`)).toEqual([]);
}

interface Read {
  readonly messages: rd_kafka_message_t[];
  /** Where the end was told. */
  readonly end: number;
}

/** All of a partition, up to the end that the isolation level has. */
function read(t: TestContext, topic: string, partition: number, level: string, config: Config = {}): Read {
  const rk = aConsumer(t, {
    'bootstrap.servers': inject('bootstrap'),
    'group.id': topic,
    'enable.auto.commit': false,
    'auto.offset.reset': 'earliest',
    'enable.partition.eof': true,
    'isolation.level': level,
    ...config,
  });
  rd_kafka_assign(rk, [{ topic, partition }]);
  const messages: rd_kafka_message_t[] = [];
  let end = -1;
  const poll = (): void => {
    const message = rd_kafka_consumer_poll(rk, 200);
    if (message === null) return;
    if (message.err === RD_KAFKA_RESP_ERR__PARTITION_EOF) end = message.offset;
    else {
      expect([message.err, rd_kafka_message_errstr(message)]).toEqual([0, null]);
      messages.push(message);
    }
  };
  pollUntil('the end of the partition', poll, () => end >= 0);
  rd_kafka_destroy(rk);
  return { messages, end };
}

const keys = ({ messages }: Read): number[] => messages.map(({ key }) => (key as Buffer)[0]!);
const run = (first: number, count: number): number[] => Array.from({ length: count }, (_, i) => first + i);

const [none, one, two] = ['plain', 'txn1', 'txn2'];
const commit = 'BeginCommit';
const abort = 'BeginAbort';

interface Case {
  readonly name: string;
  readonly steps: readonly Step[];
  /** Keys that are committed, and those of all messages, in partition 0 and 1. */
  readonly committed: readonly (readonly number[])[];
  readonly all: readonly (readonly number[])[];
}

function step(who: string, partition: number, first: number, count: number, how: string, flush = true): Step {
  return { who, partition, first, count, how, flush };
}

/** Open transactions of two producers in each other, and how they end. */
function interleaved(first: string, second: string): readonly Step[] {
  return [
    step(none, 0, 0x10, 1, 'None'),
    step(one, 0, 0x20, 3, 'BeginOpen'),
    step(two, 0, 0x30, 3, 'BeginOpen'),
    step(one, 0, 0x40, 3, first),
    step(two, 0, 0x50, 3, second),
  ];
}

const [of1, of2] = [
  [...run(0x20, 3), ...run(0x40, 3)],
  [...run(0x30, 3), ...run(0x50, 3)],
];
const interleavedAll = [0x10, ...run(0x20, 3), ...run(0x30, 3), ...run(0x40, 3), ...run(0x50, 3)];
const rapid = run(1, 10).map((i) => step(one, 0, i * 16, 1, i % 2 === 1 ? abort : commit));

// biome-ignore format: one line a step
const CASES: readonly Case[] = [
  { name: '0: committed, then aborted', committed: [run(0, 5)], all: [[...run(0, 5), ...run(0x10, 5)]], steps: [
    step(one, 0, 0, 5, commit), step(one, 0, 0x10, 5, abort)] },
  { name: '0.1: committed without a flush', committed: [run(0, 5)], all: [[...run(0, 5), ...run(0x10, 5)]], steps: [
    step(one, 0, 0, 5, commit, false), step(one, 0, 0x10, 5, abort)] },
  { name: '0.2: aborted, then committed', committed: [run(0x30, 5)], all: [[...run(0x10, 5), ...run(0x30, 5)]], steps: [
    step(one, 0, 0x10, 5, abort), step(one, 0, 0x30, 5, commit)] },
  { name: '1: behind messages without a transaction', committed: [[...run(0x10, 5), ...run(0x50, 5)]],
    all: [[...run(0x10, 5), ...run(0x50, 5), ...run(0x80, 5)]], steps: [
    step(none, 0, 0x10, 5, 'None'), step(one, 0, 0x50, 5, commit), step(one, 0, 0x80, 5, abort)] },
  { name: '1.1: around messages without one', committed: [[...run(0x40, 5), ...run(0x60, 5)]],
    all: [[...run(0x30, 5), ...run(0x40, 5), ...run(0x60, 5)]], steps: [
    step(one, 0, 0x30, 5, abort), step(none, 0, 0x40, 5, 'None'), step(one, 0, 0x60, 5, commit)] },
  { name: '1.2: in front of messages without one', committed: [[...run(0x10, 5), ...run(0x30, 5)]],
    all: [[...run(0x10, 5), ...run(0x20, 5), ...run(0x30, 5)]], steps: [
    step(one, 0, 0x10, 5, commit), step(one, 0, 0x20, 5, abort), step(none, 0, 0x30, 5, 'None')] },
  { name: '2.1: many short ones', committed: [[0x20, 0x40, 0x60, 0x80, 0xa0, 0xb0, 0xc0]],
    all: [[...run(1, 10).map((i) => i * 16), 0xb0, 0xc0]], steps: [
    ...rapid, step(none, 0, 0xb0, 1, 'None'), step(none, 0, 0xc0, 1, 'None')] },
  { name: '3: over two partitions', committed: [[...run(0x10, 3), ...run(0x30, 3)], run(0x20, 3)],
    all: [[...run(0x10, 3), ...run(0x30, 3)], run(0x20, 3)], steps: [
    step(one, 0, 0x10, 3, 'BeginOpen'), step(one, 1, 0x20, 3, 'ContinueOpen'), step(one, 0, 0x30, 3, 'ContinueCommit')] },
  { name: '3.1: aborted over two partitions', committed: [[0x55, 0], [0x44]],
    all: [[0x55, ...run(0x10, 3), ...run(0x30, 3), 0], [...run(0x20, 3), 0x44]], steps: [
    step(one, 0, 0x55, 1, commit), step(one, 0, 0x10, 3, 'BeginOpen'), step(one, 1, 0x20, 3, 'ContinueOpen'),
    step(one, 0, 0x30, 3, 'ContinueAbort'), step(none, 0, 0, 1, 'None'), step(one, 1, 0x44, 1, commit)] },
  { name: '4: two at a time, the second aborted', committed: [[0x10, ...of1]], all: [interleavedAll],
    steps: interleaved('ContinueCommit', 'ContinueAbort') },
  { name: '4.1: two at a time, the first aborted', committed: [[0x10, ...of2]], all: [interleavedAll],
    steps: interleaved('ContinueAbort', 'ContinueCommit') },
  { name: '4.2: two at a time, both committed', committed: [interleavedAll], all: [interleavedAll],
    steps: interleaved('ContinueCommit', 'ContinueCommit') },
  { name: '4.3: two at a time, both aborted', committed: [[0x10]], all: [interleavedAll],
    steps: interleaved('ContinueAbort', 'ContinueAbort') },
  { name: '5: over several batches', committed: [[0x30, 0x31, 0x40, 0x41, 0xa0, 0xa1, 0xb0, 0xb1, 0x70]],
    all: [[0x10, 0x11, 0x20, 0x21, 0x30, 0x31, 0x40, 0x41, 0x50, 0x51, 0x60, 0x61, 0xa0, 0xa1, 0xb0, 0xb1, 0x70]], steps: [
    step(one, 0, 0x10, 2, 'BeginOpen'), step(one, 0, 0x20, 2, 'ContinueAbort'),
    step(one, 0, 0x30, 2, 'BeginOpen'), step(one, 0, 0x40, 2, 'ContinueCommit'),
    step(one, 0, 0x50, 2, 'BeginOpen'), step(one, 0, 0x60, 2, 'ContinueAbort'),
    step(one, 0, 0xa0, 2, 'BeginOpen'), step(one, 0, 0xb0, 2, 'ContinueCommit'), step(none, 0, 0x70, 1, 'None')] },
];

for (const { name, steps, committed, all } of CASES)
  test(`0098, ${name}: read_committed gives what was committed, read_uncommitted everything`, async (t) => {
    const topic = await freshTopic(inject('bootstrap'), committed.length);

    await transactions(topic, steps);

    for (const [partition, wanted] of committed.entries()) {
      expect(keys(read(t, topic, partition, 'read_committed'))).toEqual(wanted);
      expect(keys(read(t, topic, partition, 'read_uncommitted'))).toEqual([...all[partition]!]);
    }
  });

test('0098, 6: a transaction that is left open ends the partition for read_committed, and not for the others', async (t) => {
  const topic = await freshTopic(inject('bootstrap'), 1);

  await transactions(topic, [step(none, 0, 0x10, 1, 'None'), step(one, 0, 0x20, 3, 'BeginOpen')]);

  const stable = read(t, topic, 0, 'read_committed');
  const everything = read(t, topic, 0, 'read_uncommitted');
  expect([keys(stable), stable.end]).toEqual([[0x10], 1]);
  expect([keys(everything), everything.end]).toEqual([[0x10, 0x20, 0x21, 0x22], 4]);
});

test('0129: answers of nothing but aborted messages are no error, and the end comes', async (t) => {
  const topic = await freshTopic(inject('bootstrap'), 1, { configs: { 'max.message.bytes': '100000' } });
  const chunk = { who: one, first: 0, count: 50, size: 1000 };
  const steps = [...Array(9)].map((_, i) => ({ ...chunk, how: i === 0 ? 'BeginOpen' : 'ContinueOpen' }));

  await transactions(topic, [...steps, { ...chunk, how: 'ContinueAbort' }]);

  // Some answers hold no marker.
  const { messages, end } = read(t, topic, 0, 'read_committed', { 'fetch.message.max.bytes': 10_000 });
  expect([messages.length, end]).toEqual([0, 501]);
});

test('random transactions of three producers, plain and gzip, are read as the Java client reads them', async (t) => {
  const random = new Generator(20);
  const topic = await freshTopic(inject('bootstrap'), 1);
  const open = new Set<string>();
  const steps: Step[] = [];
  for (let i = 0; i < 60; i++) {
    const who = ['txn1', 'txn2-gzip', 'txn3', 'plain'][random.below(4)]!;
    const ending = ['Commit', 'Abort', 'Open'][random.below(3)]!;
    const how = who === 'plain' ? 'None' : `${open.has(who) ? 'Continue' : 'Begin'}${ending}`;
    if (ending === 'Open' && who !== 'plain') open.add(who);
    else open.delete(who);
    steps.push({ who, first: i, count: 1 + random.below(20), how, size: random.below(300) });
  }
  for (const who of open) steps.push({ who, first: 0, count: 1, how: 'ContinueAbort' });

  await transactions(topic, steps);

  for (const level of ['read_committed', 'read_uncommitted']) {
    const wanted = (await java!.ask(`read ${topic} 0 ${level}`)).map(Number);
    expect(wanted.length).toBeGreaterThan(50);
    // In answers of one batch each, and in one of all.
    for (const most of [1, 1_000_000])
      expect(
        read(t, topic, 0, level, { 'fetch.message.max.bytes': most }).messages.map(({ offset }) => offset),
      ).toEqual(wanted);
  }
});
