// librdkafka's scenarios that need no control over their cluster, on a real Kafka.
import { describe, inject, test } from 'vitest';
import { producersOneAfterTheOther } from '../kit/scenarios/0001_multiobj.ts';
import { produceAndConsume } from '../kit/scenarios/0009_mock_cluster.ts';
import { committedOfMissingPartition, producerWithGroupId } from '../kit/scenarios/0020_destroy_hang.ts';
import { topicHandleAsCache } from '../kit/scenarios/0046_rkt_cache.ts';
import { invalidTopic } from '../kit/scenarios/0057_invalid_topic.ts';
import { clusterId, controllerId } from '../kit/scenarios/0063_clusterid.ts';
import { DESTROY_CASES, DESTROY_FLAGS, destroyFlags } from '../kit/scenarios/0084_destroy_flags.ts';
import { cacheOutlivesFullRefresh, metadataBeforeJoin } from '../kit/scenarios/0146_metadata_mock.ts';

const env = { bootstrap: inject('bootstrap') };

test('0001: producers made, used and ended one after the other deliver each time', async (t) => {
  await producersOneAfterTheOther(t, env);
});

test('0009: what is produced to four partitions is consumed from them', async (t) => {
  await produceAndConsume(t, env);
});

test('0020: a consumer that asked for the offset of a partition that is not there ends', async (t) => {
  await committedOfMissingPartition(t, env);
});

test('0020: a producer with a group.id ends', async (t) => {
  await producerWithGroupId(t, env);
});

test('0046: a topic handle that is held is given again by topic_new and stays usable', async (t) => {
  await topicHandleAsCache(t, env);
});

test('0057: messages for a topic of an invalid name fail with the error of the broker', async (t) => {
  await invalidTopic(t, env);
});

test('0063: the cluster id is the same, waited for and at hand', async (t) => {
  await clusterId(t, env);
});

test('0063: the controller id is the same, waited for and at hand', async (t) => {
  await controllerId(t, env);
});

describe.each(DESTROY_FLAGS)('0084: with flags %i', (flags) => {
  for (const one of DESTROY_CASES)
    test(`${one.name} ends`, async (t) => {
      await destroyFlags(t, env, one, flags);
    });
});

test('0146: a subscribed topic stays known through a call for all metadata', async (t) => {
  await cacheOutlivesFullRefresh(t, env, 'range');
});

test('0146: a metadata call right after subscribe makes no topic unknown', async (t) => {
  await metadataBeforeJoin(t, env);
});
