// librdkafka's 0012.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { byPartition, byQueue } from '../kit/scenarios/0012_produce_consume.ts';

test('what was produced is read back partition by partition', async (t) => {
  await byPartition(t, aCluster(t, 3));
});

test('what was produced is read back from one queue', async (t) => {
  await byQueue(t, aCluster(t, 3));
});
