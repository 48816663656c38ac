// librdkafka's 0002.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { nobodyToPlaceThem, unknownPartition } from '../kit/scenarios/0002_unkpart.ts';

test('messages for a partition that the topic has not fail, at once as soon as that is known', async (t) => {
  await unknownPartition(t, aCluster(t, 3));
});

test('without a broker messages of any partition time out', (t) => {
  nobodyToPlaceThem(t);
});
