// librdkafka's 0143.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import {
  commitRetries,
  coordinatorIsAskedFor,
  fetchAsksForLeader,
  heartbeatAsksForCoordinator,
  joinAsksForCoordinator,
  leaderIsAskedFor,
  produceAsksForLeader,
  produceRetries,
} from '../kit/scenarios/0143_exponential_backoff_mock.ts';

test('a produce request that fails is repeated after a backoff that doubles', (t) => {
  produceRetries(t, aCluster(t));
});

test('a coordinator that is not available is asked for at intervals', (t) => {
  coordinatorIsAskedFor(t, aCluster(t));
});

test('a commit that fails is repeated after a backoff that doubles', (t) => {
  commitRetries(t, aCluster(t));
});

test('a heartbeat to the wrong coordinator is followed by a question for the right one', (t) => {
  heartbeatAsksForCoordinator(t, aCluster(t));
});

test('a join at the wrong coordinator is followed by a question for the right one', (t) => {
  joinAsksForCoordinator(t, aCluster(t));
});

test('a produce request to the wrong leader is followed by a question for the right one', (t) => {
  produceAsksForLeader(t, aCluster(t));
});

test('a partition without leader is asked for after a backoff that doubles', (t) => {
  leaderIsAskedFor(t, aCluster(t));
});

test('a fetch with an old leader epoch is followed by a question for metadata', (t) => {
  fetchAsksForLeader(t, aCluster(t));
});
