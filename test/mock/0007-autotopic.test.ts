// librdkafka's 0007 on the mock cluster.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { topicMadeByProducing } from '../kit/scenarios/0007_autotopic.ts';

test('a topic that is not there is made by producing to it', (t) => {
  topicMadeByProducing(t, aCluster(t, 3));
});
