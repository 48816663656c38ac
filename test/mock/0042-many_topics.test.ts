// librdkafka's 0042.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { consumeMany } from '../kit/scenarios/0042_many_topics.ts';

for (const how of ['subscribe', 'assign', 'start'] as const)
  test(`twenty topics are consumed by one client: ${how}`, async (t) => {
    await consumeMany(t, aCluster(t, 3), how);
  });
