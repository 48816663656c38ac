// messages() on whatever cluster: run on the mock by test/mock/promise, on a real Kafka by test/real/promise. @thread app
import { expect, type TestContext } from 'vitest';
import * as k from '../../../../src/index.ts';
import { aConsumer } from '../../builders.ts';
import { until } from '../../until.ts';
import type { TopicEnv } from '../consumer.ts';
import {
  basicsOf,
  consume,
  fill,
  Gate,
  numberOf,
  numbersOf,
  Outsider,
  rebalanceWaits,
  rejection,
  take,
  upTo,
} from './kit.ts';

const MANUAL = { 'enable.auto.commit': false } as const;
const NO_OFFSET = k.RD_KAFKA_RESP_ERR__NO_OFFSET;

/** The code that a promise is rejected with. */
async function codeOf(promise: Promise<unknown>): Promise<number> {
  return ((await rejection(promise)) as k.KafkaError).code;
}

/** Every message once, in the order of its partition, with its parts. */
export async function allInOrder(t: TestContext, env: TopicEnv): Promise<void> {
  for (const partition of [0, 1, 2]) await fill(t, env, partition, 300, { key: (i) => `k${i}` });

  const got = await take(k.messages(consume(t, env)), 900);

  for (const partition of [0, 1, 2]) {
    const mine = got.filter((message) => message.partition === partition);
    expect(numbersOf(mine)).toEqual(upTo(300));
    expect(mine.map(({ offset }) => offset)).toEqual(upTo(300));
    expect(mine.map(({ key }) => String(key))).toEqual(upTo(300).map((i) => `k${i}`));
  }
  expect(new Set(got.map(({ topic }) => topic))).toEqual(new Set([env.topic]));
}

/** Committing what is stored commits nothing for a message that is in work, and it when the next one was asked for. */
export async function storedByTheNextPull(t: TestContext, env: TopicEnv): Promise<void> {
  await fill(t, env, 0, 3);
  const outsider = new Outsider(t, env);
  const rk = consume(t, env, MANUAL);
  const iterator = k.messages(rk);

  await iterator.next();
  expect(await codeOf(k.commit_async(rk, null))).toBe(NO_OFFSET);
  expect(await outsider.committed()).toBe(k.RD_KAFKA_OFFSET_INVALID);

  await iterator.next();
  await k.commit_async(rk, null);
  expect(await outsider.committed()).toBe(1);
}

/** The message at which a loop is left is not stored, those before it are; close_async commits them. */
export async function leftLoop(t: TestContext, env: TopicEnv, how: 'break' | 'throw' | 'return'): Promise<void> {
  await fill(t, env, 0, 10);
  const outsider = new Outsider(t, env);
  const rk = consume(t, env);

  await leave(rk, how).catch(() => {});
  const { uncommitted } = await k.close_async(rk);

  expect(await outsider.committed()).toBe(4);
  expect(uncommitted).toEqual([]);
}

async function leave(rk: k.rd_kafka_t, how: 'break' | 'throw' | 'return'): Promise<void> {
  if (how === 'return') {
    const iterator = k.messages(rk);
    for (let i = 0; i < 5; i++) await iterator.next();
    await iterator.return!();
    return;
  }
  for await (const message of k.messages(rk)) {
    if (message.offset < 4) continue;
    if (how === 'throw') throw new Error('the handler failed');
    break;
  }
}

/** With auto-commit what was asked beyond is committed by the timer while the loop goes on. */
export async function committedByTimer(t: TestContext, env: TopicEnv): Promise<void> {
  await fill(t, env, 0, 5);
  const outsider = new Outsider(t, env);
  const iterator = k.messages(consume(t, env, { 'auto.commit.interval.ms': 50 }));

  for (let i = 0; i < 5; i++) await iterator.next();
  await outsider.sees(4);
  const pending = iterator.next();

  await outsider.sees(5);
  await iterator.return!();
  expect(await pending).toEqual({ value: undefined, done: true });
}

export async function nothingStored(t: TestContext, env: TopicEnv): Promise<void> {
  await fill(t, env, 0, 10);
  const outsider = new Outsider(t, env);
  const rk = consume(t, env, { 'enable.auto.offset.store': false });

  await take(k.messages(rk), 10);
  expect(await codeOf(k.commit_async(rk, null))).toBe(NO_OFFSET);
  const { uncommitted } = await k.close_async(rk);

  expect(uncommitted).toEqual([]);
  expect(await outsider.committed()).toBe(k.RD_KAFKA_OFFSET_INVALID);
}

/** consumer_poll, messages and consumer_poll again: each message comes once, and what is stored follows who asks. */
export async function pollAndBack(t: TestContext, env: TopicEnv): Promise<void> {
  await fill(t, env, 0, 12);
  const outsider = new Outsider(t, env);
  const rk = consume(t, env, MANUAL);
  const seen: number[] = [];
  const poll = async (count: number): Promise<void> => {
    for (let i = 0; i < count; ) {
      const message = await k.consumer_poll_async(rk, 30_000);
      if (message === null || message.err !== 0) continue;
      seen.push(message.offset);
      i++;
    }
  };
  const commits = async (): Promise<number> => {
    // Rejects when there is nothing new.
    await k.commit_async(rk, null).catch(({ code }) => expect(code).toBe(NO_OFFSET));
    return await outsider.committed();
  };

  await poll(3);
  expect(await commits()).toBe(3);
  seen.push(...numbersOf(await take(k.messages(rk), 1)));
  // What was polled counts, the message that was only handed out does not.
  expect(await commits()).toBe(3);
  seen.push(...numbersOf(await take(k.messages(rk), 4)));
  expect(await commits()).toBe(7);
  await poll(2);
  expect(await commits()).toBe(10);
  seen.push(...numbersOf(await take(k.messages(rk), 2)));

  expect(seen).toEqual(upTo(12));
  expect(await commits()).toBe(11);
}

/** After a seek the next message is the one sought, whatever lay fetched. */
export async function sought(t: TestContext, env: TopicEnv): Promise<void> {
  await fill(t, env, 0, 100);
  const rk = consume(t, env);
  const seen: number[] = [];

  for await (const message of k.messages(rk)) {
    seen.push(message.offset);
    if (seen.length === 5) await k.seek_partitions_async(rk, [{ topic: env.topic, partition: 0, offset: 2 }], 30_000);
    if (seen.length === 10) await k.seek_partitions_async(rk, [{ topic: env.topic, partition: 0, offset: 98 }], 30_000);
    if (seen.length === 12) break;
  }

  expect(seen).toEqual([0, 1, 2, 3, 4, 2, 3, 4, 5, 6, 98, 99]);
}

/** Nothing of a partition comes while it is paused, and all of it, in order, afterwards. */
export async function paused(t: TestContext, env: TopicEnv): Promise<void> {
  await fill(t, env, 0, 200);
  await fill(t, env, 1, 200);
  const rk = consume(t, env);
  const first = [{ topic: env.topic, partition: 0 }];
  const seen: [number, number][] = [];
  let resumedAt = -1;

  for await (const { partition, offset } of k.messages(rk)) {
    seen.push([partition, offset]);
    if (seen.length === 1) k.pause_partitions(rk, first);
    const others = seen.filter(([of]) => of === 1).length;
    if (others === 200 && resumedAt < 0) {
      resumedAt = seen.length;
      k.resume_partitions(rk, first);
    }
    if (seen.length === 400) break;
  }

  const before = seen.slice(1, resumedAt).filter(([of]) => of === 0);
  expect(before).toEqual([]);
  for (const partition of [0, 1])
    expect(seen.filter(([of]) => of === partition).map(([, offset]) => offset)).toEqual(upTo(200));
}

/**
 * A rebalance that comes while a message is in work waits for the next pull; the message is committed by then. `make` says
 * how the first member is made.
 */
export async function rebalanceWaitsForPull(
  t: TestContext,
  env: TopicEnv,
  make: (t: TestContext, env: TopicEnv) => k.rd_kafka_t = consume,
): Promise<void> {
  for (const partition of [0, 1, 2, 3]) await fill(t, env, partition, 1);
  const outsider = new Outsider(t, env);
  const first = make(t, env);
  const iterator = k.messages(first);
  for (let i = 0; i < 4; i++) await iterator.next();

  const second = consume(t, env);
  const others = k.messages(second);
  const next = others.next();
  await rebalanceWaits(first);
  expect(assignedTo(second)).toBe(0);
  expect(assignedTo(first)).toBe(4);
  const pending = iterator.next();

  await until(() => assignedTo(first) === 2 && assignedTo(second) === 2, { what: 'two partitions for each' });
  // Of the two that went all is committed: nothing comes again.
  const going = partitionsOf(second);
  expect(await outsider.allCommitted(going)).toEqual([1, 1]);
  await fill(t, env, going[0]!, 1, { first: 1 });
  expect((await next).value?.offset).toBe(1);
  await iterator.return!();
  await pending;
  await others.return!();
}

export function assignedTo(rk: k.rd_kafka_t): number {
  return partitionsOf(rk).length;
}

export function partitionsOf(rk: k.rd_kafka_t): number[] {
  const list = k.out<k.rd_kafka_topic_partition_list_t>();
  k.assignment(rk, list);
  return list.value.elems.map(({ partition }) => partition);
}

/** A handle of `new`, without a rebalance_cb. */
export function plain(t: TestContext, env: TopicEnv): k.rd_kafka_t {
  const rk = aConsumer(t, basicsOf(env));
  expect(k.subscribe(rk, [env.topic])).toBe(0);
  return rk;
}

/** What a hook throws is thrown by the pull; the partitions change all the same, and a new loop goes on. */
export async function hookThrows(t: TestContext, env: TopicEnv): Promise<void> {
  await fill(t, env, 0, 2);
  const failure = new Error('from on_assigned');
  const rk = consume(t, env, {
    on_assigned: async () => {
      throw failure;
    },
  });

  expect(await rejection(k.messages(rk).next())).toBe(failure);
  expect(numbersOf(await take(k.messages(rk), 2))).toEqual([0, 1]);
}

export async function secondIterator(t: TestContext, env: TopicEnv): Promise<void> {
  await fill(t, env, 0, 3);
  const rk = consume(t, env);
  const iterator = k.messages(rk);
  const first = await iterator.next();

  for (const other of [() => k.messages(rk), () => k.batches(rk)])
    expect(other).toThrow(expect.objectContaining({ code: k.RD_KAFKA_RESP_ERR__STATE }));
  expect(await codeOf(k.each(rk, () => {}))).toBe(k.RD_KAFKA_RESP_ERR__STATE);
  const rest = [await iterator.next(), await iterator.next()];

  expect([first, ...rest].map(({ value }) => value!.offset)).toEqual([0, 1, 2]);
  await iterator.return!();
  await k.messages(rk).return!();
}

/** Several next() at once give the messages in the order of the calls, while they wait and when more is there. */
export async function severalAtOnce(t: TestContext, env: TopicEnv): Promise<void> {
  const iterator = k.messages(consume(t, env));
  const calls = upTo(5).map(() => iterator.next());
  await fill(t, env, 0, 20);
  const first = calls[0]!.then(() => upTo(5).map(() => iterator.next()));

  const results = [...(await Promise.all(calls)), ...(await Promise.all(await first))];
  const more = await Promise.all(upTo(10).map(() => iterator.next()));

  expect([...results, ...more].map(({ value }) => value!.offset)).toEqual(upTo(20));
  await iterator.return!();
}

/** return() ends a pull that waits, and it takes nothing from whoever pulls next. */
export async function returnWhileWaiting(t: TestContext, env: TopicEnv): Promise<void> {
  const rk = consume(t, env);
  const iterator = k.messages(rk);
  const waiting = iterator.next();

  await iterator.return!();

  expect(await waiting).toEqual({ value: undefined, done: true });
  await fill(t, env, 0, 3);
  expect(numbersOf(await take(k.messages(rk), 3))).toEqual([0, 1, 2]);
}

export async function endsWithTheHandle(t: TestContext, env: TopicEnv, end: 'close_async' | 'destroy'): Promise<void> {
  await fill(t, env, 0, 3);
  const outsider = new Outsider(t, env);
  const rk = consume(t, env);
  const seen: number[] = [];
  const third = new Gate();
  const loop = (async () => {
    for await (const message of k.messages(rk)) {
      seen.push(message.offset);
      if (seen.length === 3) third.open();
    }
  })();
  await third.opened;
  // The loop asks for a fourth, and waits.
  await new Promise((turn) => setImmediate(turn));

  if (end === 'close_async') await k.close_async(rk);
  else k.destroy(rk);
  await loop;

  expect(seen).toEqual([0, 1, 2]);
  expect(await outsider.committed()).toBe(3);
}

/** close_async waits for the message in work; it is stored when the loop comes back, and committed. */
export async function closeWaitsForTheLoop(t: TestContext, env: TopicEnv): Promise<void> {
  await fill(t, env, 0, 3);
  const outsider = new Outsider(t, env);
  const rk = consume(t, env);
  const iterator = k.messages(rk);
  await iterator.next();
  let closed = false;

  const closing = k.close_async(rk).then((result) => {
    closed = true;
    return result;
  });
  expect(await outsider.committed()).toBe(k.RD_KAFKA_OFFSET_INVALID);
  expect(closed).toBe(false);
  expect(await iterator.next()).toEqual({ value: undefined, done: true });

  expect((await closing).uncommitted).toEqual([]);
  expect(await outsider.committed()).toBe(1);
}

/** An iterator of which nothing is in work does not keep close_async waiting. */
export async function closeOfAnIdleIterator(t: TestContext, env: TopicEnv): Promise<void> {
  const rk = consume(t, env);
  const iterator = k.messages(rk);

  const from = performance.now();
  await k.close_async(rk, { timeout_ms: 60_000 });

  // Its share of the time would be 36 s.
  expect(performance.now() - from).toBeLessThan(30_000);
  expect(await iterator.next()).toEqual({ value: undefined, done: true });
}

export async function abortedBefore(t: TestContext, env: TopicEnv): Promise<void> {
  const rk = consume(t, env);
  const reason = new Error('not at all');
  const { signal } = aborted(reason);

  expect(() => k.messages(rk, { signal })).toThrow(reason);
  expect(() => k.batches(rk, { signal })).toThrow(reason);
  expect(await rejection(k.each(rk, () => {}, { signal }))).toBe(reason);
  // Nothing was begun.
  await k.messages(rk).return!();
}

function aborted(reason: unknown): AbortController {
  const controller = new AbortController();
  controller.abort(reason);
  return controller;
}

export async function abortedWhileWaiting(t: TestContext, env: TopicEnv): Promise<void> {
  const rk = consume(t, env);
  const controller = new AbortController();
  const reason = { mine: true };
  const iterator = k.messages(rk, { signal: controller.signal });
  const waiting = iterator.next();

  controller.abort(reason);

  expect(await rejection(waiting)).toBe(reason);
  expect(await iterator.next()).toEqual({ value: undefined, done: true });
  await fill(t, env, 0, 2);
  expect(numbersOf(await take(k.messages(rk), 2))).toEqual([0, 1]);
}

/** The loop asks for the next message and hears of the abort: the one before was handled, and is stored. */
export async function abortedInTheLoop(t: TestContext, env: TopicEnv): Promise<void> {
  await fill(t, env, 0, 10);
  const outsider = new Outsider(t, env);
  const rk = consume(t, env);
  const controller = new AbortController();
  const seen: number[] = [];
  const loop = async (): Promise<void> => {
    for await (const message of k.messages(rk, { signal: controller.signal })) {
      seen.push(message.offset);
      if (seen.length === 4) controller.abort(new Error('enough'));
    }
  };

  expect(await rejection(loop())).toEqual(new Error('enough'));
  await k.close_async(rk);

  expect(seen).toEqual([0, 1, 2, 3]);
  expect(await outsider.committed()).toBe(4);
}

/** A fatal error ends the loop that waits, and every later one. */
export async function fatal(t: TestContext, env: TopicEnv): Promise<void> {
  const rk = consume(t, env);
  const iterator = k.messages(rk);
  const waiting = iterator.next();
  const wanted = { code: k.RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, fatal: true };

  k.test_fatal_error(rk, k.RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, 'somebody else has our name');

  expect(await rejection(waiting)).toMatchObject(wanted);
  expect(await rejection(k.messages(rk).next())).toMatchObject(wanted);
  expect(await rejection(k.batches(rk).next())).toMatchObject(wanted);
  expect(await rejection(k.each(rk, () => {}))).toMatchObject(wanted);
}

/** Errors that need no end go to on_error, or to the log. */
export async function errorsBesides(t: TestContext, env: TopicEnv): Promise<void> {
  await fill(t, env, 0, 1);
  const missing = `missing-${env.topic}`;
  const logs: string[] = [];
  const conf = { 'topic.metadata.propagation.max.ms': 200, 'allow.auto.create.topics': false } as const;
  const [told, silent] = [consume(t, env, { ...conf, 'group.id': `a-${env.topic}` }), consume(t, env, conf, logs)];
  for (const rk of [told, silent]) expect(k.subscribe(rk, [missing, env.topic])).toBe(0);
  const errors: k.KafkaError[] = [];
  const ending = new AbortController();
  const loop = async (rk: k.rd_kafka_t, o: k.MessagesOptions): Promise<number> => {
    let count = 0;
    try {
      for await (const _ of k.messages(rk, { ...o, signal: ending.signal })) count++;
    } catch {
      // Aborted.
    }
    return count;
  };

  const loops = [loop(told, { on_error: (error) => void errors.push(error) }), loop(silent, {})];
  await until(() => errors.length > 0 && logs.some((line) => line.startsWith('CONSUME')), { what: 'both to be told' });
  ending.abort();

  expect(errors.map(({ type }) => type)).toEqual(['UNKNOWN_TOPIC_OR_PART']);
  expect(errors[0]!.message).toContain(missing);
  expect(logs.filter((line) => line.startsWith('CONSUME')).join()).toContain(missing);
  expect((await Promise.all(loops)).length).toBe(2);
}

export async function endsOfPartitions(t: TestContext, env: TopicEnv): Promise<void> {
  await fill(t, env, 0, 3);
  const rk = consume(t, env, { 'enable.partition.eof': true });
  const ends: [string, number, number][] = [];
  const iterator = k.messages(rk, { on_eof: (topic, partition, offset) => void ends.push([topic, partition, offset]) });
  const seen = [await iterator.next(), await iterator.next(), await iterator.next()];
  const waiting = iterator.next();

  await until(() => ends.length === 4, { what: () => `the ends of four partitions: ${JSON.stringify(ends)}` });

  expect(numbersOf(seen.map(({ value }) => value!))).toEqual([0, 1, 2]);
  expect([...ends].sort()).toEqual([0, 1, 2, 3].map((partition) => [env.topic, partition, partition === 0 ? 3 : 0]));
  await iterator.return!();
  await waiting;
}

/** Timers of the program run while messages are always there: no turn comes later than a few milliseconds of messages. */
export async function turnsOfTheLoop(t: TestContext, env: TopicEnv): Promise<void> {
  const COUNT = 50_000;
  await fill(t, env, 0, COUNT, { size: 20 });
  const rk = consume(t, env);
  let ticks = 0;
  let sum = 0;
  let longest = 0;
  let last = 0;
  const interval = setInterval(() => {
    ticks++;
    last = performance.now();
  }, 1);

  let count = 0;
  for await (const message of k.messages(rk)) {
    // Some work of the program's, so that the run is long enough to count turns in.
    for (let i = 0; i < 2000; i++) sum = (sum + i * message.offset) | 0;
    if (last > 0) longest = Math.max(longest, performance.now() - last);
    if (++count === COUNT) break;
  }
  clearInterval(interval);

  expect(count).toBe(COUNT);
  expect(ticks).toBeGreaterThan(5);
  // Generous: the machine may take the thread away for a while.
  expect(longest).toBeLessThan(500);
  expect(sum).toBeTypeOf('number');
}

/** Holding a message for longer than max.poll.interval.ms loses the partitions, which the next pull tells; waiting does not. */
export async function pollInterval(t: TestContext, env: TopicEnv, interval: number): Promise<void> {
  await fill(t, env, 0, 1);
  const events: string[] = [];
  const logs: string[] = [];
  const rk = consume(
    t,
    env,
    {
      'session.timeout.ms': interval,
      'max.poll.interval.ms': interval,
      on_assigned: (list) => void events.push(`+${list.length}`),
      on_revoked: (list) => void events.push(`-${list.length}`),
      on_lost: (list) => void events.push(`lost ${list.length}`),
    },
    logs,
  );
  const errors: string[] = [];
  const iterator = k.messages(rk, { on_error: ({ type }) => void errors.push(type) });
  await iterator.next();

  await until(() => logs.some((line) => line.includes('MAXPOLL') || line.includes('max.poll.interval')), {
    deadline_ms: 60_000,
    what: () => `the group to be left: ${logs.join('\n')}`,
  });
  expect(events).toEqual(['+4']);
  const waiting = iterator.next();
  await until(() => events.length === 3, { what: () => `what is lost to come back: ${events}` });
  expect(errors).toEqual(['_MAX_POLL_EXCEEDED']);
  expect(events).toEqual(['+4', 'lost 4', '+4']);

  // What was in work is stored nowhere, since others may have had it: it comes again.
  expect(numberOf((await waiting).value!)).toBe(0);
  const idle = iterator.next();
  const from = performance.now();
  await until(() => performance.now() - from > 2 * interval, { deadline_ms: 10 * interval });
  expect(events).toHaveLength(3);
  await iterator.return!();
  await idle;
}
