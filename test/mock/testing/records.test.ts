// Topics and records of rdkafka-ts/testing: put, records, received.
import { expect, test, vi } from 'vitest';
import * as k from '../../../src/rdkafka.ts';
import { aTestCluster, memberOf, PATIENCE, producerOf, rejected, send } from './kit.ts';

test('received gives what a producer sent, all of it', async (t) => {
  const c = await aTestCluster(t, { topics: { orders: 3 } });
  const producer = producerOf(t, c);

  const sent = k.rd_kafka_producev(producer.rk, {
    topic: 'orders',
    partition: 2,
    key: 'a key',
    value: 'A1',
    timestamp: 1234,
    headers: [
      ['trace', 'x'],
      ['trace', null],
    ],
  });
  const records = await c.received('orders', 1, PATIENCE);

  expect(sent).toBe(0);
  expect(records).toEqual([
    {
      topic: 'orders',
      partition: 2,
      offset: 0,
      timestamp: 1234,
      key: Buffer.from('a key'),
      value: Buffer.from('A1'),
      headers: [
        ['trace', Buffer.from('x')],
        ['trace', null],
      ],
      text: 'A1',
    },
  ]);
});

test('received waits for a topic that is not there yet', async (t) => {
  const c = await aTestCluster(t);
  const producer = producerOf(t, c);

  const waiting = c.received('later', 2, PATIENCE);
  await send(producer, 'later', 'one');
  await send(producer, 'later', 'two');

  expect((await waiting).map(({ text }) => text)).toEqual(['one', 'two']);
});

test('received gives records of several partitions in the order in which they arrived', async (t) => {
  const c = await aTestCluster(t, { topics: { orders: 3 } });
  for (const [i, partition] of [2, 0, 1, 0].entries()) await c.put('orders', { partition, value: `m${i}` });

  const records = await c.received('orders', 4);

  expect(records.map(({ partition, text }) => [partition, text])).toEqual([
    [2, 'm0'],
    [0, 'm1'],
    [1, 'm2'],
    [0, 'm3'],
  ]);
});

test('received gives more than it waited for, when there is more', async (t) => {
  const c = await aTestCluster(t);
  await c.put('orders', 'a', 'b', 'c');

  expect(await c.received('orders', 2)).toHaveLength(3);
  expect(await c.received('orders', 0)).toHaveLength(3);
});

test('received fails with what did arrive', async (t) => {
  const c = await aTestCluster(t);
  await c.put('orders', { key: 'k', value: 'only this' }, { value: Buffer.from([0xff, 0x00]) });

  const error = await rejected(c.received('orders', 3, { timeout_ms: 50 }));

  expect(error.constructor).toBe(Error);
  expect(error.message).toBe(
    'received: waited 50 ms for 3 records in topic orders: 2 came:\n' +
      '  [0] at offset 0: key "k", value "only this"\n' +
      '  [0] at offset 1: key null, value <ff00>',
  );
});

test('received fails with the topics that there are, when there is none of that name', async (t) => {
  const c = await aTestCluster(t, { topics: { orders: 1, empty: 1 } });
  await c.put('orders', 'a');

  const error = await rejected(c.received('order', 1, { timeout_ms: 50 }));

  expect(error.message).toBe(
    'received: waited 50 ms for 1 record in topic order: there is no such topic; other topics: orders with 1 record, empty with 0 records',
  );
});

test('a failure names the brokers that are down', async (t) => {
  const c = await aTestCluster(t, { brokers: 2, topics: { orders: 1 } });
  await c.down(2);

  const error = await rejected(c.received('orders', 1, { timeout_ms: 50 }));

  expect(error.message).toContain('none came; there is no other topic; down: broker 2');
});

test("a failure's stack begins with the line of the test that waited", async (t) => {
  const c = await aTestCluster(t);

  const waiting = c.received('orders', 1, { timeout_ms: 10 });
  const error = await rejected(waiting);

  expect(error.stack?.split('\n')[1]).toMatch(/records\.test\.ts:\d+:\d+\)?$/);
});

test('a negative timeout waits for ever, until the signal ends it', async (t) => {
  const c = await aTestCluster(t);
  const controller = new AbortController();
  const reason = new Error('enough');

  const waiting = c.received('orders', 1, { timeout_ms: -1, signal: controller.signal });
  await c.records('orders');
  controller.abort(reason);

  expect(await rejected(waiting)).toBe(reason);
});

test('other calls go on while received waits', async (t) => {
  const c = await aTestCluster(t);
  const waiting = c.received('orders', 1, PATIENCE);

  await c.put('others', 'x');
  expect(await c.records('others')).toHaveLength(1);
  await c.put('orders', 'y');

  expect(await waiting).toHaveLength(1);
});

test('records of a topic that is not there are none', async (t) => {
  const c = await aTestCluster(t);

  expect(await c.records('nothing')).toEqual([]);
});

test('an empty value and none differ, in value and text', async (t) => {
  const c = await aTestCluster(t);

  await c.put('orders', '', { value: null }, {});

  const records = await c.records('orders');
  expect(records.map(({ value, text }) => [value, text])).toEqual([
    [Buffer.alloc(0), ''],
    [null, null],
    [null, null],
  ]);
});

test('what is put reaches a consumer as it was put', async (t) => {
  const c = await aTestCluster(t, { topics: { orders: 1 } });
  const headers = { source: 'test', twice: ['a', 'b'] };
  await c.put('orders', { key: 'k', value: Buffer.from('v'), headers, timestamp: 77 }, 'plain');
  const member = memberOf(t, c, 'g', ['orders']);
  const messages: k.rd_kafka_message_t[] = [];

  while (messages.length < 2) {
    const message = await k.rd_kafka_consumer_poll_async(member.rk, 1000);
    if (message !== null) messages.push(message);
  }

  const [first, second] = messages;
  expect([String(first?.key), String(first?.payload), first?.timestamp]).toEqual(['k', 'v', 77]);
  expect(first?.headers?.map(([name, value]) => `${name}=${value}`)).toEqual(['source=test', 'twice=a', 'twice=b']);
  expect([second?.key, String(second?.payload)]).toEqual([null, 'plain']);
});

test('records without a key go to each partition in turn, those with one as consistent_random sends them', async (t) => {
  const c = await aTestCluster(t, { topics: { orders: 4 } });
  const producer = producerOf(t, c);
  const keys = ['a', 'b', 'c', 'd', 'e', 'f'];

  await c.put('orders', '0', '1', '2', '3', '4', ...keys.map((key) => ({ key, value: key })));
  const reports = [];
  for (const key of keys) reports.push(await send(producer, 'orders', key, key));

  const put = (await c.records('orders')).slice(0, 11);
  expect(put.slice(0, 5).map(({ partition }) => partition)).toEqual([0, 1, 2, 3, 0]);
  expect(put.slice(5).map(({ partition }) => partition)).toEqual(reports.map(({ partition }) => partition));
});

test('records that can not all be put are not put at all', async (t) => {
  const c = await aTestCluster(t, { topics: { orders: 2 } });

  const error = await rejected(c.put('orders', 'fine', { partition: 2, value: 'not fine' }));

  expect(error.message).toBe('put: topic orders has no partition 2, only 0 to 1');
  expect(await c.records('orders')).toEqual([]);
});

test('put refuses what is no name of a topic', async (t) => {
  const c = await aTestCluster(t);

  expect((await rejected(c.put('no topic', 'x'))).message).toBe('put: "no topic" can\'t be the name of a topic');
});

test("put takes headers as a list of the library, which stays the caller's", async (t) => {
  const c = await aTestCluster(t);
  const headers = k.rd_kafka_headers_new(1);
  k.rd_kafka_header_add(headers, 'h', 'v');

  await c.put('orders', { value: 'a', headers }, { value: 'b', headers });

  expect((await c.records('orders')).map((record) => record.headers)).toEqual([
    [['h', Buffer.from('v')]],
    [['h', Buffer.from('v')]],
  ]);
});

test('the timestamp of a record that is put follows a faked Date', async (t) => {
  const c = await aTestCluster(t);
  const now = new Date('2001-09-09T01:46:40.000Z');
  vi.useFakeTimers({ now, toFake: ['Date'] });
  t.onTestFinished(() => void vi.useRealTimers());

  await c.put('orders', 'x');

  expect((await c.records('orders'))[0]?.timestamp).toBe(now.getTime());
});

test('each topic has a fresh name and as many partitions as wished, 1 by default', async (t) => {
  const c = await aTestCluster(t);
  const [one, many] = [await c.topic(), await c.topic(5)];

  await c.put(one, { partition: 0 });
  await c.put(many, { partition: 4 });

  expect(one).not.toBe(many);
  expect((await rejected(c.put(one, { partition: 1 }))).message).toContain('only 0 to 0');
  expect((await rejected(c.put(many, { partition: 5 }))).message).toContain('only 0 to 4');
});

test('100,000 records of a producer are there at the end', async (t) => {
  const c = await aTestCluster(t, { topics: { orders: 2 } });
  const { rk } = producerOf(t, c, { 'queue.buffering.max.messages': 200_000, 'linger.ms': 5 });
  const value = 'x'.repeat(100);

  for (let i = 0; i < 100_000; i++) k.rd_kafka_producev(rk, { topic: 'orders', value });
  const records = await c.received('orders', 100_000, PATIENCE);

  expect(records).toHaveLength(100_000);
});
