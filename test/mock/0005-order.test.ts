// librdkafka's 0005 on the mock cluster.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { reportsInOrder } from '../kit/scenarios/0005_order.ts';

test('50,000 messages of one partition are reported in the order in which they were produced', async (t) => {
  await reportsInOrder(t, aCluster(t, 1));
});
