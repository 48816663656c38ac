// librdkafka's 0051.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { assignedMoreAndMore } from '../kit/scenarios/0051_assign_adds.ts';

test('assign calls one after the other give every message once', async (t) => {
  await assignedMoreAndMore(t, aCluster(t, 3));
});
