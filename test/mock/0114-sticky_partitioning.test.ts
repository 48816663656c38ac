// librdkafka's 0114 on the mock cluster.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { longStays, shortMoves, zeroScatters } from '../kit/scenarios/0114_sticky_partitioning.ts';

test('messages without key stay on one partition for a long sticky time', async (t) => {
  await longStays(t, aCluster(t));
});

test('after a short sticky time they move', async (t) => {
  await shortMoves(t, aCluster(t));
});

test('without a sticky time each is placed by itself', async (t) => {
  await zeroScatters(t, aCluster(t));
});
