// librdkafka's 0091.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { assignedMayTakeLong, worksBelowInterval } from '../kit/scenarios/0091_max_poll_interval_timeout.ts';

test('work that is longer than the socket timeout costs no partition', async (t) => {
  await worksBelowInterval(t, aCluster(t, 1));
});

test('who assigns by itself may work as long as it likes', async (t) => {
  await assignedMayTakeLong(t, aCluster(t, 1));
});
