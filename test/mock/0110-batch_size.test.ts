// librdkafka's 0110 on the mock cluster.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { batchSizeBounds } from '../kit/scenarios/0110_batch_size.ts';

test('batches stay within batch.size and come near to it', async (t) => {
  await batchSizeBounds(t, aCluster(t));
});
