// librdkafka's 0082.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { fetchMaxBytes } from '../kit/scenarios/0082_fetch_max_bytes.ts';

test('fetch.max.bytes below what the partitions may bring brings all of them', async (t) => {
  // A mock partition keeps 5 MiB.
  await fetchMaxBytes(t, aCluster(t), 5);
});
