// librdkafka's 0132.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { firstStrategy } from '../kit/scenarios/0132_strategy_ordering.ts';

for (const strategies of ['roundrobin,range', 'range,roundrobin'])
  test(`the first of ${strategies} is used`, async (t) => {
    await firstStrategy(t, aCluster(t, 3), strategies);
  });
