// librdkafka's 0048 on the mock cluster.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { builtInPartitioner, HASHES, partitionerOutOfRange } from '../kit/scenarios/0048_partitioner.ts';

for (const partitioner of Object.keys(HASHES))
  test(`${partitioner} finds the partitions that librdkafka finds`, async (t) => {
    await builtInPartitioner(t, aCluster(t, 3), partitioner);
  });

test("a partitioner of the application's that names a partition which is not there makes produce fail", async (t) => {
  await partitionerOutOfRange(t, aCluster(t, 3));
});
