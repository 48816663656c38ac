// librdkafka's 0046 on the mock cluster.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { topicHandleAsCache } from '../kit/scenarios/0046_rkt_cache.ts';

test('a topic handle that is held is given again by topic_new and stays usable', async (t) => {
  await topicHandleAsCache(t, aCluster(t, 1));
});
