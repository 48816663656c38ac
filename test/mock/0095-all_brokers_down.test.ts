// librdkafka's 0095.
import { test } from 'vitest';
import { consumerIsTold, producerIsTold } from '../kit/scenarios/0095_all_brokers_down.ts';

test('a producer is told that all brokers are down', (t) => {
  producerIsTold(t);
});

test('a consumer is told that all brokers are down', (t) => {
  consumerIsTold(t);
});
