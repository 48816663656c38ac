// librdkafka's 0020 on the mock cluster.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { committedOfMissingPartition, producerWithGroupId } from '../kit/scenarios/0020_destroy_hang.ts';

test('a consumer that asked for the offset of a partition that is not there ends', async (t) => {
  await committedOfMissingPartition(t, aCluster(t, 1));
});

test('a producer with a group.id ends', async (t) => {
  await producerWithGroupId(t, aCluster(t, 1));
});
