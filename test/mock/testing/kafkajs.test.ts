// Faults of rdkafka-ts/testing against another client: kafkajs.
import type { Consumer, Producer } from 'kafkajs';
import { expect, type TestContext, test } from 'vitest';
import type { MockCluster } from '../../../src/testing.ts';
import { aKafkajs } from '../../kit/kafkajs.ts';
import { until } from '../../kit/until.ts';
import { aTestCluster, PATIENCE } from './kit.ts';

async function producer(t: TestContext, c: MockCluster): Promise<Producer> {
  const made = aKafkajs(c.bootstrap).producer();
  t.onTestFinished(() => made.disconnect());
  await made.connect();
  return made;
}

async function consumer(t: TestContext, c: MockCluster, group: string, texts: string[]): Promise<Consumer> {
  const made = aKafkajs(c.bootstrap).consumer({
    groupId: group,
    sessionTimeout: 30_000,
    heartbeatInterval: 50,
    maxWaitTimeInMs: 50,
    retry: { initialRetryTime: 20, maxRetryTime: 200, retries: 20 },
  });
  t.onTestFinished(() => made.disconnect());
  await made.connect();
  await made.subscribe({ topic: 'orders', fromBeginning: true });
  await made.run({
    autoCommitInterval: 50,
    eachMessage: async ({ message }) => void texts.push(String(message.value)),
  });
  return made;
}

const sendOne = (made: Producer, value: string) => made.send({ topic: 'orders', acks: -1, messages: [{ value }] });

test('fail: kafkajs sends again, and the record is there once', async (t) => {
  const c = await aTestCluster(t, { topics: { orders: 1 } });
  await c.fail('Produce', 'NOT_LEADER_FOR_PARTITION');

  await sendOne(await producer(t, c), 'A1');

  expect((await c.records('orders')).map(({ text }) => text)).toEqual(['A1']);
  expect(await c.requests('Produce')).toHaveLength(2);
});

test('delay: kafkajs waits for its answer', async (t) => {
  const c = await aTestCluster(t, { topics: { orders: 1 } });
  const made = await producer(t, c);
  await c.delay('Produce', 500);
  const from = performance.now();

  await sendOne(made, 'A1');

  expect(performance.now() - from).toBeGreaterThanOrEqual(495);
});

test('lose_answer: kafkajs sends again what was done', async (t) => {
  const c = await aTestCluster(t, { topics: { orders: 1 } });
  const made = await producer(t, c);
  await c.lose_answer('Produce');

  await sendOne(made, 'A1');

  expect((await c.records('orders')).map(({ text }) => text)).toEqual(['A1', 'A1']);
});

test('refuse: kafkajs sends again what was not done', async (t) => {
  const c = await aTestCluster(t, { topics: { orders: 1 } });
  const made = await producer(t, c);
  await c.refuse('Produce');

  await sendOne(made, 'A1');

  expect((await c.records('orders')).map(({ text }) => text)).toEqual(['A1']);
});

test('a group of kafkajs is at rest, commits, and rebalances when it is asked to', async (t) => {
  const c = await aTestCluster(t, { topics: { orders: 2 } });
  const texts: string[] = [];
  const made = await consumer(t, c, 'g', texts);
  let joins = 0;
  made.on(made.events.GROUP_JOIN, () => void joins++);
  await c.stable('g', 1, PATIENCE);

  await c.put('orders', 'a', 'b');
  await Promise.all([c.committed('g', 'orders', 0, 1, PATIENCE), c.committed('g', 'orders', 1, 1, PATIENCE)]);
  const before = joins;
  await c.rebalance('g');
  await until(() => joins > before, { what: 'another join' });

  await c.stable('g', 1, PATIENCE);
  expect(texts.sort()).toEqual(['a', 'b']);
});

test('kafkajs reads on when a Fetch fails, is refused and not answered', async (t) => {
  const c = await aTestCluster(t, { topics: { orders: 1 } });
  await c.put('orders', 'a', 'b');
  await c.fail('Fetch', 'NOT_LEADER_FOR_PARTITION', { topic: 'orders' });
  await c.refuse('Fetch');
  await c.lose_answer('Fetch');
  const texts: string[] = [];

  await consumer(t, c, 'g', texts);

  await until(() => texts.length >= 2, { what: () => `two messages: ${texts}` });
  expect(texts).toEqual(['a', 'b']);
  expect((await c.requests('Fetch')).every(({ client_id }) => client_id === 'kafkajs')).toBe(true);
});
