// close_async of handles that are fatal or dead, and what it leaves of a process.
import { beforeAll, expect, type TestContext, test } from 'vitest';
import type { Handle } from '../../../src/app/handle.ts';
import * as rk from '../../../src/index.ts';
import { RD_KAFKAP_Produce, rd_kafka_mock_broker_push_request_error_rtts } from '../../../src/rdkafka_mock.ts';
import { aCluster, belongs } from '../../kit/builders.ts';
import { childRunner, type RunChild } from '../../kit/child.ts';
import { aNewConsumer, aNewProducer, outcome, put, tally } from '../../kit/clients.ts';
import { next } from '../../kit/scenarios/promise/hooks.ts';
import { freshTopic } from '../../kit/topics.ts';
import { until } from '../../kit/until.ts';

let run: RunChild;
beforeAll(async () => {
  run = await childRunner();
});

/** A consumer that has a message, stored and not committed. */
async function consuming(t: TestContext): Promise<rk.rd_kafka_t> {
  const { bootstrap } = aCluster(t);
  const topic = await freshTopic(bootstrap, 1);
  await put(bootstrap, topic, ['a', 'b']);
  const { rk: handle } = aNewConsumer(t, {
    'bootstrap.servers': bootstrap,
    'auto.commit.interval.ms': 60_000,
    topics: [topic],
  });
  await next(handle);
  return handle;
}

const inTime = async (handle: rk.rd_kafka_t): Promise<Awaited<ReturnType<typeof rk.close_async>>> => {
  const from = performance.now();
  const closed = await rk.close_async(handle, { timeout_ms: 3000 });
  expect(performance.now() - from).toBeLessThan(4000);
  return closed;
};

for (const how of ['killed', 'fatal'] as const) {
  test(`a consumer whose main is ${how}: what it has stored is not committed`, async (t) => {
    const handle = await consuming(t);
    if (how === 'killed') await (handle as unknown as Handle).main!.worker.terminate();
    else rk.test_fatal_error(handle, rk.RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, 'mine');
    await until(() => rk.fatal_error(handle) !== 0);

    const { uncommitted } = await inTime(handle);

    expect(uncommitted.map(({ partition, offset }) => [partition, offset])).toEqual([[0, 1]]);
  });

  test(`a producer ${how} amid its close: each message is told of once, and counted`, async (t) => {
    const { rk: handle } = aNewProducer(t, { 'bootstrap.servers': '127.0.0.1:1' });
    const sent = Array.from({ length: 10 }, () => outcome(rk.produce_async(handle, { topic: 't' })));

    const closed = inTime(handle);
    await new Promise((turn) => setImmediate(turn));
    if (how === 'killed') await (handle as unknown as Handle).main!.worker.terminate();
    else rk.test_fatal_error(handle, rk.RD_KAFKA_RESP_ERR_UNKNOWN_PRODUCER_ID, 'mine');

    expect(await closed).toEqual({ undelivered: 10, uncommitted: [] });
    expect(tally(await Promise.all(sent))).toMatch(
      how === 'killed' ? /^_FATAL x 10$/ : /^_PURGE_(QUEUE|INFLIGHT) x 10$/,
    );
  });
}

test('a destroy amid it ends the handle at once, and it says what came of that', async (t) => {
  const { rk: handle } = aNewProducer(t, { 'bootstrap.servers': '127.0.0.1:1' });
  const sent = Array.from({ length: 3 }, () => outcome(rk.produce_async(handle, { topic: 't' })));

  const closed = rk.close_async(handle);
  await new Promise((turn) => setImmediate(turn));
  rk.destroy(handle);

  expect(await closed).toEqual({ undelivered: 3, uncommitted: [] });
  // By who had them: a worker that has not started yet can't say that nothing was sent.
  for (const each of await Promise.all(sent)) expect(each).toMatch(/^_PURGE_(QUEUE|INFLIGHT)$/);
});

/** The first of three messages has its report while the second is on its way, and the third has not been sent. */
function threeInARow(t: TestContext, dr_msg_cb: Parameters<typeof rk.conf_set_dr_msg_cb>[1]): rk.rd_kafka_t {
  const { mock, bootstrap } = aCluster(t);
  rd_kafka_mock_broker_push_request_error_rtts(mock, 1, RD_KAFKAP_Produce, 2, 0, 0, 0, 500);
  const conf = rk.conf_new();
  for (const [name, value] of Object.entries({ 'bootstrap.servers': bootstrap, 'max.in.flight': '1' }))
    rk.conf_set(conf, name, value);
  rk.conf_set(conf, 'batch.num.messages', '1');
  rk.conf_set_dr_msg_cb(conf, dr_msg_cb);
  const handle = rk.new(rk.RD_KAFKA_PRODUCER, conf)!;
  belongs(t, () => handle[Symbol.dispose]());
  for (const value of ['a', 'b', 'c']) expect(rk.producev(handle, { topic: 't', value })).toBe(0);
  return handle;
}

test('a dr_msg_cb that throws cuts no flush short: close_async rejects with it when all is delivered', async (t) => {
  const reports: number[] = [];
  const handle = threeInARow(t, (_, message) => {
    reports.push(message.err);
    throw new Error(`report ${reports.length}`);
  });

  expect(await rk.close_async(handle).catch((error: Error) => error.message)).toBe('report 1');

  expect(reports).toEqual([0, 0, 0]);
});

test('a dr_msg_cb that yields cuts no flush short', async (t) => {
  const reports: number[] = [];
  const handle = threeInARow(t, (own, message) => {
    reports.push(message.err);
    rk.yield_(own);
  });

  expect(await rk.close_async(handle)).toEqual({ undelivered: 0, uncommitted: [] });

  expect(reports).toEqual([0, 0, 0]);
});

test('misuse rejects: what is no handle, a time that is none, options that are none', async (t) => {
  const { rk: handle } = aNewProducer(t, {});
  for (const call of [
    () => rk.close_async(null as never),
    () => rk.close_async(handle, { timeout_ms: 'soon' } as never),
    () => rk.close_async(handle, { timeout: 5 } as never),
    () => rk.close_async(handle, { signal: {} } as never),
  ])
    expect(await call().catch((error: unknown) => error)).toBeInstanceOf(TypeError);
  expect(await rk.close_async(handle, { timeout_ms: 2.5 }).catch((error: unknown) => error)).toBeInstanceOf(RangeError);

  expect(await rk.close_async(handle)).toEqual({ undelivered: 0, uncommitted: [] });
});

test('a service that closes on SIGTERM ends by itself, with everything delivered, committed and told', async () => {
  const child = run(`
    const c = cluster();
    const p = r.producer_new({ 'bootstrap.servers': c.bootstrap, 'linger.ms': 60000 });
    const first = r.produce_async(p, { topic: 't', value: 'x' });
    await r.flush_async(p, 60000);
    await first;
    // Not before its topic is there: it would say so.
    const consumer = r.consumer_new({ 'bootstrap.servers': c.bootstrap, 'group.id': 'g', 'auto.offset.reset': 'earliest',
      'auto.commit.interval.ms': 60000, topics: ['t'] });
    process.once('SIGTERM', async () => {
      const left = r.produce_async(p, { topic: 'u', value: 'last' }).then(() => console.log('delivered'));
      console.log(await r.close_async(p), await r.close_async(consumer));
      await left;
    });
    for await (const message of r.messages(consumer)) process.kill(process.pid, 'SIGTERM');
    console.log('the loop ended');
  `);

  expect(await child.ended).toBe(0);

  expect(child.out().split('\n').sort().join('\n').trim()).toBe(
    ['delivered', 'the loop ended', '{ undelivered: 0, uncommitted: [] } { undelivered: 0, uncommitted: [] }'].join(
      '\n',
    ),
  );
  expect(child.err()).toBe('');
});

for (const state of ['just made', 'connected', 'consuming'])
  test(`nothing keeps a process of clients that are closed (${state})`, async () => {
    const child = run(`
      const c = cluster();
      const log_cb = () => {};
      const p = r.producer_new({ 'bootstrap.servers': c.bootstrap });
      const consumer = r.consumer_new({ 'bootstrap.servers': c.bootstrap, 'group.id': 'g', 'auto.offset.reset': 'earliest',
        topics: ['t'], log_cb, on_assigned: async () => {}, on_revoked: async () => {} });
      if ('${state}' !== 'just made') await r.produce_async(p, { topic: 't' });
      if ('${state}' === 'consuming') for await (const message of r.messages(consumer)) break;
      console.log(await Promise.all([r.close_async(p), r.close_async(consumer)]).then((all) => all.length));
      console.log(process.getActiveResourcesInfo().filter((kind) => /TCP|Worker/.test(kind)).length);
    `);

    expect(await child.ended).toBe(0);

    expect(child.out()).toBe('2\n0\n');
    expect(child.err()).toBe('');
  });
