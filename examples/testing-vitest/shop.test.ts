// The shop's tests: each has a cluster of its own, which closes with it.
import { type ClusterOptions, type MockCluster, mock_cluster, open_handles } from 'rdkafka-ts/testing';
import { afterAll, expect, type TestContext, test, vi } from 'vitest';
import { type Order, openShop, openWarehouse, type Shop } from './shop.ts';

afterAll(() => {
  expect(open_handles()).toEqual([]);
});

async function aShop(t: TestContext, o?: ClusterOptions): Promise<{ c: MockCluster; shop: Shop }> {
  const c = await mock_cluster(t, { topics: { orders: 1 }, ...o });
  const shop = openShop(c.config({ 'linger.ms': 0 }));
  t.onTestFinished(() => shop.close());
  return { c, shop };
}

function aWarehouse(t: TestContext, c: MockCluster): Order[] {
  const shipped: Order[] = [];
  const warehouse = openWarehouse(c.config({ 'group.id': 'warehouses' }), (order) => {
    shipped.push(order);
  });
  t.onTestFinished(() => warehouse.close());
  return shipped;
}

const ids = (orders: readonly Order[]): string[] => orders.map(({ id }) => id).sort();

test('an order is announced', async (t) => {
  const c = await mock_cluster(t, { topics: { orders: 3 } });
  const shop = openShop(c.config({ 'linger.ms': 0 }));

  await shop.place({ id: 'A1', item: 'a book' });

  const [record] = await c.received('orders', 1);
  expect(record?.text).toBe('{"id":"A1","item":"a book"}');
  await shop.close();
});

test('an order is placed when the broker that leads goes down and another takes over', async (t) => {
  const { c, shop } = await aShop(t, { brokers: 3 });
  await c.move_leader('orders', 0, 1);
  await shop.place({ id: 'A1', item: 'a book' });

  await c.down(1);
  const placed = shop.place({ id: 'A2', item: 'a lamp' });
  await c.move_leader('orders', 0, 2);

  expect(await placed).toMatchObject({ partition: 0, offset: 1 });
});

test('an order is announced once, even when the answer was lost', async (t) => {
  const { c, shop } = await aShop(t);
  await c.lose_answer('Produce');

  await shop.place({ id: 'A1', item: 'a book' });

  expect(await c.requests('Produce')).toHaveLength(2);
  expect(await c.records('orders')).toHaveLength(1);
});

test('an order that Kafka refuses is not placed', async (t) => {
  const { c, shop } = await aShop(t);
  await c.fail('Produce', 'TOPIC_AUTHORIZATION_FAILED');

  await expect(shop.place({ id: 'A1', item: 'a book' })).rejects.toMatchObject({
    type: 'TOPIC_AUTHORIZATION_FAILED',
  });

  expect(await c.records('orders')).toEqual([]);
});

test('what was announced is shipped, and committed then', async (t) => {
  const c = await mock_cluster(t, { topics: { orders: 1 } });
  await c.put('orders', '{"id":"A1","item":"a book"}', '{"id":"A2","item":"a lamp"}');

  const shipped = aWarehouse(t, c);

  await c.committed('warehouses', 'orders', 0, 2);
  expect(ids(shipped)).toEqual(['A1', 'A2']);
});

test('a rebalance loses no order, and none is shipped twice', async (t) => {
  const { c, shop } = await aShop(t, { topics: { orders: 4 } });
  const [north, south] = [aWarehouse(t, c), aWarehouse(t, c)];
  await c.stable('warehouses', 2);
  for (const id of ['A', 'B', 'C', 'D']) await shop.place({ id, item: 'a book' });
  await vi.waitUntil(() => north.length + south.length === 4, { timeout: 10_000 });

  await c.rebalance('warehouses');
  await c.stable('warehouses', 2);
  for (const id of ['E', 'F', 'G', 'H']) await shop.place({ id, item: 'a lamp' });
  await vi.waitUntil(() => north.length + south.length >= 8, { timeout: 10_000 });

  expect(ids([...north, ...south])).toEqual(['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H']);
});

test('fake timers stop neither the shop nor the cluster', async (t) => {
  vi.useFakeTimers();
  t.onTestFinished(() => void vi.useRealTimers());
  const { c, shop } = await aShop(t, { brokers: 2 });
  await c.refuse('Produce');

  await shop.place({ id: 'A1', item: 'a book' });
  const [record] = await c.received('orders', 1);

  expect(record?.timestamp).toBe(Date.now());
});
