// librdkafka's 0031.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { askedAndHeard, queryFollowsLeader, queryTimesOut } from '../kit/scenarios/0031_get_offsets.ts';

test('the ends of a partition are known by asking its leader, and without asking once it is consumed', async (t) => {
  await askedAndHeard(t, aCluster(t, 1));
});

test('asking for the ends of a partition ends when its time is up', (t) => {
  queryTimesOut(t, aCluster(t, 1));
});

test('asking for the ends of a partition finds the leader that it has moved to', (t) => {
  queryFollowsLeader(t, aCluster(t, 2));
});
