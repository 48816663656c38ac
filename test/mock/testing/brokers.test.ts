// Brokers of rdkafka-ts/testing: down, up, move_leader, requests, reset.
import { expect, test } from 'vitest';
import * as k from '../../../src/rdkafka.ts';
import * as testing from '../../../src/testing.ts';
import { until } from '../../kit/until.ts';
import { aTestCluster, memberOf, PATIENCE, pollUntil, producerOf, rejected, send } from './kit.ts';

test('a message waits while the broker is down that leads, and is delivered when it is up again', async (t) => {
  const c = await aTestCluster(t, { topics: { orders: 1 } });
  const producer = producerOf(t, c);
  await send(producer, 'orders', 'before');

  await c.down(1);
  const sending = send(producer, 'orders', 'meanwhile');
  expect(await c.records('orders')).toHaveLength(1);
  await c.up(1);

  expect((await sending).err).toBe(0);
  expect((await c.records('orders')).map(({ text }) => text)).toEqual(['before', 'meanwhile']);
});

test('a message is delivered when another broker takes over the partition of one that is down', async (t) => {
  const c = await aTestCluster(t, { brokers: 3, topics: { orders: 1 } });
  await c.move_leader('orders', 0, 1);
  const producer = producerOf(t, c);
  await send(producer, 'orders', 'before');

  await c.down(1);
  const sending = send(producer, 'orders', 'meanwhile');
  await c.move_leader('orders', 0, 2);

  expect((await sending).err).toBe(0);
  expect((await c.requests('Produce')).at(-1)?.broker).toBe(2);
  expect((await c.records('orders')).map(({ text }) => text)).toEqual(['before', 'meanwhile']);
});

test('a consumer reads on behind a leader that has moved', async (t) => {
  const c = await aTestCluster(t, { brokers: 2, topics: { orders: 1 } });
  await c.move_leader('orders', 0, 1);
  await c.put('orders', 'a');
  const member = memberOf(t, c, 'g', ['orders']);
  await pollUntil([member], 'a message', () => member.texts.length === 1);

  await c.move_leader('orders', 0, 2);
  await c.put('orders', 'b');
  await pollUntil([member], 'the next one', () => member.texts.length === 2);

  expect(member.texts).toEqual(['a', 'b']);
  expect((await c.requests('Fetch')).at(-1)?.broker).toBe(2);
});

test('down of a broker that is down, and up of one that is up, change nothing', async (t) => {
  const c = await aTestCluster(t, { brokers: 2, topics: { orders: 1 } });

  await c.up(1);
  await c.down(2);
  await c.down(2);
  await c.up(2);
  await c.up(2);

  expect((await send(producerOf(t, c), 'orders', 'x')).err).toBe(0);
});

test('what the cluster does not have is refused with what it has', async (t) => {
  const c = await aTestCluster(t, { brokers: 2, topics: { orders: 2 } });

  const texts = [];
  for (const promise of [
    c.down(3),
    c.up(0),
    c.move_leader('orders', 0, 3),
    c.move_leader('orders', 2, 1),
    c.move_leader('none', 0, 1),
  ])
    texts.push((await rejected(promise)).message);

  expect(texts).toEqual([
    'down: there is no broker 3; brokers: 1, 2',
    'up: there is no broker 0; brokers: 1, 2',
    'move_leader: there is no broker 3; brokers: 1, 2',
    'move_leader: topic orders has no partition 2, only 0 to 1',
    'move_leader: there is no topic none',
  ]);
});

test('requests are all that brokers have received, each with its name', async (t) => {
  const c = await aTestCluster(t, { brokers: 2, topics: { orders: 1 } });
  await c.move_leader('orders', 0, 2);
  await send(producerOf(t, c, { 'client.id': 'shop' }), 'orders', 'x');

  const all = await c.requests();
  const produced = await c.requests('Produce');

  expect(new Set(all.map(({ api }) => api))).toEqual(new Set(['ApiVersions', 'Metadata', 'Produce']));
  expect(produced).toEqual([
    { api: 'Produce', version: expect.any(Number), broker: 2, client_id: 'shop', at_ms: expect.any(Number) },
  ]);
  expect(all.map(({ at_ms }) => at_ms)).toEqual(all.map(({ at_ms }) => at_ms).sort((a, b) => a - b));
  expect(await c.requests('Fetch')).toEqual([]);
  expect((await rejected(c.requests('Prodce' as never))).message).toBe('requests: Kafka has no request Prodce');
});

test('requests are kept whatever rdkafka_mock.h is told to track', async (t) => {
  const c = await aTestCluster(t, { topics: { orders: 1 } });
  const producer = producerOf(t, c);
  await send(producer, 'orders', 'x');

  testing.mock_start_request_tracking(c.handle);
  await send(producer, 'orders', 'y');
  const tracked = testing.mock_get_requests(c.handle).length;
  testing.mock_stop_request_tracking(c.handle);

  expect(tracked).toBe(1);
  expect(await c.requests('Produce')).toHaveLength(2);
});

test("the door's functions of rdkafka_mock.h work on the cluster", async (t) => {
  const c = await aTestCluster(t);

  testing.mock_topic_create(c.handle, 'made', 2, 1);
  testing.mock_push_request_errors(c.handle, testing.RD_KAFKAP_Produce, 1, k.RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);

  expect((await send(producerOf(t, c), 'made', 'x')).err).toBe(k.RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE);
  expect(testing.mock_cluster_bootstraps(c.handle)).toBe(c.bootstrap);
});

test('reset forgets records, topics, groups, faults and requests, and brings brokers up', async (t) => {
  const c = await aTestCluster(t, { brokers: 2, topics: { orders: 2 } });
  const { bootstrap } = c;
  const producer = producerOf(t, c);
  await send(producer, 'orders', 'x');
  await send(producer, 'others', 'x');
  const member = memberOf(t, c, 'g', ['orders']);
  await pollUntil([member], 'a message', () => member.texts.length === 1);
  await k.rd_kafka_consumer_close_async(member.rk);
  await c.fail('Produce', 'MSG_SIZE_TOO_LARGE', { times: 100 });
  await c.down(2);

  await c.reset();

  expect(c.bootstrap).toBe(bootstrap);
  // The producer that is still there may ask for metadata meanwhile.
  expect([await c.requests('Produce'), await c.requests('JoinGroup')]).toEqual([[], []]);
  expect([await c.records('orders'), await c.records('others')]).toEqual([[], []]);
  expect((await rejected(c.stable('g', 1, { timeout_ms: 20 }))).message).toContain('there is no such group');
  expect((await rejected(c.move_leader('others', 0, 1))).message).toContain('there is no topic others');
  expect((await send(producerOf(t, c), 'orders', 'after')).err).toBe(0);
  await c.move_leader('orders', 1, 2);
});

test('clients that outlive a reset go on', async (t) => {
  const c = await aTestCluster(t, { brokers: 2, topics: { orders: 2 } });
  const producer = producerOf(t, c);
  const idempotent = producerOf(t, c, { 'enable.idempotence': true });
  const member = memberOf(t, c, 'g', ['orders']);
  await send(producer, 'orders', 'a');
  await send(idempotent, 'orders', 'b');
  await pollUntil([member], 'two messages', () => member.texts.length === 2);

  await c.reset();
  const errors = [(await send(producer, 'orders', 'c')).err, (await send(idempotent, 'orders', 'd')).err];
  await pollUntil([member], 'two more messages', () => member.texts.length >= 4);

  expect(errors).toEqual([0, 0]);
  expect(member.texts.slice(2).sort()).toEqual(['c', 'd']);
  let rests = false;
  const rest = c.stable('g', 1, PATIENCE).then(() => {
    rests = true;
  });
  await pollUntil([member], 'a group again', () => rests);
  await rest;
});

test('a reset rejects who waits, and nobody who has not asked hears of it', async (t) => {
  const c = await aTestCluster(t);
  const heard = c.received('orders', 1, PATIENCE);
  void c.stable('g', 1, PATIENCE);
  const unhandled: unknown[] = [];
  const note = (reason: unknown): void => void unhandled.push(reason);
  process.on('unhandledRejection', note);
  t.onTestFinished(() => void process.off('unhandledRejection', note));

  await c.reset();
  const error = await rejected(heard);
  await until(() => new Promise((turn) => setImmediate(() => turn(true))));

  expect(error.message).toBe('received: the cluster was reset while it waited for 1 record in topic orders');
  expect(unhandled).toEqual([]);
});
