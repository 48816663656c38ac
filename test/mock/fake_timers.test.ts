// A test runner's fake timers stop the program under test, not the client (api.md, section 3).
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { poll_start } from '../../src/promise/poll_start.ts';
import * as k from '../../src/rdkafka.ts';
import { aCluster, aConsumer, aProducer } from '../kit/builders.ts';

const realImmediate: typeof setImmediate = setImmediate;
const FAKED = new Date('2001-09-09T01:46:40.000Z');

beforeEach(() => {
  vi.useFakeTimers({ now: FAKED });
});

// Before the builders' cleanup, which waits by timers of its own.
afterEach(() => {
  vi.useRealTimers();
});

function send(rk: k.rd_kafka_t): void {
  expect(k.rd_kafka_producev(rk, k.RD_KAFKA_V_TOPIC('t'), k.RD_KAFKA_V_VALUE('x'))).toBe(0);
}

test("produce, flush_async and consumer_poll_async go on under vitest's fake timers", async (t) => {
  const { bootstrap } = aCluster(t);
  const { rk, reports } = aProducer(t, { 'bootstrap.servers': bootstrap });
  const consumer = aConsumer(t, { 'bootstrap.servers': bootstrap });

  send(rk);
  await k.rd_kafka_flush_async(rk, 15_000);
  await k.rd_kafka_subscribe_async(consumer, ['t']);
  const message = await k.rd_kafka_consumer_poll_async(consumer, 15_000);

  expect(reports.all.map(({ err }) => err)).toEqual([0]);
  expect(message?.value?.toString()).toBe('x');
});

test('the blocking calls go on under fake timers', (t) => {
  const { bootstrap } = aCluster(t);
  const { rk, reports } = aProducer(t, { 'bootstrap.servers': bootstrap });

  send(rk);
  const flushed = k.rd_kafka_flush(rk, 15_000);

  expect(flushed).toBe(0);
  expect(reports.all.map(({ err }) => err)).toEqual([0]);
});

test('timeouts of promise forms come true though no timer of the program does', async (t) => {
  const { rk } = aProducer(t, { 'bootstrap.servers': '127.0.0.1:1' });
  let fired = false;
  setTimeout(() => {
    fired = true;
  }, 0);

  send(rk);
  const failed = await k.rd_kafka_flush_async(rk, 50).catch((error: { code: number }) => error.code);

  expect(failed).toBe(k.RD_KAFKA_RESP_ERR__TIMED_OUT);
  expect(fired).toBe(false);
});

test('reports come by poll_start under fake timers', async (t) => {
  const { bootstrap } = aCluster(t);
  const { rk, reports } = aProducer(t, { 'bootstrap.servers': bootstrap });
  using _serving = poll_start(rk);

  send(rk);
  while (reports.all.length === 0) await new Promise((turn) => realImmediate(turn));

  expect(reports.all.map(({ err }) => err)).toEqual([0]);
});

test('the timestamp of a record follows a faked Date', async (t) => {
  const { bootstrap } = aCluster(t);
  const { rk } = aProducer(t, { 'bootstrap.servers': bootstrap });
  const consumer = aConsumer(t, { 'bootstrap.servers': bootstrap });

  send(rk);
  await k.rd_kafka_flush_async(rk, 15_000);
  await k.rd_kafka_subscribe_async(consumer, ['t']);
  const message = await k.rd_kafka_consumer_poll_async(consumer, 15_000);

  expect(message?.timestamp).toBe(FAKED.getTime());
});
