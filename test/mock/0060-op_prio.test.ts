// librdkafka's 0060.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { commitBeforeMessages } from '../kit/scenarios/0060_op_prio.ts';

for (const to of ['callback', 'queue'] as const)
  test(`the result of a commit comes before the messages that wait: ${to}`, async (t) => {
    await commitBeforeMessages(t, aCluster(t, 1), to);
  });
