// librdkafka's 0106.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { commitOnLost, sessionTimesOut } from '../kit/scenarios/0106_cgrp_sess_timeout.ts';

for (const commits of ['sync', 'async', 'auto'] as const)
  test(`a member without heartbeats loses its assignment, with ${commits} commits`, async (t) => {
    await sessionTimesOut(t, aCluster(t, 3), commits);
  });

test('what is stored of a lost assignment is not committed', async (t) => {
  await commitOnLost(t, aCluster(t, 3));
});
