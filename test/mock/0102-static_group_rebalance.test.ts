// librdkafka's 0102.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { backAgain, fenced, staticMembers } from '../kit/scenarios/0102_static_group_rebalance.ts';

test('static members come back unnoticed, leave when they unsubscribe, and are missed after their session', async (t) => {
  await staticMembers(t, aCluster(t, 3));
});

test('a second member of the same name fences the first', async (t) => {
  await fenced(t, aCluster(t, 3));
});

test('a static member that unsubscribes and subscribes has what it had', async (t) => {
  await backAgain(t, aCluster(t, 3), false);
});

test('a static member that is replaced leaves its partitions to its successor', async (t) => {
  await backAgain(t, aCluster(t, 3), true);
});
