// librdkafka's 0122.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { batchAcrossRebalance } from '../kit/scenarios/0122_buffer_cleaning_after_rebalance.ts';

for (const strategy of ['range', 'cooperative-sticky'])
  test(`a batch has nothing of partitions that went to another member: ${strategy}`, async (t) => {
    await batchAcrossRebalance(t, aCluster(t, 1), strategy);
  });
