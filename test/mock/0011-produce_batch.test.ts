// librdkafka's 0011 on the mock cluster.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import {
  byPartitioner,
  eachToItsOwn,
  ownPartitionIgnored,
  toOnePartition,
} from '../kit/scenarios/0011_produce_batch.ts';

test('a batch of 100,000 for one partition is delivered there, in order', async (t) => {
  await toOnePartition(t, aCluster(t, 3));
});

test('a batch of 100,000 is spread by the partitioner', async (t) => {
  await byPartitioner(t, aCluster(t, 3));
});

test('with RD_KAFKA_MSG_F_PARTITION each message of a batch goes to its own partition', async (t) => {
  await eachToItsOwn(t, aCluster(t, 3));
});

test('without it the partitioner decides, whatever partition the messages name', async (t) => {
  await ownPartitionIgnored(t, aCluster(t, 3));
});
