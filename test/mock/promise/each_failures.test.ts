// each() when handlers fail and handles end, on the mock cluster.
import { test } from 'vitest';
import { aCluster } from '../../kit/builders.ts';
import { eachFailureRuns } from '../../kit/scenarios/promise/runs.ts';
import { freshTopic } from '../../kit/topics.ts';

for (const [name, scenario] of eachFailureRuns) {
  test(name, async (t) => {
    const { mock, bootstrap } = aCluster(t, 2);
    await scenario(t, { mock, bootstrap, topic: await freshTopic(bootstrap, 4) });
  });
}
