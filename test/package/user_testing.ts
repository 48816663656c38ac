// needs: conf_new
import type { StoredRecord } from 'rdkafka-ts/testing';
import * as testing from 'rdkafka-ts/testing';
import { type MockCluster, mock_cluster, open_handles, suite_cluster } from 'rdkafka-ts/testing';

const hook = (_fn: () => Promise<void>): void => {};

export async function tests(t: { after(fn: () => Promise<void>): void }): Promise<string | null> {
  const c: MockCluster = await mock_cluster(t, { brokers: 3, topics: { orders: 3 } });
  const suite = suite_cluster({}, { beforeAll: hook, afterEach: hook, afterAll: hook });
  await c.fail('Produce', 'NOT_LEADER_FOR_PARTITION', { times: 2, broker: 1 });
  await c.lose_answer('Produce', { topic: 'orders', partition: 0 });
  await c.put('orders', 'A1', { key: 'k', value: Buffer.from('A2'), headers: { source: 'test' } });
  const [first]: StoredRecord[] = await c.received('orders', 1, { timeout_ms: 1000 });
  const at: number = (await c.requests('Fetch')).map(({ at_ms }) => at_ms)[0] ?? 0;
  const groups: string | undefined = c.config({ 'group.id': 'g' })['group.id'];
  console.log(testing.mock_cluster_bootstraps(suite.handle), at, groups, open_handles()[0]?.created_at);
  const again = await mock_cluster({ brokers: 1 });
  await again[Symbol.asyncDispose]();
  return first?.text ?? null;
}
