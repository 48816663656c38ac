// librdkafka's 0033.
import { test } from 'vitest';
import { aCluster } from '../kit/builders.ts';
import { lists, patterns } from '../kit/scenarios/0033_regex_subscribe.ts';

for (const strategy of ['range', 'roundrobin', 'cooperative-sticky'])
  test(`patterns get the topics that match, with ${strategy}`, async (t) => {
    await patterns(t, aCluster(t, 3), strategy);
  });

test('subscribe refuses lists that make no sense', (t) => {
  lists(t);
});
