// close_async: the end that a service wants, of producers and consumers, in whatever state they are.
import { setTimeout as pause } from 'node:timers/promises';
import { expect, type TestContext } from 'vitest';
import {
  close_async,
  commit_async,
  consumer_close_async,
  consumer_poll_async,
  destroy,
  each,
  messages,
  produce_async,
  producev,
  type rd_kafka_t,
  subscribe,
} from '../../../../src/index.ts';
import { RD_KAFKAP_OffsetCommit, RD_KAFKAP_Produce } from '../../../../src/rdkafka_mock.ts';
import { aProducer } from '../../builders.ts';
import { aNewConsumer, aNewProducer, assignedTo, outcome, put, tally } from '../../clients.ts';
import { nothingLeft } from '../../nothing_left.ts';
import { aProxy } from '../../proxy.ts';
import { readTopic } from '../../read_topic.ts';
import { freshTopic } from '../../topics.ts';
import { until } from '../../until.ts';
import type { Env } from '../env.ts';
import { ofProtocol, type Protocol, pullUntil } from './clients.ts';
import { next } from './hooks.ts';

/** By who had them: a worker that has not started yet can't say that nothing was sent. */
const PURGED = /^_PURGE_(QUEUE|INFLIGHT)$/;
const NOTHING = { undelivered: 0, uncommitted: [] };
const numbers = (count: number): string[] => Array.from({ length: count }, (_, i) => `${i}`);

/** What lingers goes at once. */
export async function flushes(t: TestContext, env: Env): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  const { rk } = aNewProducer(t, { 'bootstrap.servers': env.bootstrap, 'linger.ms': 60_000 });
  const sent = numbers(10).map((value) => outcome(produce_async(rk, { topic, value })));
  for (const value of numbers(5)) expect(producev(rk, { topic, value })).toBe(0);

  const closed = await close_async(rk);

  expect(closed).toEqual(NOTHING);
  expect(tally(await Promise.all(sent))).toBe('ok x 10');
  expect((await readTopic(env.bootstrap, topic)).records.length).toBe(15);
}

/** Nothing listens there. */
export async function unreachable(t: TestContext): Promise<void> {
  const { rk, reports } = aProducer(t, { 'bootstrap.servers': '127.0.0.1:1', 'queue.buffering.max.messages': 20 });
  const sent = numbers(15).map((value) => outcome(produce_async(rk, { topic: 't', value })));
  for (const opaque of numbers(5)) expect(producev(rk, { topic: 't', opaque })).toBe(0);
  // These wait for room.
  sent.push(...numbers(5).map((value) => outcome(produce_async(rk, { topic: 't', value }))));
  const from = performance.now();

  const closed = await close_async(rk, { timeout_ms: 500 });

  expect(performance.now() - from).toBeLessThan(1500);
  expect(closed).toEqual({ undelivered: 25, uncommitted: [] });
  expect(tally(await Promise.all(sent))).toMatch(/^_DESTROY x 5, _PURGE_(QUEUE|INFLIGHT) x 15$/);
  expect(reports.all.map(({ opaque }) => opaque).sort()).toEqual(numbers(5));
}

/** It has connected, and answers nothing any more. */
export async function silentBroker(t: TestContext, env: Env): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  const proxy = await aProxy(t, env.bootstrap);
  const { rk, reports } = aProducer(t, { 'bootstrap.servers': proxy.bootstrap });
  await produce_async(rk, { topic });
  proxy.hold('down');
  const before = proxy.count('up', RD_KAFKAP_Produce).passed;
  const sent = numbers(10).map((value) => outcome(produce_async(rk, { topic, value })));
  expect(producev(rk, { topic, opaque: 'mine' })).toBe(0);
  await until(() => proxy.count('up', RD_KAFKAP_Produce).passed > before);
  const from = performance.now();

  const closed = await close_async(rk, { timeout_ms: 500 });

  expect(performance.now() - from).toBeLessThan(1500);
  expect(closed).toEqual({ undelivered: 11, uncommitted: [] });
  expect(tally(await Promise.all(sent))).toMatch(/^(_PURGE_INFLIGHT x \d+)?(, )?(_PURGE_QUEUE x \d+)?$/);
  expect(reports.all.map(({ opaque }) => opaque)).toEqual(['mine']);
}

/** What fails while it flushes counts, and what was told before does not. */
export async function failsMeanwhile(t: TestContext): Promise<void> {
  const { rk } = aNewProducer(t, { 'bootstrap.servers': '127.0.0.1:1', 'message.timeout.ms': 300 });
  expect(await outcome(produce_async(rk, { topic: 't' }))).toBe('_MSG_TIMED_OUT');
  for (const value of numbers(3)) expect(producev(rk, { topic: 't', value })).toBe(0);
  const sent = numbers(2).map((value) => outcome(produce_async(rk, { topic: 't', value })));

  const closed = await close_async(rk);

  expect(closed).toEqual({ undelivered: 5, uncommitted: [] });
  expect(await Promise.all(sent)).toEqual(['_MSG_TIMED_OUT', '_MSG_TIMED_OUT']);
}

export async function secondCall(t: TestContext, env: Env): Promise<void> {
  const { rk } = aNewProducer(t, { 'bootstrap.servers': env.bootstrap });

  const first = close_async(rk);
  const second = close_async(rk, { timeout_ms: 1 });
  await first;
  const third = close_async(rk);
  await rk[Symbol.asyncDispose]();

  expect(second).toBe(first);
  expect(third).toBe(first);
}

/** Before, meanwhile. */
export async function hurried(t: TestContext): Promise<void> {
  for (const when of ['before', 'meanwhile']) {
    const { rk } = aNewProducer(t, { 'bootstrap.servers': '127.0.0.1:1' });
    const sent = outcome(produce_async(rk, { topic: 't' }));
    const controller = new AbortController();
    if (when === 'before') controller.abort('hurry');
    const from = performance.now();

    const closed = close_async(rk, { signal: controller.signal }).catch((error: unknown) => error);
    if (when === 'meanwhile') {
      await pause(50);
      controller.abort('hurry');
    }

    expect(await closed).toBe('hurry');
    expect(performance.now() - from).toBeLessThan(2000);
    expect(await sent).toMatch(PURGED);
    expect(() => producev(rk, { topic: 't' })).toThrow(TypeError);
  }
}

/** At the end of its block, silent on what is closed. */
export async function disposed(t: TestContext, env: Env): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  let sent: Promise<string>;
  {
    await using rk = aNewProducer(t, { 'bootstrap.servers': env.bootstrap, 'linger.ms': 60_000 }).rk;
    sent = outcome(produce_async(rk, { topic }));
  }
  const { rk } = aNewProducer(t, { 'bootstrap.servers': env.bootstrap });
  destroy(rk);
  await rk[Symbol.asyncDispose]();

  expect(await sent).toBe('ok');
  const refused = await close_async(rk).catch((error: unknown) => error);
  expect(refused).toMatchObject({ name: 'TypeError', code: 'ERR_RDKAFKA_DESTROYED' });
}

/** In a report's callback, which comes to its end first. */
export async function insideCallback(t: TestContext, env: Env): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  const { rk } = aNewProducer(t, {
    'bootstrap.servers': '127.0.0.1:1',
    error_cb: () => {
      closed ??= close_async(rk, { timeout_ms: 100 });
      sent ??= outcome(produce_async(rk, { topic }));
    },
  });
  let closed: ReturnType<typeof close_async> | undefined;
  let sent: Promise<string> | undefined;

  await until(() => closed !== undefined);

  expect(await closed).toEqual({ undelivered: 1, uncommitted: [] });
  expect(await sent).toMatch(PURGED);
}

/** Handled messages, with and without auto commit. */
export async function commitsWhatIsHandled(t: TestContext, env: Env): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  await put(env.bootstrap, topic, numbers(10));
  const pull = async (auto: boolean, most: number, commit: boolean) => {
    const { rk } = aNewConsumer(t, {
      'bootstrap.servers': env.bootstrap,
      'group.id': topic,
      'enable.auto.commit': auto,
      topics: [topic],
    });
    const got: string[] = [];
    for await (const message of messages(rk)) {
      got.push(String(message.value));
      if (got.length === most) break;
    }
    if (commit) await commit_async(rk, null);
    const { undelivered, uncommitted } = await close_async(rk);
    return { got, undelivered, uncommitted: uncommitted.map((each) => `${each.partition} @${each.offset}`) };
  };

  // The one at which a loop is left is not handled.
  expect(await pull(true, 3, false)).toEqual({ got: ['0', '1', '2'], undelivered: 0, uncommitted: [] });
  expect(await pull(false, 4, false)).toEqual({ got: ['2', '3', '4', '5'], undelivered: 0, uncommitted: ['0 @5'] });
  expect(await pull(false, 2, true)).toEqual({ got: ['2', '3'], undelivered: 0, uncommitted: [] });
  expect(await pull(true, 1, false)).toEqual({ got: ['3'], undelivered: 0, uncommitted: [] });
}

/** The coordinator answers nothing any more. */
export async function coordinatorGone(t: TestContext, env: Env): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  await put(env.bootstrap, topic, numbers(3));
  const proxy = await aProxy(t, env.bootstrap);
  const { rk } = aNewConsumer(t, {
    'bootstrap.servers': proxy.bootstrap,
    'auto.commit.interval.ms': 60_000,
    topics: [topic],
  });
  for (let i = 0; i < 3; i++) await next(rk);
  proxy.hold('down');
  const before = proxy.count('up', RD_KAFKAP_OffsetCommit).came;
  const from = performance.now();

  const { uncommitted } = await close_async(rk, { timeout_ms: 1000 });

  expect(performance.now() - from).toBeLessThan(2000);
  expect(uncommitted).toMatchObject([{ topic, partition: 0, offset: 3 }]);
  expect(proxy.count('up', RD_KAFKAP_OffsetCommit).came).toBeGreaterThan(before);
}

/** Another member has the partitions long before a session would time out. */
export async function leavesAtOnce(t: TestContext, env: Env, protocol: Protocol): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 2);
  const config = { 'bootstrap.servers': env.bootstrap, 'group.id': topic, ...ofProtocol(protocol), topics: [topic] };
  const { rk: first } = aNewConsumer(t, config);
  await pullUntil(first, () => assignedTo(first).length === 2, 'both for the first');
  const { rk: second } = aNewConsumer(t, config);
  const both = async (): Promise<boolean> => {
    await Promise.all([consumer_poll_async(first, 20), consumer_poll_async(second, 20)]);
    return assignedTo(first).length === 1 && assignedTo(second).length === 1;
  };
  await until(both, { deadline_ms: 60_000, what: 'one for each' });
  const from = performance.now();

  expect(await close_async(first)).toEqual(NOTHING);
  await pullUntil(second, () => assignedTo(second).length === 2, 'both for the second');

  // 45 s is the session's time.
  expect(performance.now() - from).toBeLessThan(15_000);
}

type Ending = (t: TestContext, env: Env, topic: string) => Promise<rd_kafka_t> | rd_kafka_t;

const config = (env: Env, topic: string) => ({ 'bootstrap.servers': env.bootstrap, 'group.id': topic });

/** What a consumer may be amid. */
export const STATES: Readonly<Record<string, Ending>> = {
  'just made': (t, env, topic) => aNewConsumer(t, config(env, topic)).rk,
  'without a broker': (t, _env, topic) => aNewConsumer(t, { 'bootstrap.servers': '127.0.0.1:1', topics: [topic] }).rk,
  joining: (t, env, topic) => aNewConsumer(t, { ...config(env, topic), topics: [topic] }).rk,
  assigned: async (t, env, topic) => {
    const { rk } = aNewConsumer(t, { ...config(env, topic), topics: [topic] });
    await pullUntil(rk, () => assignedTo(rk).length > 0, 'an assignment');
    return rk;
  },
  'waiting in a pull': async (t, env, topic) => {
    const { rk } = aNewConsumer(t, { ...config(env, topic), topics: [topic] });
    await pullUntil(rk, () => assignedTo(rk).length > 0, 'an assignment');
    const pulled = messages(rk).next();
    void pulled.then(({ done }) => expect(done).toBe(true));
    return rk;
  },
  'at work in each()': async (t, env, topic) => {
    await put(env.bootstrap, topic, numbers(5));
    const { rk } = aNewConsumer(t, { ...config(env, topic), topics: [topic] });
    let begun = 0;
    void each(rk, async () => {
      begun++;
      await pause(20);
    });
    await until(() => begun > 0);
    return rk;
  },
  rebalancing: async (t, env, topic) => {
    const { rk } = aNewConsumer(t, { ...config(env, topic), topics: [topic] });
    await pullUntil(rk, () => assignedTo(rk).length > 0, 'an assignment');
    expect(subscribe(rk, [topic, `${topic}-2`])).toBe(0);
    await consumer_poll_async(rk, 1);
    return rk;
  },
  'in consumer_close': async (t, env, topic) => {
    const { rk } = aNewConsumer(t, { ...config(env, topic), topics: [topic] });
    await pullUntil(rk, () => assignedTo(rk).length > 0, 'an assignment');
    const closing = consumer_close_async(rk);
    void closing.catch(() => {});
    return rk;
  },
  'after consumer_close': async (t, env, topic) => {
    const { rk } = aNewConsumer(t, { ...config(env, topic), topics: [topic] });
    await consumer_close_async(rk);
    return rk;
  },
  'without a group': (t, env) => aNewConsumer(t, { 'bootstrap.servers': env.bootstrap, 'group.id': '' }).rk,
};

export async function closedIn(t: TestContext, env: Env, state: string): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  const rk = await STATES[state]!(t, env, topic);
  const from = performance.now();

  const { undelivered, uncommitted } = await close_async(rk, { timeout_ms: 8000 });

  expect(performance.now() - from).toBeLessThan(9000);
  expect([undelivered, uncommitted]).toEqual([0, []]);
  expect(() => subscribe(rk, ['t'])).toThrow(TypeError);
}

/** By what each promises. */
export const CLOSE_ASYNC: Readonly<Record<string, (t: TestContext, env: Env) => Promise<void>>> = {
  'a producer is flushed, whatever lingers': flushes,
  'a producer without a broker: it settles in time, and each message is told of once': unreachable,
  'a producer whose broker falls silent: it settles in time, and each message is told of once': silentBroker,
  'messages that fail while it flushes are undelivered, those before are not counted': failsMeanwhile,
  'a second call gives the same promise': secondCall,
  'a signal hurries, one that is aborted before too': hurried,
  'await using is close_async, and silent on what has ended': disposed,
  'a callback may ask for it': insideCallback,
  'what is handled is committed, or said to be uncommitted': commitsWhatIsHandled,
  'a coordinator that is gone: it settles in time, and says what is not committed': coordinatorGone,
  'nothing is left behind it': async (t, env) => {
    const { rk } = aNewProducer(t, { 'bootstrap.servers': '127.0.0.1:1' });
    const { rk: consumer } = aNewConsumer(t, { 'bootstrap.servers': env.bootstrap, topics: ['t'] });
    const before = [close_async(rk), close_async(consumer)];
    expect(await Promise.all(before)).toEqual([NOTHING, NOTHING]);
    if (env.mock === undefined) await nothingLeft();
  },
};
