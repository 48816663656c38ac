// librdkafka's 0009 on the mock cluster.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { produceAndConsume, recordsDeleted, topicDeleted } from '../kit/scenarios/0009_mock_cluster.ts';

test('what is produced to four partitions is consumed from them', async (t) => {
  await produceAndConsume(t, aCluster(t, 3));
});

test('a consumer of a deleted topic gets none of its records', async (t) => {
  await topicDeleted(t, aCluster(t, 3));
});

test('after deleting records a partition begins behind them', async (t) => {
  await recordsDeleted(t, aCluster(t, 3));
});
