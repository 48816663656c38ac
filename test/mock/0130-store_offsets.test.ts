// librdkafka's 0130.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { storeAndCommit, storeMessages } from '../kit/scenarios/0130_store_offsets.ts';

test('stored offsets are committed with their metadata, and refused where nothing is assigned', async (t) => {
  await storeAndCommit(t, aCluster(t, 1));
});

test('the offset behind a message is stored, one by one and in lists of which some are refused', async (t) => {
  await storeMessages(t, aCluster(t, 1));
});
