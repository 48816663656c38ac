// librdkafka's 0015.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { dance, seekPartitions } from '../kit/scenarios/0015_offset_seeks.ts';

test('a simple consumer seeks back and forth', async (t) => {
  await dance(t, aCluster(t, 1));
});

for (const timeoutMs of [15_000, -1, 0])
  test(`seek_partitions with timeout ${timeoutMs} moves three partitions`, async (t) => {
    await seekPartitions(t, aCluster(t, 3), timeoutMs);
  });
