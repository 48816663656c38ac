// librdkafka's 0112.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { assignedBeforeKnown } from '../kit/scenarios/0112_assign_unknown_part.ts';

test('a partition that is assigned before it is known is consumed', async (t) => {
  await assignedBeforeKnown(t, aCluster(t, 1));
});
