import { availableParallelism } from 'node:os';
import { beforeAll, expect, test } from 'vitest';
import type { Handle } from '../../../src/app/handle.ts';
import * as rk from '../../../src/index.ts';
import * as mock from '../../../src/rdkafka_mock.ts';
import { childRunner, type RunChild } from '../../kit/child.ts';
import { workersOfApp } from '../../kit/nothing_left.ts';
import { outcomes, type Producing, pollUntil, produceNumbers, reportFaults } from '../../kit/producing.ts';
import { until } from '../../kit/until.ts';
import { aMock } from './kit.ts';

let run: RunChild;
beforeAll(async () => {
  run = await childRunner();
});

const mainOf = (p: Producing): NonNullable<Handle['main']> => (p.handle as unknown as Handle).main!;

test('50 handles in one process share workers, and each delivers', () => {
  const env = aMock(3);
  const all = Array.from({ length: 50 }, () => env.producer());
  for (const p of all) produceNumbers(p, 't', 40, { key: (i) => `${i}` });
  for (const p of all) expect(rk.flush(p.handle, 25_000)).toBe(0);
  expect(workersOfApp()).toBeLessThanOrEqual(Math.max(4, 2 * availableParallelism()) + 8);
  for (const p of all) {
    expect(outcomes(p.reports)).toBe('ok x 40');
    expect(reportFaults(p.reports, 40)).toBe('');
  }
  for (const p of all) rk.destroy(p.handle);
});

test('main killed with messages in every state: one report each, the handle is fatal', async () => {
  const env = aMock(3);
  const p = env.producer({ 'linger.ms': '5' });
  produceNumbers(p, 't', 1000, { key: (i) => `${i}` });
  expect(rk.flush(p.handle, 20_000)).toBe(0);
  // Delivered and not polled for, in flight, lingering, waiting for metadata.
  mock.rd_kafka_mock_broker_set_rtt(env.mock, 2, 2000);
  mock.rd_kafka_mock_broker_set_rtt(env.mock, 3, 2000);
  produceNumbers(p, 't', 1000, { first: 1000, key: (i) => `${i}` });
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
  produceNumbers(p, 'another', 500, { first: 2000, key: (i) => `${i}` });
  await mainOf(p).worker.terminate();
  await until(() => rk.fatal_error(p.handle) !== 0);
  expect(rk.flush(p.handle, 15_000)).toBe(0);
  expect(new Set(p.reports.map(({ opaque }) => opaque)).size).toBe(2500);
  expect(p.reports.length).toBe(2500);
  for (const { err } of p.reports) expect([0, rk.RD_KAFKA_RESP_ERR__FATAL]).toContain(err);
  expect(rk.producev(p.handle, { topic: 't', value: 'x' })).toBe(rk.RD_KAFKA_RESP_ERR__FATAL);
  rk.destroy(p.handle);
});

test('main killed while records that waited are half relayed and half reported: one report each', async () => {
  const env = aMock(3);
  for (let round = 0; round < 8; round++) {
    const p = env.producer({ 'linger.ms': '0' });
    produceNumbers(p, `topic-${round}`, 3000, { key: (i) => `${i}`, size: 30 });
    // Somewhere between the metadata's arrival and the last report.
    const stop = performance.now() + 45_000;
    while (p.reports.length === 0 && performance.now() < stop) rk.poll(p.handle, round % 2 === 0 ? 1 : 5);
    const gone = mainOf(p).worker.terminate();
    produceNumbers(p, `topic-${round}`, 100, { first: 3000, key: (i) => `${i}` });
    await gone;
    await until(() => rk.fatal_error(p.handle) !== 0);
    expect(rk.flush(p.handle, 15_000)).toBe(0);
    expect(reportFaults(p.reports, 3100)).toBe('');
    rk.destroy(p.handle);
  }
});

test('a blocked flush notices that main was killed', async () => {
  const env = aMock();
  const p = env.producer();
  produceNumbers(p, 't', 1, { first: 10 });
  expect(rk.flush(p.handle, 20_000)).toBe(0);
  mock.rd_kafka_mock_broker_set_rtt(env.mock, 1, 60_000);
  produceNumbers(p, 't', 10);
  void mainOf(p).worker.terminate();
  expect(rk.flush(p.handle, -1)).toBe(0);
  expect(outcomes(p.reports)).toBe('_FATAL x 10, ok x 1');
  expect(rk.fatal_error(p.handle)).not.toBe(0);
});

test('a killed main ends promises that wait', async () => {
  const env = aMock();
  mock.rd_kafka_mock_broker_set_rtt(env.mock, 1, 60_000);
  const p = env.producer();
  produceNumbers(p, 't', 10);
  const flushed = rk.flush_async(p.handle, -1);
  await mainOf(p).worker.terminate();
  await flushed;
  expect(outcomes(p.reports)).toBe('_FATAL x 10');
});

test('a broker worker that dies makes the handle fatal: one report each, a blocked flush returns', async () => {
  const env = aMock(3);
  const p = env.producer({ 'linger.ms': '0' });
  produceNumbers(p, 't', 100, { key: (i) => `${i}` });
  expect(rk.flush(p.handle, 20_000)).toBe(0);
  for (let broker = 1; broker <= 3; broker++) mock.rd_kafka_mock_broker_set_rtt(env.mock, broker, 60_000);
  produceNumbers(p, 't', 1000, { first: 100, key: (i) => `${i}` });
  killOneBrokerWorker(p);
  expect(rk.flush(p.handle, 20_000)).toBe(0);
  expect(reportFaults(p.reports, 1100)).toBe('');
  expect(outcomes(p.reports)).toBe('_FATAL x 1000, ok x 100');
  expect(rk.fatal_error(p.handle)).toBe(rk.RD_KAFKA_RESP_ERR__CRIT_SYS_RESOURCE);
});

/** Sends it what it can't read: an error of ours in the worker, as far as it knows. */
function killOneBrokerWorker(p: Producing): void {
  const { workers } = p.handle as unknown as { workers: Map<number, { channel: { post(op: unknown): void } }> };
  const [first] = workers.values();
  first!.channel.post({ type: 'page', creator: 99, number: 0, memory: null });
}

test('a fatal handle is destroyed at once', async () => {
  const p = aMock().producer();
  produceNumbers(p, 't', 10);
  await mainOf(p).worker.terminate();
  rk.destroy(p.handle);
  expect(reportFaults(p.reports, 10)).toBe('');
});

test('test_fatal_error purges what is queued and refuses what comes', () => {
  const p = aMock().producer({ 'linger.ms': '60000' });
  produceNumbers(p, 't', 10);
  expect(rk.test_fatal_error(p.handle, rk.RD_KAFKA_RESP_ERR_INVALID_PRODUCER_EPOCH, 'mine')).toBe(0);
  expect(rk.producev(p.handle, { topic: 't', value: 'x' })).toBe(rk.RD_KAFKA_RESP_ERR__FATAL);
  pollUntil(p, () => p.reports.length === 10, 'the reports');
  expect(outcomes(p.reports)).toBe('_PURGE_QUEUE x 10');
  expect(p.errors.map(({ err }) => err)).toContain(rk.RD_KAFKA_RESP_ERR__FATAL);
});

for (const [state, script] of [
  ['after new', `producer('127.0.0.1:1');`],
  [
    'with the broker unreachable and nothing outstanding',
    `const rk = producer('127.0.0.1:1'); k.rd_kafka_poll(rk, 500);`,
  ],
  [
    'after a twin settled',
    `const c = cluster(); const rk = producer(c.bootstrap);
     k.rd_kafka_producev(rk, k.RD_KAFKA_V_TOPIC('t'), k.RD_KAFKA_V_VALUE('x'));
     await k.rd_kafka_flush_async(rk, 15000);`,
  ],
  ['after a twin timed out', `const rk = producer('127.0.0.1:1'); await k.rd_kafka_poll_async(rk, 50);`],
  [
    'after destroy',
    `const c = cluster(); const rk = producer(c.bootstrap);
     k.rd_kafka_producev(rk, k.RD_KAFKA_V_TOPIC('t'), k.RD_KAFKA_V_VALUE('x'));
     k.rd_kafka_flush(rk, 15000); k.rd_kafka_destroy(rk); c.end();`,
  ],
  [
    'after destroy_async with a message on its way',
    `const c = cluster(); const rk = producer(c.bootstrap);
     k.rd_kafka_producev(rk, k.RD_KAFKA_V_TOPIC('t'), k.RD_KAFKA_V_VALUE('x'));
     await k.rd_kafka_destroy_async(rk);`,
  ],
] as const)
  test(`a process ends by itself ${state}`, async () => {
    const child = run(`${script}\nprocess.on('exit', () => console.log('end'));`);
    expect(await child.ended).toBe(0);
    expect(child.out()).toBe('end\n');
  });
