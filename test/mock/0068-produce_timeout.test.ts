// librdkafka's 0068 on the mock cluster.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { silentBroker } from '../kit/scenarios/0068_produce_timeout.ts';

test('messages behind a silent broker time out, and its late answers change nothing', async (t) => {
  await silentBroker(t, aCluster(t));
});
