// One cluster for all tests of a file, as new in each of them: node:test's hooks are given by name.
import assert from 'node:assert/strict';
import { after, afterEach, before, test } from 'node:test';
import { suite_cluster } from 'rdkafka-ts/testing';
import { openShop } from './shop.js';

const c = suite_cluster({ topics: { orders: 1 } }, { beforeAll: before, afterEach, afterAll: after });

for (const id of ['A1', 'B1'])
  test(`order ${id} is the first one`, async () => {
    const shop = openShop(c.config({ 'linger.ms': 0 }));

    const placed = await shop.place({ id, item: 'a book' });

    assert.equal(placed.offset, 0);
    assert.equal((await c.records('orders')).length, 1);
    await shop.close();
  });
