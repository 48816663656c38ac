// librdkafka's 0125 on the mock cluster.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import {
  firstMetadataIsEnough,
  flushOverridesLinger,
  lingersWithoutFlush,
} from '../kit/scenarios/0125_immediate_flush.ts';

test('flush does not wait for linger.ms', async (t) => {
  await flushOverridesLinger(t, aCluster(t));
});

test('without flush messages wait for linger.ms', async (t) => {
  await lingersWithoutFlush(t, aCluster(t));
});

test('the first flush needs no more than the first metadata of its topic', async (t) => {
  await firstMetadataIsEnough(t, aCluster(t, 3));
});
