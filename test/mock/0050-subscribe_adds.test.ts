// librdkafka's 0050.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { growingSubscription } from '../kit/scenarios/0050_subscribe_adds.ts';

for (const strategy of ['range', 'roundrobin', 'cooperative-sticky'])
  test(`a subscription that grows in quick steps gets each message once, with ${strategy}`, async (t) => {
    await growingSubscription(t, aCluster(t, 3), strategy);
  });
