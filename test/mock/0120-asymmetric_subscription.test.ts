// librdkafka's 0120.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { asymmetric } from '../kit/scenarios/0120_asymmetric_subscription.ts';

for (const strategy of ['range', 'roundrobin', 'cooperative-sticky'])
  test(`members that want different topics get fair shares, with ${strategy}`, async (t) => {
    await asymmetric(t, aCluster(t, 3), strategy);
  });
