// librdkafka's scenarios of consumer groups that need no control over their cluster, on a real Kafka.
import { inject, test } from 'vitest';
import { patterns } from '../kit/scenarios/0033_regex_subscribe.ts';
import {
  laterAndLarger,
  manyUpdates,
  newTopics,
  removedTopics,
  resubscribed,
} from '../kit/scenarios/0045_subscribe_update.ts';
import { growingSubscription } from '../kit/scenarios/0050_subscribe_adds.ts';
import { backAgain, fenced, staticMembers } from '../kit/scenarios/0102_static_group_rebalance.ts';
import { assignedInSteps } from '../kit/scenarios/0113_assign.ts';
import {
  addedPartition,
  assignInCooperative,
  changedSubscription,
  deletedOnlyTopic,
  deletedTopic,
  incrementalInEager,
  notPolled,
  secondMember,
  secondMemberWithoutCallback,
  stickiness,
  subscribedAgainAtOnce,
  unsubscribed,
  unsubscribedAlone,
  wildcard,
} from '../kit/scenarios/0113_cooperative_rebalance.ts';
import { commitsWhileRebalancing } from '../kit/scenarios/0113_lost.ts';
import { manyChanges } from '../kit/scenarios/0113_playbook.ts';
import { CLOSE_CASES, closed } from '../kit/scenarios/0116_kafkaconsumer_close.ts';
import { commitBehindUnassign } from '../kit/scenarios/0118_commit_rebalance.ts';
import { asymmetric } from '../kit/scenarios/0120_asymmetric_subscription.ts';
import { firstStrategy } from '../kit/scenarios/0132_strategy_ordering.ts';

const env = { bootstrap: inject('bootstrap') };
const STRATEGIES = ['range', 'roundrobin', 'cooperative-sticky'] as const;

for (const strategy of STRATEGIES) {
  test(`0033: patterns get the topics that match, with ${strategy}`, (t) => patterns(t, env, strategy));

  test(`0050: a subscription that grows in quick steps gets each message once, with ${strategy}`, (t) =>
    growingSubscription(t, env, strategy));

  test(`0118: a commit behind the unassign does no harm, with ${strategy}`, (t) =>
    commitBehindUnassign(t, env, strategy));

  test(`0120: members that want different topics get fair shares, with ${strategy}`, (t) =>
    asymmetric(t, env, strategy));
}

test('0045: a subscribed topic is made later, and grows', (t) => laterAndLarger(t, env));

test('0045: new topics that match are consumed, others are not', (t) => newTopics(t, env));

test('0045: deleted topics are given up', (t) => removedTopics(t, env));

test('0045: names and patterns take turns', (t) => resubscribed(t, env));

for (const callback of [false, true])
  test(`0045: many subscriptions in quick succession ${callback ? 'with' : 'without'} callback`, (t) =>
    manyUpdates(t, env, callback));

test('0102: static members come back unnoticed, leave when they unsubscribe, are missed after their session', (t) =>
  staticMembers(t, env));

test('0102: a second member of the same name fences the first', (t) => fenced(t, env));

for (const replaced of [false, true])
  test(`0102: a static member that is ${replaced ? 'replaced' : 'back'} has what it had`, (t) =>
    backAgain(t, env, replaced));

test('0113: partitions are assigned in steps', (t) => assignedInSteps(t, env));

for (const closes of [true, false]) {
  test(`0113: a second member, both ${closes ? 'close' : 'are destroyed'}`, (t) => secondMember(t, env, closes));

  test(`0113: a second member without callbacks, both ${closes ? 'close' : 'are destroyed'}`, (t) =>
    secondMemberWithoutCallback(t, env, closes));

  test(`0113: a subscription gets one topic ${closes ? 'more' : 'less'}`, (t) => changedSubscription(t, env, closes));

  test(`0113: the only topic is deleted, ${closes ? 'with' : 'without'} callback`, (t) =>
    deletedOnlyTopic(t, env, closes));
}

test('0113: assign is refused in a cooperative group', (t) => assignInCooperative(t, env));

test('0113: incremental calls are refused in an eager group', (t) => incrementalInEager(t, env));

test('0113: one of two topics is deleted', (t) => deletedTopic(t, env));

test('0113: a topic gets one more partition', (t) => addedPartition(t, env));

test('0113: one of two members unsubscribes', (t) => unsubscribed(t, env));

test('0113: the only member unsubscribes', (t) => unsubscribedAlone(t, env));

test('0113: a pattern follows topics that come and go', (t) => wildcard(t, env));

for (const polls of [false, true])
  for (const ends of [false, true])
    test(`0113: a subscription ${ends ? 'ends' : 'changes again'} ${polls ? 'a moment later' : 'at once'}`, (t) =>
      subscribedAgainAtOnce(t, env, { polls, ends }));

for (const how of ['polls', 'closes', 'rejoins'] as const)
  test(`0113: a member that is not polled loses all, and ${how}`, (t) => notPolled(t, env, how));

for (const callback of [true, false])
  test(`0113: eight members change their minds ${callback ? 'with' : 'without'} callback`, (t) =>
    manyChanges(t, env, callback, 'both'));

for (const how of [
  { callback: true, auto: false },
  { callback: true, auto: true },
  { callback: false, auto: true },
])
  test(`0113: commits while rebalancing lose nothing: ${JSON.stringify(how)}`, (t) =>
    commitsWhileRebalancing(t, env, how));

test('0113: each new member takes only what it needs', (t) => stickiness(t, env));

for (const how of CLOSE_CASES) test(`0116: a consumer ends: ${JSON.stringify(how)}`, (t) => closed(t, env, how));

for (const strategies of ['roundrobin,range', 'range,roundrobin'])
  test(`0132: the first of ${strategies} is used`, (t) => firstStrategy(t, env, strategies));
