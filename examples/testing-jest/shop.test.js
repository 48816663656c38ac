// The shop's tests: one cluster for the file, as new in each test. jest's hooks are globals.
const { open_handles, suite_cluster } = require('rdkafka-ts/testing');
const { openShop, openWarehouse } = require('./shop');

const opened = [];

// Jest calls hooks in the order in which they stand: clients are closed before the cluster is reset, and the cluster before
// anybody looks at what is left open.
afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

const c = suite_cluster({ brokers: 3, topics: { orders: 1, parcels: 4 } });

afterAll(() => {
  expect(open_handles()).toEqual([]);
});

function aShop(topic) {
  const shop = openShop(c.config({ 'linger.ms': 0 }), topic);
  opened.push(shop);
  return shop;
}

function aWarehouse(topic) {
  const shipped = [];
  const config = c.config({ 'group.id': 'warehouses' });
  opened.push(openWarehouse(config, (order) => void shipped.push(order), topic));
  return shipped;
}

async function until(condition) {
  while (!condition()) await new Promise((turn) => setTimeout(turn, 5));
}

const ids = (orders) => orders.map(({ id }) => id).sort();

test('an order is announced', async () => {
  await aShop().place({ id: 'A1', item: 'a book' });

  const [record] = await c.received('orders', 1);

  expect(record).toMatchObject({ text: '{"id":"A1","item":"a book"}', key: Buffer.from('A1'), headers: [] });
});

test('an order is placed when the broker that leads goes down and another takes over', async () => {
  const shop = aShop();
  await c.move_leader('orders', 0, 1);
  await shop.place({ id: 'A1', item: 'a book' });

  await c.down(1);
  const placed = shop.place({ id: 'A2', item: 'a lamp' });
  await c.move_leader('orders', 0, 2);

  expect(await placed).toMatchObject({ partition: 0, offset: 1 });
});

test('an order is announced once, even when the answer was lost', async () => {
  await c.lose_answer('Produce');

  await aShop().place({ id: 'A1', item: 'a book' });

  expect(await c.requests('Produce')).toHaveLength(2);
  expect(await c.records('orders')).toHaveLength(1);
});

test('an order that Kafka refuses is not placed', async () => {
  await c.fail('Produce', 'TOPIC_AUTHORIZATION_FAILED');

  await expect(aShop().place({ id: 'A1', item: 'a book' })).rejects.toMatchObject({
    type: 'TOPIC_AUTHORIZATION_FAILED',
  });

  expect(await c.records('orders')).toEqual([]);
});

test('what was announced is shipped, and committed then', async () => {
  await c.put('orders', '{"id":"A1","item":"a book"}', '{"id":"A2","item":"a lamp"}');

  const shipped = aWarehouse();

  await c.committed('warehouses', 'orders', 0, 2);
  expect(ids(shipped)).toEqual(['A1', 'A2']);
});

test('a rebalance loses no order, and none is shipped twice', async () => {
  const shop = aShop('parcels');
  const [north, south] = [aWarehouse('parcels'), aWarehouse('parcels')];
  await c.stable('warehouses', 2);
  for (const id of ['A', 'B', 'C', 'D']) await shop.place({ id, item: 'a book' });
  await until(() => north.length + south.length === 4);

  await c.rebalance('warehouses');
  await c.stable('warehouses', 2);
  for (const id of ['E', 'F', 'G', 'H']) await shop.place({ id, item: 'a lamp' });
  await until(() => north.length + south.length >= 8);

  expect(ids([...north, ...south])).toEqual(['A', 'B', 'C', 'D', 'E', 'F', 'G', 'H']);
});

describe('with fake timers', () => {
  beforeEach(() => jest.useFakeTimers());
  afterEach(() => jest.useRealTimers());

  test('neither the shop nor the cluster stands still', async () => {
    const shop = aShop();
    await c.refuse('Produce');

    await shop.place({ id: 'A1', item: 'a book' });
    const [record] = await c.received('orders', 1);

    expect(record.timestamp).toBe(Date.now());
  });

  test('a call that waits in vain fails when its time is up', async () => {
    await expect(c.received('orders', 1, { timeout_ms: 50 })).rejects.toThrow('waited 50 ms for 1 record');
  });
});
