// messages() on the mock cluster.
import { test } from 'vitest';
import { aCluster } from '../../kit/builders.ts';
import * as scenarios from '../../kit/scenarios/promise/messages.ts';
import { messagesRuns, type Runs } from '../../kit/scenarios/promise/runs.ts';
import { freshTopic } from '../../kit/topics.ts';

const runs: Runs = [
  ...messagesRuns,
  [
    'max.poll.interval.ms counts between pulls, and not while one waits',
    (t, env) => scenarios.pollInterval(t, env, 1000),
  ],
];

for (const [name, scenario] of runs) {
  test(name, async (t) => {
    const { mock, bootstrap } = aCluster(t, 2);
    await scenario(t, { mock, bootstrap, topic: await freshTopic(bootstrap, 4) });
  });
}
