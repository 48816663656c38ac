// How a test gets its cluster: for itself, or one for its file. @thread app
import { birth } from '../app/birth.ts';
import { checkContext, checkHooks, checkOptions } from './check.ts';
import { TestCluster } from './cluster.ts';
import type { ClusterOptions, Hook, MockCluster, TestContext } from './types.ts';

/**
 * Starts a cluster for one test; usually ready within 100 ms. With the test's context (vitest, node:test) it closes
 * when the test is over; else it wants `close()` or `await using`. It keeps no process alive. Rejects with a
 * KafkaError when it can't listen. Belongs to the JavaScript thread that made it.
 */
export async function mock_cluster(o?: ClusterOptions): Promise<MockCluster>;
export async function mock_cluster(t: TestContext, o?: ClusterOptions): Promise<MockCluster>;
export async function mock_cluster(
  first?: TestContext | ClusterOptions,
  second?: ClusterOptions,
): Promise<MockCluster> {
  const { context, options } = checkContext('mock_cluster', first, second);
  const cluster = new TestCluster(options, birth());
  const ends = (): Promise<void> => cluster.close();
  if (context !== null && 'onTestFinished' in context) context.onTestFinished(ends);
  else context?.after(ends);
  await cluster.open();
  return cluster;
}

/**
 * One cluster for all tests of a file, or of the `describe` that it is called in: started by beforeAll, `reset` by
 * afterEach, closed by afterAll. `hooks` are those of the test runner where they are no globals. Until beforeAll has
 * run its fields and methods throw. Returns at once.
 */
export function suite_cluster(
  o?: ClusterOptions,
  hooks?: { beforeAll: Hook; afterEach: Hook; afterAll: Hook },
): MockCluster {
  const options = checkOptions('suite_cluster', o);
  const { beforeAll, afterEach, afterAll } = checkHooks('suite_cluster', hooks);
  const cluster = new TestCluster(options, birth());
  beforeAll(() => cluster.open());
  afterEach(async () => {
    if (cluster.isOpen) await cluster.reset();
  });
  afterAll(() => cluster.close());
  return cluster;
}
