// produce_async: the report of each message comes by its promise, and by nothing else.
import { expect, type TestContext } from 'vitest';
import {
  type ProduceMessage,
  type Properties,
  produce_async,
  purge,
  RD_KAFKA_MSG_STATUS_PERSISTED,
  RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED,
  RD_KAFKA_PURGE_F_INFLIGHT,
  RD_KAFKA_PURGE_F_QUEUE,
  RD_KAFKA_RESP_ERR__MSG_TIMED_OUT,
  RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
  RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
  type Report,
} from '../../../../src/index.ts';
import { RD_KAFKAP_Produce } from '../../../../src/rdkafka_mock.ts';
import { aNewProducer, kafkaError, outcome, tally } from '../../clients.ts';
import { aProxy } from '../../proxy.ts';
import { readTopic } from '../../read_topic.ts';
import { freshTopic } from '../../topics.ts';
import { until } from '../../until.ts';
import type { Env } from '../env.ts';

const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i}`);

async function valuesOf(env: Env, topic: string): Promise<string[]> {
  return (await readTopic(env.bootstrap, topic)).records.map(({ value }) => String(value));
}

/** All that a report says of a message. */
export async function reportOfOne(t: TestContext, env: Env): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 3);
  const { rk } = aNewProducer(t, { 'bootstrap.servers': env.bootstrap });
  const opaque = { mine: true };
  const sent = { topic, partition: 2, key: 'k', value: 'v', timestamp: 1_700_000_000_123, opaque };

  const reports = [await produce_async(rk, sent), await produce_async(rk, sent)];

  const { status, broker_id, latency_us, ...rest } = reports[1]!;
  expect(rest).toEqual({ topic, partition: 2, offset: 1, timestamp: 1_700_000_000_123, opaque });
  expect(rest.opaque).toBe(opaque);
  expect(status).toBe(RD_KAFKA_MSG_STATUS_PERSISTED);
  expect(broker_id).toBeGreaterThanOrEqual(0);
  expect(latency_us).toBeGreaterThan(0);
  expect(reports[0]!.offset).toBe(0);
  const { records } = await readTopic(env.bootstrap, topic);
  expect(records.map(({ key, value, timestamp }) => `${key} ${value} ${timestamp}`)).toEqual(
    Array(2).fill('k v 1700000000123'),
  );
}

/** Left out: a null value, no key, any partition, now, no opaque. */
export async function leastMessage(t: TestContext, env: Env): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  const { rk } = aNewProducer(t, { 'bootstrap.servers': env.bootstrap });
  const before = Date.now();

  const report = await produce_async(rk, { topic });

  expect(report).toMatchObject({ topic, partition: 0, offset: 0, opaque: null });
  expect(report.timestamp).toBeGreaterThanOrEqual(before);
  expect(report.timestamp).toBeLessThanOrEqual(Date.now());
  const { records } = await readTopic(env.bootstrap, topic);
  expect(records).toMatchObject([{ key: null, value: null, headers: [], timestamp: report.timestamp }]);
}

/** By pairs and by an object, duplicates and nulls too. */
export async function headersOfBothForms(t: TestContext, env: Env): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  const { rk } = aNewProducer(t, { 'bootstrap.servers': env.bootstrap });
  const pairs = [
    ['a', '1'],
    ['b', null],
    ['a', Buffer.from('2')],
  ] as const;

  await produce_async(rk, { topic, headers: pairs });
  await produce_async(rk, { topic, headers: { a: ['1', '2'], b: null } });

  const { records } = await readTopic(env.bootstrap, topic);
  const text = records.map(({ headers }) => headers.map(([name, value]) => `${name}=${value}`).join(' '));
  expect(text).toEqual(['a=1 b=null a=2', 'a=1 a=2 b=null']);
}

export async function noOffsetWithoutAcks(t: TestContext, env: Env): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  const { rk } = aNewProducer(t, { 'bootstrap.servers': env.bootstrap, acks: 0 });

  const report = await produce_async(rk, { topic, value: 'x' });

  expect(report.offset).toBe(null);
  expect(report.status).toBe(RD_KAFKA_MSG_STATUS_POSSIBLY_PERSISTED);
  await until(async () => (await valuesOf(env, topic)).length === 1);
}

/** With message.timestamp.type=LogAppendTime. */
export async function brokersTimestamp(t: TestContext, env: Env): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1, { configs: { 'message.timestamp.type': 'LogAppendTime' } });
  const { rk } = aNewProducer(t, { 'bootstrap.servers': env.bootstrap });

  const report = await produce_async(rk, { topic, value: 'x', timestamp: 1000 });

  const { records } = await readTopic(env.bootstrap, topic);
  expect(report.timestamp).toBe(records[0]!.timestamp);
  expect(report.timestamp).toBeGreaterThan(1_700_000_000_000);
}

export async function tooLarge(t: TestContext, env: Env): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  const { rk } = aNewProducer(t, { 'bootstrap.servers': env.bootstrap, 'message.max.bytes': 2000 });

  const error = await kafkaError(produce_async(rk, { topic, value: Buffer.alloc(2000) }));
  const after = await produce_async(rk, { topic, value: Buffer.alloc(1000) });

  expect(error.code).toBe(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
  expect(after.offset).toBe(0);
}

/** As the topic's metadata is not there yet, and as it is. */
export async function unknownPartition(t: TestContext, env: Env): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 2);
  const { rk } = aNewProducer(t, { 'bootstrap.servers': env.bootstrap });

  const waited = await kafkaError(produce_async(rk, { topic, partition: 2 }));
  const known = await kafkaError(produce_async(rk, { topic, partition: 2 }));
  const negative = await kafkaError(produce_async(rk, { topic, partition: -2 }));

  expect([waited.code, known.code, negative.code]).toEqual(Array(3).fill(RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION));
}

/** Nothing listens there. */
export async function timesOut(t: TestContext): Promise<void> {
  const { rk } = aNewProducer(t, { 'bootstrap.servers': '127.0.0.1:1', 'message.timeout.ms': 300 });

  const all = await Promise.all(numbers(3).map((value) => kafkaError(produce_async(rk, { topic: 't', value }))));

  expect(all.map(({ code }) => code)).toEqual(Array(3).fill(RD_KAFKA_RESP_ERR__MSG_TIMED_OUT));
}

/** Queued, waiting for room, and in flight. */
export async function purged(t: TestContext, env: Env): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  const proxy = await aProxy(t, env.bootstrap);
  const { rk } = aNewProducer(t, {
    'bootstrap.servers': proxy.bootstrap,
    'queue.buffering.max.messages': 2,
    'max.in.flight.requests.per.connection': 1,
    'batch.num.messages': 1,
    'linger.ms': 0,
  });
  await produce_async(rk, { topic, value: 'first' });
  proxy.when('down', RD_KAFKAP_Produce, 0, 'hold');
  const sent = numbers(5).map((value) => outcome(produce_async(rk, { topic, value })));
  await until(() => proxy.count('up', RD_KAFKAP_Produce).passed === 2);

  purge(rk, RD_KAFKA_PURGE_F_QUEUE);
  const queued = await Promise.all(sent.slice(1));
  purge(rk, RD_KAFKA_PURGE_F_INFLIGHT);

  expect(queued).toEqual(Array(4).fill('_PURGE_QUEUE'));
  expect(await sent[0]).toBe('_PURGE_INFLIGHT');
}

/** The first fills the queue; the proxy keeps its answer back until all are there. */
async function fullQueue(t: TestContext, env: Env, more: Properties = {}) {
  const topic = await freshTopic(env.bootstrap, 1);
  const proxy = await aProxy(t, env.bootstrap);
  const { rk } = aNewProducer(t, {
    'bootstrap.servers': proxy.bootstrap,
    'queue.buffering.max.messages': 1,
    'linger.ms': 0,
    ...more,
  });
  await produce_async(rk, { topic, value: 'before' });
  proxy.hold('down');
  const first = produce_async(rk, { topic, value: 'first' });
  return { topic, rk, first, release: () => proxy.release() };
}

export async function orderWhileFull(t: TestContext, env: Env): Promise<void> {
  const { topic, rk, first, release } = await fullQueue(t, env);
  const value = Buffer.from('0000');
  const sent: Promise<Report>[] = [];
  for (let i = 0; i < 50; i++) {
    value.write(String(i).padStart(4, '0'));
    // The same bytes again and again: they are copied before the call returns.
    sent.push(produce_async(rk, { topic, value, key: value, opaque: i }));
  }

  release();
  const reports = await Promise.all([first, ...sent]);

  expect(reports.map(({ offset }) => offset)).toEqual(Array.from({ length: 51 }, (_, i) => i + 1));
  const { records } = await readTopic(env.bootstrap, topic);
  const wanted = Array.from({ length: 50 }, (_, i) => `${i}`.padStart(4, '0'));
  expect(records.slice(2).map(({ value }) => String(value))).toEqual(wanted);
  expect(records.slice(2).map(({ key }) => String(key))).toEqual(wanted);
}

/** Before the call, while it waits, and when it is too late. */
export async function aborts(t: TestContext, env: Env): Promise<void> {
  const { topic, rk, first, release } = await fullQueue(t, env);
  const [early, waiting, late] = [new AbortController(), new AbortController(), new AbortController()];
  early.abort('early');
  const settled = [
    outcome(produce_async(rk, { topic, value: 'never' }, { signal: early.signal })),
    outcome(produce_async(rk, { topic, value: 'taken back' }, { signal: waiting.signal })),
    outcome(produce_async(rk, { topic, value: 'second' }, { signal: late.signal })),
  ];

  waiting.abort('while it waited');
  expect(await settled[1]).toBe('while it waited');
  release();
  await first;
  await settled[2];
  late.abort('late');

  expect(await Promise.all(settled)).toEqual(['early', 'while it waited', 'ok']);
  expect(await valuesOf(env, topic)).toEqual(['before', 'first', 'second']);
}

/** A signal that aborts behind the accepting call changes nothing. */
export async function acceptedIsKept(t: TestContext, env: Env): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  const { rk } = aNewProducer(t, { 'bootstrap.servers': env.bootstrap });
  const controller = new AbortController();

  const sent = produce_async(rk, { topic, value: 'x' }, { signal: controller.signal });
  controller.abort();

  expect((await sent).offset).toBe(0);
}

/** In their order, across partitions. */
export async function manyAtOnce(t: TestContext, env: Env): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 3);
  const { rk } = aNewProducer(t, { 'bootstrap.servers': env.bootstrap });
  const all: ProduceMessage[] = numbers(300).map((value, i) => ({ topic, value, partition: i % 3, opaque: i }));

  const reports = await produce_async(rk, all);

  expect(reports.map(({ opaque }) => opaque)).toEqual(all.map(({ opaque }) => opaque));
  expect(reports.map(({ partition, offset }) => `${partition}/${offset}`)).toEqual(
    all.map((_, i) => `${i % 3}/${Math.floor(i / 3)}`),
  );
  expect(await produce_async(rk, [])).toEqual([]);
}

export async function someOfMany(t: TestContext, env: Env): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  const { rk } = aNewProducer(t, { 'bootstrap.servers': env.bootstrap, 'message.max.bytes': 2000 });
  const large = Buffer.alloc(3000);

  const error = await kafkaError(
    produce_async(rk, [
      { topic, value: 'a' },
      { topic, value: large },
      { topic, partition: 9 },
      { topic, value: 'b' },
    ]),
  );

  expect(error.code).toBe(RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
  expect(error.message).toContain('2 of 4 messages were not delivered');
  const { reports } = error as unknown as { reports: readonly { offset?: number; code?: number }[] };
  expect(reports.map(({ offset, code }) => offset ?? code)).toEqual([
    0,
    RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE,
    RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION,
    1,
  ]);
  expect(await valuesOf(env, topic)).toEqual(['a', 'b']);
}

/** Misuse in one of many: nothing of them is produced. */
export async function misuseInOneOfMany(t: TestContext, env: Env): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  const { rk } = aNewProducer(t, { 'bootstrap.servers': env.bootstrap });
  const wrong = [
    { topic, value: 5 },
    { topic: 7 },
    { topic, partition: 'x' },
    { topic, timestamp: 'now' },
    { topic, headers: { a: 5 } },
    { topic, headers: 'a' },
    null,
    'text',
  ];

  for (const each of wrong) {
    const error = await produce_async(rk, [{ topic, value: 'a' }, each as never]).catch((error: unknown) => error);
    expect(error).toBeInstanceOf(TypeError);
    expect((error as Error).message).toMatch(/^produce_async: .*messages\[1\]/);
  }
  const range = await produce_async(rk, [{ topic }, { topic, partition: 0.5 }]).catch((error: unknown) => error);
  expect(range).toBeInstanceOf(RangeError);

  expect((await produce_async(rk, { topic, value: 'z' })).offset).toBe(0);
}

/** Many signals are one: no warning of leaks. */
export async function oneSignalForMany(t: TestContext, env: Env): Promise<void> {
  const warnings: Error[] = [];
  const listener = (warning: Error): void => void warnings.push(warning);
  process.on('warning', listener);
  t.onTestFinished(() => void process.off('warning', listener));
  const { topic, rk, first, release } = await fullQueue(t, env);
  const { signal } = new AbortController();

  const sent = produce_async(
    rk,
    numbers(100).map((value) => ({ topic, value })),
    { signal },
  );
  release();
  await Promise.all([first, sent]);
  await new Promise((turn) => setImmediate(turn));

  expect(warnings).toEqual([]);
}

/** All that were given up are told so, once. */
export async function abortOfMany(t: TestContext, env: Env): Promise<void> {
  const { topic, rk, first, release } = await fullQueue(t, env);
  const controller = new AbortController();
  const sent = outcome(
    produce_async(
      rk,
      numbers(20).map((value) => ({ topic, value })),
      { signal: controller.signal },
    ),
  );

  controller.abort('mine');
  release();

  expect(await sent).toBe('mine');
  await first;
  await produce_async(rk, { topic, value: 'last' });
  expect(await valuesOf(env, topic)).toEqual(['before', 'first', 'last']);
}

/** Everything ends by `destroy`: what waits, what is queued, what is in flight. */
export async function destroyed(t: TestContext, env: Env): Promise<void> {
  const { topic, rk, first } = await fullQueue(t, env, { 'queue.buffering.max.messages': 3 });
  const all = [first, ...numbers(10).map((value) => produce_async(rk, { topic, value }))].map(outcome);

  rk[Symbol.dispose]();

  const ended = await Promise.all(all);
  expect(tally(ended.slice(3))).toBe('_DESTROY x 8');
  for (const each of ended.slice(0, 3)) expect(['_PURGE_INFLIGHT', '_PURGE_QUEUE']).toContain(each);
  const late = await produce_async(rk, { topic }).catch((error: unknown) => error);
  expect(late).toMatchObject({ name: 'TypeError', code: 'ERR_RDKAFKA_DESTROYED' });
}

/** By what each promises. */
export const PRODUCE_ASYNC: Readonly<Record<string, (t: TestContext, env: Env) => Promise<void>>> = {
  'a report says where the message is, when, and what its caller gave': reportOfOne,
  'what is left out of a message has its default': leastMessage,
  'headers go as pairs and as an object': headersOfBothForms,
  'without acks the report has no offset': noOffsetWithoutAcks,
  'a message that is too large rejects, and the next one goes': tooLarge,
  'a partition that is not there rejects, before the topic is known and after': unknownPartition,
  'a message that is not sent in time rejects': timesOut,
  'a purge rejects what is queued, what waits for room and what is in flight': purged,
  'the order of calls is the order of messages while the queue is full': orderWhileFull,
  'a signal takes back what waits for room, and nothing else': aborts,
  'a signal takes no accepted message back': acceptedIsKept,
  'many messages give their reports in their order': manyAtOnce,
  'many of which some fail give one error with all reports': someOfMany,
  'misuse in one of many rejects, names it, and nothing is produced': misuseInOneOfMany,
  'one signal for many messages that wait is no leak': oneSignalForMany,
  'an abort of many that wait rejects with its reason': abortOfMany,
  'destroy settles every promise': destroyed,
};
