// The shop's tests: each has a cluster of its own, which closes with it.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { mock_cluster, open_handles } from 'rdkafka-ts/testing';
import { openShop, openWarehouse } from './shop.js';

after(() => {
  assert.deepEqual(open_handles(), []);
});

async function aScene(t, o) {
  const opened = [];
  // Node calls what `t.after` is given in the order in which it was given: clients are closed before their cluster.
  t.after(async () => {
    for (const each of opened) await each.close();
  });
  const c = await mock_cluster(t, { topics: { orders: 1 }, ...o });
  const aShop = () => {
    const shop = openShop(c.config({ 'linger.ms': 0 }));
    opened.push(shop);
    return shop;
  };
  const aWarehouse = () => {
    const shipped = [];
    opened.push(openWarehouse(c.config({ 'group.id': 'warehouses' }), (order) => void shipped.push(order)));
    return shipped;
  };
  return { c, aShop, aWarehouse };
}

const ids = (orders) => orders.map(({ id }) => id).sort();

async function until(condition) {
  while (!condition()) await setImmediate();
}

test('an order is announced', async (t) => {
  const c = await mock_cluster(t, { topics: { orders: 3 } });
  const shop = openShop(c.config({ 'linger.ms': 0 }));

  await shop.place({ id: 'A1', item: 'a book' });

  const [record] = await c.received('orders', 1);
  assert.equal(record.text, '{"id":"A1","item":"a book"}');
  await shop.close();
});

test('an order is placed when the broker that leads goes down and another takes over', async (t) => {
  const { c, aShop } = await aScene(t, { brokers: 3 });
  const shop = aShop();
  await c.move_leader('orders', 0, 1);
  await shop.place({ id: 'A1', item: 'a book' });

  await c.down(1);
  const placed = shop.place({ id: 'A2', item: 'a lamp' });
  await c.move_leader('orders', 0, 2);

  assert.equal((await placed).offset, 1);
});

test('an order is announced once, even when the answer was lost', async (t) => {
  const { c, aShop } = await aScene(t);
  await c.lose_answer('Produce');

  await aShop().place({ id: 'A1', item: 'a book' });

  assert.equal((await c.requests('Produce')).length, 2);
  assert.equal((await c.records('orders')).length, 1);
});

test('an order that Kafka refuses is not placed', async (t) => {
  const { c, aShop } = await aScene(t);
  await c.fail('Produce', 'TOPIC_AUTHORIZATION_FAILED');

  await assert.rejects(aShop().place({ id: 'A1', item: 'a book' }), { type: 'TOPIC_AUTHORIZATION_FAILED' });

  assert.deepEqual(await c.records('orders'), []);
});

test('what was announced is shipped, and committed then', async (t) => {
  const { c, aWarehouse } = await aScene(t);
  await c.put('orders', '{"id":"A1","item":"a book"}', '{"id":"A2","item":"a lamp"}');

  const shipped = aWarehouse();

  await c.committed('warehouses', 'orders', 0, 2);
  assert.deepEqual(ids(shipped), ['A1', 'A2']);
});

test('a rebalance loses no order, and none is shipped twice', async (t) => {
  const { c, aShop, aWarehouse } = await aScene(t, { topics: { orders: 4 } });
  const shop = aShop();
  const [north, south] = [aWarehouse(), aWarehouse()];
  const shipped = () => [...north, ...south];
  await c.stable('warehouses', 2);
  for (const id of ['A', 'B', 'C', 'D']) await shop.place({ id, item: 'a book' });
  await until(() => shipped().length === 4);

  await c.rebalance('warehouses');
  await c.stable('warehouses', 2);
  for (const id of ['E', 'F', 'G', 'H']) await shop.place({ id, item: 'a lamp' });
  await until(() => shipped().length >= 8);

  assert.deepEqual(ids(shipped()), ['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H']);
});

test('fake timers stop neither the shop nor the cluster', async (t) => {
  t.mock.timers.enable({ apis: ['setTimeout', 'setInterval', 'setImmediate', 'Date'], now: 1_000_000_000_000 });
  const { c, aShop } = await aScene(t, { brokers: 2 });
  await c.refuse('Produce');

  await aShop().place({ id: 'A1', item: 'a book' });
  const [record] = await c.received('orders', 1);

  assert.equal(record.timestamp, 1_000_000_000_000);
  await assert.rejects(c.received('orders', 2, { timeout_ms: 50 }), /waited 50 ms for 2 records/);
});
