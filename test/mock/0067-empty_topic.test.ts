// librdkafka's 0067.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { assigned, simpleConsumer } from '../kit/scenarios/0067_empty_topic.ts';

test('an empty topic gives a simple consumer its end, once', async (t) => {
  await simpleConsumer(t, aCluster(t, 1));
});

test('an empty topic gives a consumer that assigns its end, once', async (t) => {
  await assigned(t, aCluster(t, 1));
});
