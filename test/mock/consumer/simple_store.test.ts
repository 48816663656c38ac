// Offsets that a simple consumer keeps, on the mock cluster.
import { test } from 'vitest';
import { aCluster } from '../../kit/builders.ts';
import { resetOfTopic, storedInFile, storedWithGroup } from '../../kit/scenarios/simple_store.ts';

test('a partition started at STORED goes on where the group was', async (t) => {
  await storedWithGroup(t, aCluster(t, 1));
});

test('a partition started at STORED goes on where its file says', async (t) => {
  await storedInFile(t, aCluster(t, 1));
});

test("a topic's own auto.offset.reset goes before the handle's", async (t) => {
  await resetOfTopic(t, aCluster(t, 1));
});
