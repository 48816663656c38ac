// batches() on whatever cluster: run on the mock by test/mock/promise, on a real Kafka by test/real/promise. @thread app
import { expect, type TestContext } from 'vitest';
import * as k from '../../../../src/index.ts';
import { until } from '../../until.ts';
import type { TopicEnv } from '../consumer.ts';
import { busy, consume, fill, numbersOf, Outsider, rejection, upTo } from './kit.ts';
import { assignedTo } from './messages.ts';

/** Takes batches until `count` messages are there, and leaves the loop. */
async function takeBatches(batches: AsyncIterable<k.Message[]>, count: number): Promise<k.Message[][]> {
  const got: k.Message[][] = [];
  let sum = 0;
  for await (const batch of batches) {
    got.push(batch);
    sum += batch.length;
    if (sum >= count) break;
  }
  return got;
}

/** All messages, in order of their partitions, no batch empty or above max_messages, and most of them full. */
export async function mostMessages(t: TestContext, env: TopicEnv): Promise<void> {
  await fill(t, env, 0, 500);
  await fill(t, env, 1, 500);

  const got = await takeBatches(k.batches(consume(t, env), { max_messages: 64, max_wait_ms: 30_000 }), 960);

  // It waits for full ones: 15 of them.
  expect(got.map(({ length }) => length)).toEqual(Array(15).fill(64));
  for (const partition of [0, 1]) {
    const numbers = numbersOf(got.flat().filter((message) => message.partition === partition));
    expect(numbers).toEqual(upTo(numbers.length));
  }
}

/** Without max_wait_ms what is there goes out. */
export async function whatIsThere(t: TestContext, env: TopicEnv): Promise<void> {
  await fill(t, env, 0, 5);
  const iterator = k.batches(consume(t, env));

  const first = await iterator.next();
  const got = [...first.value!];
  while (got.length < 5) got.push(...(await iterator.next()).value!);

  expect(numbersOf(got)).toEqual(upTo(5));
  await iterator.return!();
}

/** A batch goes out with the message that brings its keys and values to max_bytes. */
export async function mostBytes(t: TestContext, env: TopicEnv): Promise<void> {
  await fill(t, env, 0, 12, { size: 96, key: () => 'four' });

  const got = await takeBatches(k.batches(consume(t, env), { max_bytes: 250, max_wait_ms: 30_000 }), 12);

  expect(got.map(({ length }) => length)).toEqual([3, 3, 3, 3]);
  expect(numbersOf(got.flat())).toEqual(upTo(12));
}

/** What comes within max_wait_ms goes into one batch; what has come by then goes out. */
export async function longestWait(t: TestContext, env: TopicEnv): Promise<void> {
  await fill(t, env, 0, 2);
  const iterator = k.batches(consume(t, env), { max_messages: 4, max_wait_ms: 20_000 });
  const full = iterator.next();
  await fill(t, env, 0, 2, { first: 2 });
  expect(numbersOf((await full).value!)).toEqual(upTo(4));
  await iterator.return!();

  await fill(t, env, 0, 2, { first: 4 });
  const short = k.batches(consume(t, env, { 'group.id': `b-${env.topic}` }), { max_messages: 7, max_wait_ms: 300 });
  const got: k.Message[][] = await takeBatches(short, 6);

  expect(numbersOf(got.flat())).toEqual(upTo(6));
}

/** Each partition is stored behind its last message when the next batch is asked for. */
export async function storedByBatch(t: TestContext, env: TopicEnv): Promise<void> {
  await fill(t, env, 0, 3);
  await fill(t, env, 1, 5);
  const outsider = new Outsider(t, env);
  const rk = consume(t, env, { 'enable.auto.commit': false });
  const iterator = k.batches(rk, { max_messages: 8, max_wait_ms: 30_000 });

  expect((await iterator.next()).value).toHaveLength(8);
  expect(await rejection(k.commit_async(rk, null))).toMatchObject({ type: '_NO_OFFSET' });
  const next = iterator.next();
  await k.commit_async(rk, null);

  expect(await outsider.allCommitted([0, 1, 2])).toEqual([3, 5, k.RD_KAFKA_OFFSET_INVALID]);
  await iterator.return!();
  await next;
}

/** The batch at which the loop was left is not stored, the one before is. */
export async function leftBatch(t: TestContext, env: TopicEnv): Promise<void> {
  await fill(t, env, 0, 10);
  const outsider = new Outsider(t, env);
  const rk = consume(t, env);

  await takeBatches(k.batches(rk, { max_messages: 5, max_wait_ms: 30_000 }), 10);
  await k.close_async(rk);

  expect(await outsider.committed()).toBe(5);
}

/** An abort amid a batch lets out what is in it; the next pull throws, and nothing is skipped. */
export async function abortAmidBatch(t: TestContext, env: TopicEnv): Promise<void> {
  await fill(t, env, 0, 3);
  const rk = consume(t, env);
  const controller = new AbortController();
  const iterator = k.batches(rk, { max_messages: 100, max_wait_ms: 60_000, signal: controller.signal });
  const pending = iterator.next();
  await until(() => positionOf(rk, env.topic) === 3, { what: 'three messages in the batch' });

  controller.abort(new Error('enough'));

  expect(numbersOf((await pending).value!)).toEqual([0, 1, 2]);
  expect(await rejection(iterator.next())).toEqual(new Error('enough'));
  await fill(t, env, 0, 2, { first: 3 });
  const rest = await takeBatches(k.batches(rk), 2);
  expect(numbersOf(rest.flat())).toEqual([3, 4]);
}

function positionOf(rk: k.rd_kafka_t, topic: string): number {
  const list = [{ topic, partition: 0, offset: 0 }];
  k.position(rk, list);
  return list[0]!.offset;
}

/** What a callback throws amid a batch is thrown by the next pull, and the messages before it go out. */
export async function throwAmidBatch(t: TestContext, env: TopicEnv): Promise<void> {
  await fill(t, env, 0, 3);
  const rk = consume(t, env, { 'enable.partition.eof': true });
  const failure = new Error('from on_eof');
  const iterator = k.batches(rk, {
    max_wait_ms: 60_000,
    on_eof: (_topic, partition) => {
      if (partition === 0) throw failure;
    },
  });

  expect(numbersOf((await iterator.next()).value!)).toEqual([0, 1, 2]);
  expect(await rejection(iterator.next())).toBe(failure);
}

/** A rebalance that comes while a batch is being filled ends it, and is answered by the next pull. */
export async function rebalanceEndsBatch(t: TestContext, env: TopicEnv): Promise<void> {
  for (const partition of [0, 1, 2, 3]) await fill(t, env, partition, 2);
  const outsider = new Outsider(t, env);
  const first = consume(t, env);
  const iterator = k.batches(first, { max_messages: 1000, max_wait_ms: 120_000 });
  const filling = iterator.next();
  await until(() => assignedTo(first) === 4, { what: 'four partitions' });
  // An empty batch would go on waiting, with the two partitions that are left.
  await until(() => positionOf(first, env.topic) > 0, { what: 'a message in the batch' });

  const second = consume(t, env);
  const others = k.messages(second);
  const next = others.next();
  const batch = (await filling).value!;

  expect(assignedTo(first)).toBe(4);
  expect(batch.length).toBeGreaterThan(0);
  const again = iterator.next();
  await until(() => assignedTo(first) === 2 && assignedTo(second) === 2, { what: 'two partitions for each' });
  // What was in the batch is committed where it went; what was not is somebody's.
  for (const partition of [0, 1, 2, 3]) {
    const handled = batch.filter((message: k.Message) => message.partition === partition).length;
    const committed = await outsider.committed(partition);
    if (committed !== k.RD_KAFKA_OFFSET_INVALID) expect(committed).toBe(handled);
  }
  await iterator.return!();
  await again;
  await others.return!();
  await next;
}

/** The same when it comes in the very moment in which the batch looks for more: the thread was busy in a callback. */
export async function rebalanceAmidFilling(t: TestContext, env: TopicEnv): Promise<void> {
  for (const partition of [0, 1]) await fill(t, env, partition, 3);
  const revoked: string[] = [];
  const conf = { 'enable.partition.eof': true, on_revoked: () => void revoked.push('revoked') } as const;
  const first = consume(t, env, conf);
  let blocks = false;
  const iterator = k.batches(first, {
    max_messages: 1000,
    max_wait_ms: 5000,
    on_eof: () => {
      // Once, and amid a batch: the other member's join comes meanwhile.
      if (blocks) busy(3000);
      blocks = false;
    },
  });
  const got: k.Message[] = [];
  while (got.length < 6) got.push(...(await iterator.next()).value!);

  await fill(t, env, 0, 3, { first: 3 });
  blocks = true;
  const filling = iterator.next();
  const second = consume(t, env);
  const others = k.messages(second);
  const next = others.next();
  const batch = (await filling).value!;

  expect(blocks).toBe(false);
  expect(revoked).toEqual([]);
  expect(batch.length).toBeGreaterThan(0);
  const again = iterator.next();
  await until(() => revoked.length > 0, { what: 'the rebalance to be answered' });
  await iterator.return!();
  await again;
  await others.return!();
  await next;
}

export async function refused(t: TestContext, env: TopicEnv): Promise<void> {
  const rk = consume(t, env);

  for (const o of [{ max_messages: 0 }, { max_bytes: 0 }, { max_wait_ms: -1 }, { max_messages: 1.5 }])
    expect(() => k.batches(rk, o)).toThrow(RangeError);
  expect(() => k.batches(rk, { max_message: 1 } as object)).toThrow(TypeError);
  expect(() => k.messages(rk, { on_eof: 1 } as object)).toThrow(TypeError);
  // None of them has begun anything.
  await k.batches(rk).return!();
}
