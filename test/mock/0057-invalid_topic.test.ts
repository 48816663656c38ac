// librdkafka's 0057 on the mock cluster.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { invalidTopic } from '../kit/scenarios/0057_invalid_topic.ts';

test('messages for a topic of an invalid name fail with the error of the broker', async (t) => {
  await invalidTopic(t, aCluster(t, 3));
});
