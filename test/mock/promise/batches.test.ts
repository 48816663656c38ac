// batches() on the mock cluster.
import { test } from 'vitest';
import { aCluster } from '../../kit/builders.ts';
import { batchesRuns } from '../../kit/scenarios/promise/runs.ts';
import { freshTopic } from '../../kit/topics.ts';

for (const [name, scenario] of batchesRuns) {
  test(name, async (t) => {
    const { mock, bootstrap } = aCluster(t, 2);
    await scenario(t, { mock, bootstrap, topic: await freshTopic(bootstrap, 4) });
  });
}
