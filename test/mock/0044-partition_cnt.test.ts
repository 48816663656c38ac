// librdkafka's 0044 on the mock cluster.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { grownWhileProducing, newPartitionsAreUsed } from '../kit/scenarios/0044_partition_cnt.ts';

test('every message is delivered while the topic gets more partitions', async (t) => {
  await grownWhileProducing(t, aCluster(t, 3));
});

test('partitions that are new get messages as soon as metadata has named them', async (t) => {
  await newPartitionsAreUsed(t, aCluster(t, 3));
});
