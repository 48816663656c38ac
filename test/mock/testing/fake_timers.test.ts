// A test runner's fake timers stop the program under test, and neither the cluster nor who waits for it (api.md, section 3).
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { mock_cluster } from '../../../src/testing.ts';
import { aTestCluster, memberOf, PATIENCE, pollUntil, producerOf, rejected, send } from './kit.ts';

beforeEach(() => {
  vi.useFakeTimers({
    toFake: [
      'setTimeout',
      'clearTimeout',
      'setInterval',
      'clearInterval',
      'setImmediate',
      'clearImmediate',
      'queueMicrotask',
      'performance',
      'Date',
    ],
  });
});

// Before the builders' cleanup, which waits by timers of its own.
afterEach(() => {
  vi.useRealTimers();
});

test('a cluster starts, is waited for, reset and closed though no timer of the program runs', async (t) => {
  const c = await mock_cluster({ topics: { orders: 1 } });
  const producer = producerOf(t, c, { 'enable.idempotence': true });
  let fired = false;
  setTimeout(() => {
    fired = true;
  }, 0);

  await c.lose_answer('Produce');
  await send(producer, 'orders', 'A1');
  const [record] = await c.received('orders', 1, PATIENCE);
  const late = await rejected(c.received('orders', 2, { timeout_ms: 50 }));
  await c.reset();
  await c.close();

  expect(record?.text).toBe('A1');
  expect(late.message).toContain('waited 50 ms');
  expect(fired).toBe(false);
});

test('a group is waited for and rebalances', async (t) => {
  const c = await aTestCluster(t, { topics: { orders: 2 } });
  const member = memberOf(t, c, 'g', ['orders']);
  const stable = c.stable('g', 1, PATIENCE);
  await pollUntil([member], 'partitions', () => member.owned === 2);
  await stable;

  await c.rebalance('g');
  await pollUntil([member], 'a rebalance', () => member.rebalances.length === 3);

  expect(member.rebalances).toEqual(['+2', '-2', '+2']);
});
