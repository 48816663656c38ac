// The app thread is busy for longer than a session of 6 s: 15 s in `npm test`, a minute in `npm run soak`.
import { test } from 'vitest';
import { rd_kafka_mock_set_group_consumer_session_timeout_ms } from '../../../src/rdkafka_mock.ts';
import { aCluster } from '../../kit/builders.ts';
import { flowHolds, memberStays, simpleGoesOn, timerCommits } from '../../kit/scenarios/busy_consumer.ts';

const BUSY_MS = (Number(process.env['SOAK_SECONDS'] ?? 0) > 0 ? 60 : 15) * 1000;

test.for(['range', 'cooperative-sticky', 'consumer'] as const)('a member stays one (%s)', async (protocol, t) => {
  const cluster = aCluster(t, 2);
  rd_kafka_mock_set_group_consumer_session_timeout_ms(cluster.mock, 6000);
  await memberStays(t, cluster, protocol, BUSY_MS);
});

test('offsets are committed meanwhile', async (t) => {
  await timerCommits(t, aCluster(t, 2), BUSY_MS);
});

test('what was paused stays paused, what was sought is not stale', async (t) => {
  await flowHolds(t, aCluster(t, 2), BUSY_MS);
});

test('a simple consumer loses nothing', async (t) => {
  await simpleGoesOn(t, aCluster(t, 2), BUSY_MS);
});
