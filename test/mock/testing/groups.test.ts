// Groups of rdkafka-ts/testing, classic and KIP-848: committed, stable, rebalance.
import { describe, expect, test } from 'vitest';
import * as k from '../../../src/rdkafka.ts';
import { aTestCluster, memberOf, PATIENCE, pollUntil, rejected } from './kit.ts';

describe.each([
  ['classic', {}],
  ['consumer', { 'group.protocol': 'consumer' }],
])('group.protocol=%s', (_name, extra) => {
  test('committed waits until the offset is committed', async (t) => {
    const c = await aTestCluster(t, { topics: { orders: 1 } });
    await c.put('orders', 'a', 'b', 'c');
    const member = memberOf(t, c, 'g', ['orders'], extra);

    const waiting = c.committed('g', 'orders', 0, 3, PATIENCE);
    await pollUntil([member], 'messages', () => member.texts.length === 3);

    await waiting;
  });

  test('stable waits until so many members share the partitions, and until they have left', async (t) => {
    const c = await aTestCluster(t, { topics: { orders: 4 } });
    const first = memberOf(t, c, 'g', ['orders'], extra);
    const second = memberOf(t, c, 'g', ['orders'], extra);

    const both = c.stable('g', 2, PATIENCE);
    await pollUntil([first, second], 'two partitions each', () => first.owned === 2 && second.owned === 2);
    await both;
    await k.rd_kafka_consumer_close_async(first.rk);
    const one = c.stable('g', 1, PATIENCE);
    await pollUntil([second], 'all partitions', () => second.owned === 4);
    await one;
    await k.rd_kafka_consumer_close_async(second.rk);

    await c.stable('g', 0, PATIENCE);
  });

  test('rebalance takes the partitions from all members and gives them anew', async (t) => {
    const c = await aTestCluster(t, { topics: { orders: 4 } });
    const members = [memberOf(t, c, 'g', ['orders'], extra), memberOf(t, c, 'g', ['orders'], extra)];
    await pollUntil(members, 'two partitions each', () => members.every(({ owned }) => owned === 2));
    await c.stable('g', 2, PATIENCE);
    const before = members.map(({ rebalances }) => rebalances.length);

    await c.rebalance('g');
    // What one is given last is not empty, as that of group.protocol=consumer may be in between.
    const since = (): string[][] =>
      members.map(({ rebalances }, i) => rebalances.slice(before[i]).filter((change) => change !== '+0'));
    await pollUntil(members, 'a revoke and an assignment of both', () => since().every(({ length }) => length === 2));

    expect(since()).toEqual([
      ['-2', '+2'],
      ['-2', '+2'],
    ]);
    await c.stable('g', 2, PATIENCE);
  });

  test('a group that is asked to rebalance is not at rest before its partitions were taken', async (t) => {
    const c = await aTestCluster(t, { topics: { orders: 1 } });
    const member = memberOf(t, c, 'g', ['orders'], extra);
    await pollUntil([member], 'a partition', () => member.rebalances.length === 1);
    await c.stable('g', 1, PATIENCE);

    await c.rebalance('g');
    const rest = c.stable('g', 1, PATIENCE).then(() => member.rebalances.length);
    await pollUntil([member], 'a rebalance', () => member.rebalances.length >= 3 && member.owned === 1);

    // Given out they are there a moment before the member hears of it.
    expect(await rest).toBeGreaterThanOrEqual(2);
  });

  test('committed fails with the offset that is committed', async (t) => {
    const c = await aTestCluster(t, { topics: { orders: 2 } });
    await c.put('orders', { partition: 1, value: 'a' });
    const member = memberOf(t, c, 'g', ['orders'], extra);
    await pollUntil([member], 'a message', () => member.texts.length === 1);
    await c.committed('g', 'orders', 1, 1, PATIENCE);

    const other = await rejected(c.committed('g', 'orders', 1, 2, { timeout_ms: 50 }));
    const none = await rejected(c.committed('g', 'orders', 0, 1, { timeout_ms: 50 }));

    expect(other.constructor).toBe(Error);
    expect(other.message).toBe('committed: waited 50 ms for group g to have committed offset 2 of orders [1]: it is 1');
    expect(none.message).toMatch(
      /orders \[0\]: nothing is committed for it, but for orders \[1\] 1; the group is Stable$/,
    );
    expect(other.stack?.split('\n')[1]).toContain('groups.test.ts');
  });

  test('stable fails with the state of the group and its members', async (t) => {
    const c = await aTestCluster(t, { topics: { orders: 1 } });
    const member = memberOf(t, c, 'g', ['orders'], { ...extra, 'client.id': 'worker-7' });
    await pollUntil([member], 'a partition', () => member.rebalances.length === 1);
    await c.stable('g', 1, PATIENCE);

    const error = await rejected(c.stable('g', 2, { timeout_ms: 50 }));

    expect(error.message).toMatch(
      /^stable: waited 50 ms for group g to be at rest with 2 members: it is Stable with 1 member: \S+ of worker-7/,
    );
  });
});

test('what waits for a group that nobody knows fails with those that there are', async (t) => {
  const c = await aTestCluster(t, { topics: { orders: 1 } });
  const alone = await rejected(c.stable('g', 1, { timeout_ms: 20 }));
  const member = memberOf(t, c, 'shipping', ['orders']);
  await pollUntil([member], 'a partition', () => member.rebalances.length === 1);

  const committed = await rejected(c.committed('shiping', 'orders', 0, 1, { timeout_ms: 20 }));
  const rebalance = await rejected(c.rebalance('shiping'));

  expect(alone.message).toContain('there is no such group; nor any other');
  expect(committed.message).toContain('there is no such group; groups: shipping');
  expect(rebalance.message).toBe('rebalance: group shiping: there is no such group; groups: shipping');
});

test('a first member is assigned at once: there is no initial delay', async (t) => {
  const c = await aTestCluster(t, { topics: { orders: 1 } });
  const member = memberOf(t, c, 'g', ['orders']);

  await pollUntil([member], 'a partition', () => member.rebalances.length === 1);
  const [join, sync] = [(await c.requests('JoinGroup')).at(-1), (await c.requests('SyncGroup'))[0]];

  // Kafka's own delay is 3 s.
  expect((sync?.at_ms ?? Number.NaN) - (join?.at_ms ?? Number.NaN)).toBeLessThan(2900);
});
