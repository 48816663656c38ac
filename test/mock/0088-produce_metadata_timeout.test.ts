// librdkafka's 0088 on the mock cluster.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { outlivesMetadata } from '../kit/scenarios/0088_produce_metadata_timeout.ts';

test('messages survive that brokers are away for longer than metadata is valid', async (t) => {
  await outlivesMetadata(t, aCluster(t));
});
