// librdkafka's 0069.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { grownWhileClosing } from '../kit/scenarios/0069_consumer_add_parts.ts';

test('a topic that grows while a member closes is consumed by the other', async (t) => {
  await grownWhileClosing(t, aCluster(t, 1));
});
