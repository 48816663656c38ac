// Metadata on a real Kafka: the scenarios of test/mock/metadata.test.ts that need no control over the cluster.
import { inject, test } from 'vitest';
import * as scenario from '../kit/scenarios/metadata.ts';

const env = { bootstrap: inject('bootstrap') };

test('metadata of all topics has brokers, partitions and counts', async (t) => {
  await scenario.allTopics(t, env);
});

test('metadata of one topic has no other', async (t) => {
  await scenario.oneTopic(t, env);
});

test('metadata without all_topics has the topics that the handle uses', async (t) => {
  await scenario.usedTopics(t, env);
});

test('metadata of a handle that uses no topic has the brokers only', async (t) => {
  await scenario.noTopics(t, env);
});

test('a missing topic is an error in the answer, and is not created by asking', (t) => {
  scenario.missingTopic(t, env);
});

test('metadata_async gives the same', async (t) => {
  await scenario.asPromise(t, env);
});

test('brokers_add brings a handle without bootstrap.servers to life', async (t) => {
  await scenario.brokersAdded(t, env);
});

test('a subscribed topic that is made later is found', async (t) => {
  await scenario.topicAppears(t, env);
});
