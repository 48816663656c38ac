// each() in rebalances on the mock cluster.
import { test } from 'vitest';
import { aCluster } from '../../kit/builders.ts';
import { lost } from '../../kit/scenarios/promise/each.ts';
import { eachRebalanceRuns, type Runs } from '../../kit/scenarios/promise/runs.ts';
import { freshTopic } from '../../kit/topics.ts';

const runs: Runs = [...eachRebalanceRuns, ['what is lost is aborted at once', (t, env) => lost(t, env, 1000)]];

for (const [name, scenario] of runs) {
  test(name, async (t) => {
    const { mock, bootstrap } = aCluster(t, 2);
    await scenario(t, { mock, bootstrap, topic: await freshTopic(bootstrap, 4) });
  });
}
