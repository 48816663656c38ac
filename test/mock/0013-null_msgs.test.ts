// librdkafka's 0013 on the mock cluster.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { nullPayloads } from '../kit/scenarios/0013_null_msgs.ts';

test('messages without payload arrive as such, with their keys', async (t) => {
  await nullPayloads(t, aCluster(t, 1));
});
