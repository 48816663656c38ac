// room_async: what to wait for after producev gave _QUEUE_FULL.
import { expect, type TestContext } from 'vitest';
import { producev, RD_KAFKA_RESP_ERR__QUEUE_FULL, room_async, test_fatal_error } from '../../../../src/index.ts';
import { aProducer } from '../../builders.ts';
import { kafkaError, outcome } from '../../clients.ts';
import { aProxy } from '../../proxy.ts';
import { readTopic } from '../../read_topic.ts';
import { freshTopic } from '../../topics.ts';
import type { Env } from '../env.ts';

/** As programs write it: room is waited for when there is none, and nobody polls. */
export async function waitsWhenFull(t: TestContext, env: Env): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  const { rk, reports } = aProducer(t, { 'bootstrap.servers': env.bootstrap, 'queue.buffering.max.messages': 5 });
  let waited = 0;
  for (let i = 0; i < 50; i++) {
    for (;;) {
      const err = producev(rk, { topic, value: `${i}`, opaque: i });
      if (err === 0) break;
      expect(err).toBe(RD_KAFKA_RESP_ERR__QUEUE_FULL);
      waited++;
      await room_async(rk);
    }
  }

  expect(waited).toBeGreaterThanOrEqual(1);
  expect(waited).toBeLessThanOrEqual(45);
  const { records } = await readTopic(env.bootstrap, topic);
  expect(records.map(({ value }) => String(value)).slice(0, 45)).toEqual(Array.from({ length: 45 }, (_, i) => `${i}`));
  expect(reports.all.length).toBeGreaterThanOrEqual(45);
}

/** A queue of one message that nobody takes. */
async function full(t: TestContext, env: Env) {
  const topic = await freshTopic(env.bootstrap, 1);
  const proxy = await aProxy(t, env.bootstrap);
  const { rk } = aProducer(t, { 'bootstrap.servers': proxy.bootstrap, 'queue.buffering.max.messages': 1 });
  proxy.hold('down');
  expect(producev(rk, { topic })).toBe(0);
  return rk;
}

export async function atOnceWithRoom(t: TestContext, env: Env): Promise<void> {
  const { rk } = aProducer(t, { 'bootstrap.servers': env.bootstrap });

  expect(await room_async(rk)).toBe(undefined);
}

export async function givenUp(t: TestContext, env: Env): Promise<void> {
  const rk = await full(t, env);
  const controller = new AbortController();

  const waited = outcome(room_async(rk, { signal: controller.signal }));
  controller.abort('mine');

  expect(await waited).toBe('mine');
  expect(await outcome(room_async(rk, { signal: controller.signal }))).toBe('mine');
}

export async function endsWithItsHandle(t: TestContext, env: Env): Promise<void> {
  const rk = await full(t, env);

  const waited = outcome(room_async(rk));
  rk[Symbol.dispose]();

  expect(await waited).toBe('_DESTROY');
}

export async function endsFatally(t: TestContext, env: Env): Promise<void> {
  const rk = await full(t, env);

  const waited = kafkaError(room_async(rk));
  test_fatal_error(rk, 59, 'mine');

  expect(await waited).toMatchObject({ code: 59, fatal: true });
}

/** By what each promises. */
export const ROOM_ASYNC: Readonly<Record<string, (t: TestContext, env: Env) => Promise<void>>> = {
  'room is waited for while the queue is full, without a poll': waitsWhenFull,
  'it resolves at once while there is room': atOnceWithRoom,
  'a signal ends the waiting with its reason': givenUp,
  'the end of the handle ends it with _DESTROY': endsWithItsHandle,
  'a fatal error ends it with that': endsFatally,
};
