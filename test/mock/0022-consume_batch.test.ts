// librdkafka's 0022.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { batches, unknownTopic } from '../kit/scenarios/0022_consume_batch.ts';

test('batches of a queue that four partitions go to have all messages', async (t) => {
  await batches(t, aCluster(t, 3));
});

test('an unknown topic is told by a message in a batch', (t) => {
  unknownTopic(t, aCluster(t, 1));
});
