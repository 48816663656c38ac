// librdkafka's 0030.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import {
  COMMIT_CASES,
  commitOfMissingPartitions,
  commitOfNothing,
  commitsAsConfigured,
} from '../kit/scenarios/0030_offset_commit.ts';

for (const each of COMMIT_CASES)
  test(`${each.name}: the next consumer goes on where the first had committed`, async (t) => {
    await commitsAsConfigured(t, aCluster(t, 3), each);
  });

test('a commit with nothing new says so', async (t) => {
  await commitOfNothing(t, aCluster(t, 1));
});

test('a commit for partitions that are not there tells the error of each', (t) => {
  commitOfMissingPartitions(t, aCluster(t, 1));
});
