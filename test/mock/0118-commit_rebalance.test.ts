// librdkafka's 0118.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { commitBehindUnassign } from '../kit/scenarios/0118_commit_rebalance.ts';

for (const strategy of ['range', 'roundrobin', 'cooperative-sticky'])
  test(`a commit behind the unassign does no harm, with ${strategy}`, async (t) => {
    await commitBehindUnassign(t, aCluster(t, 3), strategy);
  });
