// librdkafka's 0036.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { partialFetches } from '../kit/scenarios/0036_partial_fetch.ts';

test('fetches that end amid a message bring all in order', async (t) => {
  await partialFetches(t, aCluster(t));
});
