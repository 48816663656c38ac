// librdkafka's 0089.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import {
  pollWithConsumeCallback,
  rejoinsByPolling,
  slowMemberLeaves,
} from '../kit/scenarios/0089_max_poll_interval.ts';

test('who does not poll loses its partition, and is told', async (t) => {
  await slowMemberLeaves(t, { ...aCluster(t, 1), session_ms: 1000 });
});

for (const via of ['its own', 'one that it goes to', 'one that goes to it'] as const)
  test(`a poll of a queue brings it back: ${via}`, async (t) => {
    await rejoinsByPolling(t, { ...aCluster(t, 1), session_ms: 1000 }, via);
  });

test('poll with consume_cb counts as a poll of the consumer', async (t) => {
  await pollWithConsumeCallback(t, { ...aCluster(t, 1), session_ms: 1500 });
});
