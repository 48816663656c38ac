// librdkafka's 0117.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import {
  commitFailsWhileRebalancing,
  commitTimedOut,
  coordinatorLoading,
  storageError,
} from '../kit/scenarios/0117_mock_errors.ts';

test('a message survives fewer storage errors than it has retries', (t) => {
  storageError(t, 10);
});

test('a message fails with the storage error when its retries are used up', (t) => {
  storageError(t, 1);
});

test('a commit that fails because of a rebalance does not keep the consumer from fetching', (t) => {
  commitFailsWhileRebalancing(t, aCluster(t, 3));
});

test('the last commit of a closing consumer survives time-outs of the broker', (t) => {
  commitTimedOut(t, aCluster(t, 1), true);
});

test('a commit by hand survives time-outs of the broker', (t) => {
  commitTimedOut(t, aCluster(t, 1), false);
});

test('a coordinator that is still loading is not the business of the app', (t) => {
  coordinatorLoading(t, aCluster(t, 1));
});
