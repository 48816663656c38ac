// Members of one group, on the mock cluster.
import { type TestContext, test } from 'vitest';
import { aCluster } from '../../kit/builders.ts';
import type { TopicEnv } from '../../kit/scenarios/consumer.ts';
import * as scenarios from '../../kit/scenarios/consumer_group.ts';
import { freshTopic } from '../../kit/topics.ts';

const runs: [name: string, scenario: (t: TestContext, env: TopicEnv) => void][] = [
  ['range gives neighbours to one member', (t, env) => scenarios.shared(t, env, 'range')],
  ['roundrobin deals partitions out', (t, env) => scenarios.shared(t, env, 'roundrobin')],
  ['members come and go, each message comes once', (t, env) => scenarios.comingAndGoing(t, env, false)],
  [
    'members with rebalance_cb come and go, each message comes once',
    (t, env) => scenarios.comingAndGoing(t, env, true),
  ],
  ['a commit in the revoke callback leaves nothing to come twice', scenarios.commitOnRevoke],
  ['rebalance_cb throws out of consumer_poll and consumer_close, and both do their work', scenarios.throwingCallback],
  ['an application busy for longer than session.timeout.ms stays a member', scenarios.busyApplication],
  ['past max.poll.interval.ms a member leaves and comes back', scenarios.pollIntervalExceeded],
  ['a subscribed topic that is not there is told once', scenarios.unknownTopic],
  ['unsubscribe gives the partitions to the others', scenarios.unsubscribed],
  ['destroy without consumer_close leaves the group', scenarios.destroyLeaves],
  ['a closed consumer gives nothing and does not block', scenarios.closedConsumer],
];

for (const [name, scenario] of runs) {
  test(name, async (t) => {
    const { mock, bootstrap } = aCluster(t, 3);
    scenario(t, { mock, bootstrap, topic: await freshTopic(bootstrap, 4) });
  });
}
