// librdkafka's 0029.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { assignedAtOffsets } from '../kit/scenarios/0029_assign_offset.ts';

test('partitions begin at the offsets that assign gives them, by hand and in rebalance_cb', async (t) => {
  await assignedAtOffsets(t, aCluster(t, 3));
});
