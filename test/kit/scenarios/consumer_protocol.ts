// Groups with group.protocol=consumer (KIP-848), on whatever cluster has it: what is only theirs, and the list of all that
// is run with them, by test/mock/consumer and test/real.
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_RESP_ERR__FATAL,
  RD_KAFKA_RESP_ERR__STATE,
  RD_KAFKA_RESP_ERR_UNSUPPORTED_ASSIGNOR,
  rd_kafka_assign,
  rd_kafka_consumer_close,
  rd_kafka_fatal_error,
  rd_kafka_memberid,
  rd_kafka_rebalance_protocol,
  rd_kafka_topic_partition_list_new,
} from '../../../src/rdkafka.ts';
import { aConsumer, aProducer, useConsumerProtocol } from '../builders.ts';
import { pollUntil } from '../consuming.ts';
import { aMember, Member, pollAll, settle } from '../member.ts';
import { produceMessages } from '../reports.ts';
import { createTopic } from '../topics.ts';
import { oneThenTheOther } from './0018_cgrp_term.ts';
import { manyUpdates } from './0045_subscribe_update.ts';
import { sharedByTwo } from './0056_balanced_group.ts';
import { manyChanges } from './0113_playbook.ts';
import { batchAcrossRebalance } from './0122_buffer_cleaning_after_rebalance.ts';
import { storeAndCommit } from './0130_store_offsets.ts';
import type { TopicEnv } from './consumer.ts';
import * as group from './consumer_group.ts';

const { groupOf } = group;
const PARTITIONS = 4;

/** The second member takes half; the first is asked for just that half, and keeps the rest all the while. */
function incremental(t: TestContext, env: TopicEnv): void {
  const first = aMember(t, groupOf(env));
  expect(rd_kafka_rebalance_protocol(first.rk)).toBe('NONE');
  first.subscribe(env.topic);
  settle([first], PARTITIONS);
  const second = aMember(t, groupOf(env)).subscribe(env.topic);

  settle([first, second], PARTITIONS);

  expect(first.rebalances).toEqual(['+4', '-2', '+0']);
  // Free partitions may come one after the other.
  expect(second.rebalances.every((each) => each.startsWith('+'))).toBe(true);
  expect(rd_kafka_rebalance_protocol(first.rk)).toBe('COOPERATIVE');
  expect(rd_kafka_assign(first.rk, rd_kafka_topic_partition_list_new(0))).toBe(RD_KAFKA_RESP_ERR__STATE);
}

/** group.remote.assignor names the coordinator's assignor. */
function remoteAssignor(t: TestContext, env: TopicEnv): void {
  const config = groupOf(env, { 'group.remote.assignor': 'range' });
  const members = [new Member(t, config), new Member(t, config)].map((member) => member.subscribe(env.topic));

  settle(members, PARTITIONS);

  const sets = members.map(({ assigned }) => assigned.map((name) => Number(/\[(\d)\]/.exec(name)![1]))).sort();
  expect(sets).toEqual([
    [0, 1],
    [2, 3],
  ]);
}

/** One that the coordinator does not have is fatal. */
function unknownAssignor(t: TestContext, env: TopicEnv): void {
  const rk = aConsumer(t, groupOf(env, { 'group.remote.assignor': 'nobody-has-this' }));
  const errors: number[] = [];
  const member = new Member(t, groupOf(env, { 'group.remote.assignor': 'nobody-has-this' })).subscribe(env.topic);

  pollUntil(
    'the fatal error',
    () => {
      const message = member.poll();
      if (message !== null) errors.push(message.err);
    },
    () => errors.length > 0,
  );

  expect(errors).toEqual([RD_KAFKA_RESP_ERR__FATAL]);
  expect(rd_kafka_fatal_error(member.rk, null)).toBe(RD_KAFKA_RESP_ERR_UNSUPPORTED_ASSIGNOR);
  expect(rd_kafka_consumer_close(member.rk)).toBe(RD_KAFKA_RESP_ERR__FATAL);
  expect(rd_kafka_memberid(rk)).not.toBe('');
}

/** A pattern is matched by the coordinator, also against topics that come later. */
async function pattern(t: TestContext, env: TopicEnv): Promise<void> {
  const member = aMember(t, groupOf(env)).subscribe(`^${env.topic}(-later)?`);
  settle([member], PARTITIONS);

  await createTopic(env.bootstrap, `${env.topic}-later`, 1);
  await createTopic(env.bootstrap, `${env.topic}-other`, 1);
  settle([member], PARTITIONS + 1);

  expect(member.assigned).toContain(`${env.topic}-later [0]`);
}

/** A static member that comes back in time finds its partitions, and nobody else is disturbed. */
function staticMember(t: TestContext, env: TopicEnv): void {
  const first = new Member(t, groupOf(env, { 'group.instance.id': 'i1' })).subscribe(env.topic);
  const other = aMember(t, groupOf(env, { 'group.instance.id': 'i2' })).subscribe(env.topic);
  settle([first, other], PARTITIONS);
  const had = first.assigned;
  const told = [...other.rebalances];
  expect(rd_kafka_consumer_close(first.rk)).toBe(0);

  const again = new Member(t, groupOf(env, { 'group.instance.id': 'i1' })).subscribe(env.topic);
  settle([again, other], PARTITIONS);

  expect(again.assigned).toEqual(had);
  expect(rd_kafka_memberid(again.rk)).not.toBe(rd_kafka_memberid(first.rk));
  expect(other.rebalances).toEqual(told);
}

/** Members of the classic protocol are replaced one by one: nothing is lost, nothing comes twice. */
function rollingUpgrade(t: TestContext, env: TopicEnv): void {
  const classic = groupOf({ ...env, protocol: undefined }, { 'partition.assignment.strategy': 'range' });
  const old = (): Member => aMember(t, classic).subscribe(env.topic);
  const young = (): Member => aMember(t, groupOf(env)).subscribe(env.topic);

  group.exactlyOnce(t, env, [old, old, young, 'remove', young, 'remove', young]);
}

/** What a member has not consumed when it ends is consumed by the next, from the committed offset. */
function committedAtClose(t: TestContext, env: TopicEnv): void {
  const p = aProducer(t, { 'bootstrap.servers': env.bootstrap });
  produceMessages(p, env.topic, 0, 0, 20);
  const first = new Member(t, groupOf(env)).subscribe(env.topic);
  pollAll([first], 'the first messages', () => first.got.length === 20);
  expect(rd_kafka_consumer_close(first.rk)).toBe(0);
  produceMessages(p, env.topic, 0, 20, 5);

  const second = new Member(t, groupOf(env)).subscribe(env.topic);
  pollAll([second], 'the other messages', () => second.got.length === 5);

  expect(second.got.map(({ offset }) => offset)).toEqual([20, 21, 22, 23, 24]);
}

type Scenario = (t: TestContext, env: TopicEnv) => void | Promise<void>;

/** A scenario of the classic protocol, unchanged. */
function same(scenario: Scenario): Scenario {
  return (t, env) => {
    useConsumerProtocol(t);
    return scenario(t, env);
  };
}

export const CONSUMER_PROTOCOL: readonly (readonly [name: string, scenario: Scenario])[] = [
  ['a second member takes half, and only that half is revoked', incremental],
  ['group.remote.assignor chooses how partitions are dealt out', remoteAssignor],
  ['an assignor that the coordinator does not have is fatal', unknownAssignor],
  ['a pattern is matched by the coordinator, and follows new topics', pattern],
  ['a static member that comes back finds its partitions', staticMember],
  ['a group goes from classic to consumer, each message comes once', rollingUpgrade],
  ['offsets are committed at close, and the next member goes on there', committedAtClose],
  ['members come and go, each message comes once', (t, env) => group.comingAndGoing(t, env, false)],
  ['members with rebalance_cb come and go, each message comes once', (t, env) => group.comingAndGoing(t, env, true)],
  ['a commit in the revoke callback leaves nothing to come twice', group.commitOnRevoke],
  ['rebalance_cb throws out of consumer_poll and consumer_close, and both do their work', group.throwingCallback],
  ['an application busy for longer than a session stays a member', group.busyApplication],
  ['past max.poll.interval.ms a member leaves and comes back', group.pollIntervalExceeded],
  ['unsubscribe gives the partitions to the others', group.unsubscribed],
  ['destroy without consumer_close leaves the group', group.destroyLeaves],
  ['a closed consumer gives nothing and does not block', group.closedConsumer],
  ['0018: members close one after the other', same((t, env) => oneThenTheOther(t, env, false))],
  ['0045: many subscriptions in quick succession', same((t, env) => manyUpdates(t, env, true))],
  ['0056: two members share a topic', same(sharedByTwo)],
  ['0113: eight members change their minds, with callback', same((t, env) => manyChanges(t, env, true, 'both'))],
  ['0113: eight members change their minds, without callback', same((t, env) => manyChanges(t, env, false, 'other'))],
  ['0122: nothing of a batch is kept from before a rebalance', same((t, env) => batchAcrossRebalance(t, env, 'range'))],
  ['0130: stored offsets are committed', same(storeAndCommit)],
];
