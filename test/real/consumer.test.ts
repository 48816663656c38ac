// The consumer scenarios on a real Kafka.
import { inject, type TestContext, test } from 'vitest';
import * as records from '../kit/scenarios/consumer.ts';
import * as group from '../kit/scenarios/consumer_group.ts';
import { freshTopic } from '../kit/topics.ts';

type Scenario = (t: TestContext, env: records.TopicEnv) => void;

const runs: [name: string, scenario: Scenario, topic?: Record<string, string>][] = [
  ['keys, values, headers and timestamps come back as they were sent', records.recordsAsSent],
  ['log append times come with their type', records.logAppendTimes, { 'message.timestamp.type': 'LogAppendTime' }],
  ['values of nothing to 1 MB come back, plain and gzip', records.recordsOfAllSizes],
  ['messages above the fetch limits come one by one', records.largerThanTheFetchLimit],
  ['assign starts at numbers and at logical offsets', records.assignedOffsets],
  ['nothing of an old assignment comes after assign', records.assignIsACut],
  ['position is behind the last message handed out', records.positions],
  ['auto.offset.reset decides without an offset and out of range', records.offsetResets],
  ['the end of a partition is told once for each position', records.endOfPartition],
  ['commits of all kinds are read back and told to offset_commit_cb', records.commits],
  ['stored offsets are committed by the timer and at close', records.automaticCommit],
  ['range gives neighbours to one member', (t, env) => group.shared(t, env, 'range')],
  ['roundrobin deals partitions out', (t, env) => group.shared(t, env, 'roundrobin')],
  ['members come and go, each message comes once', (t, env) => group.comingAndGoing(t, env, false)],
  ['members with rebalance_cb come and go, each message comes once', (t, env) => group.comingAndGoing(t, env, true)],
  ['a commit in the revoke callback leaves nothing to come twice', group.commitOnRevoke],
  ['rebalance_cb throws out of consumer_poll and consumer_close, and both do their work', group.throwingCallback],
  ['an application busy for longer than session.timeout.ms stays a member', group.busyApplication],
  ['past max.poll.interval.ms a member leaves and comes back', group.pollIntervalExceeded],
  ['a subscribed topic that is not there is told once', group.unknownTopic],
  ['unsubscribe gives the partitions to the others', group.unsubscribed],
  ['destroy without consumer_close leaves the group', group.destroyLeaves],
  ['a closed consumer gives nothing and does not block', group.closedConsumer],
];

for (const [name, scenario, configs = {}] of runs) {
  test(name, async (t) => {
    const bootstrap = inject('bootstrap');
    scenario(t, { bootstrap, topic: await freshTopic(bootstrap, 4, { configs }) });
  });
}
