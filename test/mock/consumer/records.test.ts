// What a consumer gives to its application, on the mock cluster.
import { type TestContext, test } from 'vitest';
import { aCluster } from '../../kit/builders.ts';
import * as scenarios from '../../kit/scenarios/consumer.ts';
import { freshTopic } from '../../kit/topics.ts';

const runs: [name: string, scenario: (t: TestContext, env: scenarios.TopicEnv) => void][] = [
  ['keys, values, headers and timestamps come back as they were sent', scenarios.recordsAsSent],
  ['values of nothing to 1 MB come back, plain and gzip', scenarios.recordsOfAllSizes],
  ['messages above the fetch limits come one by one', scenarios.largerThanTheFetchLimit],
  ['assign starts at numbers and at logical offsets', scenarios.assignedOffsets],
  ['nothing of an old assignment comes after assign', scenarios.assignIsACut],
  ['position is behind the last message handed out', scenarios.positions],
  ['auto.offset.reset decides without an offset and out of range', scenarios.offsetResets],
  ['the end of a partition is told once for each position', scenarios.endOfPartition],
  ['commits of all kinds are read back and told to offset_commit_cb', scenarios.commits],
  ['stored offsets are committed by the timer and at close', scenarios.automaticCommit],
];

for (const [name, scenario] of runs) {
  test(name, async (t) => {
    const { mock, bootstrap } = aCluster(t, 3);
    scenario(t, { mock, bootstrap, topic: await freshTopic(bootstrap, 4) });
  });
}
