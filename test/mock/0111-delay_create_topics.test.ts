// librdkafka's 0111.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { waitsForTopic, waitsNoLonger } from '../kit/scenarios/0111_delay_create_topics.ts';

test('a message waits for its topic to be made', (t) => {
  waitsForTopic(t, aCluster(t, 3));
});

test('a message fails when its topic is not there after topic.metadata.propagation.max.ms', (t) => {
  waitsNoLonger(t, aCluster(t, 3));
});
