// librdkafka's 0059.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { searchByTimestamp } from '../kit/scenarios/0059_bsearch.ts';

test('a message is found by its timestamp in a few seeks', async (t) => {
  await searchByTimestamp(t, aCluster(t, 1));
});
