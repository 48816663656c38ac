// librdkafka's 0056.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { sharedByTwo } from '../kit/scenarios/0056_balanced_group.ts';

test('two members share the partitions and all messages', async (t) => {
  await sharedByTwo(t, aCluster(t, 1));
});
