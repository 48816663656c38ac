// 0045: a subscription follows the topics of the cluster: new ones, grown ones, deleted ones, moved ones.
import { randomUUID } from 'node:crypto';
import { expect, type TestContext } from 'vitest';
import { rd_kafka_consumer_close, rd_kafka_subscribe, rd_kafka_unsubscribe } from '../../../src/rdkafka.ts';
import {
  RD_KAFKAP_JoinGroup,
  RD_KAFKAP_Metadata,
  rd_kafka_mock_broker_set_rack,
  rd_kafka_mock_group_initial_rebalance_delay_ms,
  rd_kafka_mock_start_request_tracking,
  rd_kafka_mock_topic_create,
} from '../../../src/rdkafka_mock.ts';
import { aMember, Member, pollAll } from '../member.ts';
import { requestsOf } from '../requests_seen.ts';
import { createPartitions, createTopic, deleteTopic, freshTopic } from '../topics.ts';
import type { Env, MockEnv } from './env.ts';

function configOf(bootstrap: string, group: string, more: Record<string, string | number> = {}) {
  return {
    'bootstrap.servers': bootstrap,
    'group.id': group,
    'topic.metadata.refresh.interval.ms': 1000,
    'topic.metadata.propagation.max.ms': 0,
    'heartbeat.interval.ms': 200,
    'session.timeout.ms': 30_000,
    ...more,
  };
}

const all = (topic: string, count: number): string[] => Array.from({ length: count }, (_, i) => `${topic} [${i}]`);

function untilHas(member: Member, wanted: readonly string[]): void {
  const sorted = [...wanted].sort().join();
  pollAll([member], `${wanted.length} partitions`, () => member.assigned.join() === sorted);
}

/** A topic that is made after it was subscribed to, and grows (do_test_non_exist_and_partchange). */
export async function laterAndLarger(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = `a-${randomUUID()}`;
  const member = aMember(t, configOf(bootstrap, topic)).subscribe(topic);
  pollAll([member], 'word that it is not there', () => member.errors.length > 0);
  expect(member.rebalances).toEqual([]);

  await createTopic(bootstrap, topic, 2);
  untilHas(member, all(topic, 2));
  await createPartitions(bootstrap, topic, 4);
  untilHas(member, all(topic, 4));

  expect(member.rebalances).toEqual(['+2', '-2', '+4']);
}

/** Topics that a pattern matches, and one that it does not (do_test_regex). */
export async function newTopics(t: TestContext, env: Env): Promise<void> {
  const { bootstrap } = env;
  const base = `t-${randomUUID()}`;
  await createTopic(bootstrap, `${base}_b`, 2);
  const member = aMember(t, configOf(bootstrap, base)).subscribe(`^${base}_[bde]$`);
  untilHas(member, all(`${base}_b`, 2));

  await createTopic(bootstrap, `${base}_c`, 4);
  await createTopic(bootstrap, `${base}_d`, 1);
  untilHas(member, [...all(`${base}_b`, 2), ...all(`${base}_d`, 1)]);

  expect(member.rebalances).toEqual(['+2', '-2', '+3']);
}

/** Both topics are deleted, one after the other (do_test_topic_remove). */
export async function removedTopics(t: TestContext, { bootstrap }: Env): Promise<void> {
  const [f, g] = [await freshTopic(bootstrap, 5), await freshTopic(bootstrap, 9)];
  const member = aMember(t, configOf(bootstrap, f)).subscribe(f, g);
  untilHas(member, [...all(f, 5), ...all(g, 9)]);

  await deleteTopic(bootstrap, f);
  untilHas(member, all(g, 9));
  await deleteTopic(bootstrap, g);
  untilHas(member, []);

  expect(member.rebalances).toEqual(['+14', '-14', '+9', '-9']);
}

/** Topics are made one after the other, all of them match (do_test_regex_many_mock). */
export function manyNewTopics(t: TestContext, { bootstrap, mock }: MockEnv, strategy: string, count: number): void {
  const member = aMember(t, configOf(bootstrap, 'mygroup', { 'partition.assignment.strategy': strategy }));
  member.subscribe('^topic_.*');
  let partitions = 0;

  for (let i = 0; i < count; i++) {
    expect(rd_kafka_mock_topic_create(mock, `topic_${i}`, 1 + (i % 8), 1)).toBe(0);
    partitions += 1 + (i % 8);
    member.poll(5);
    if (i % 25 === 24) pollAll([member], `${partitions} partitions`, () => member.assigned.length === partitions);
  }

  expect(member.assigned).toHaveLength(partitions);
  expect(rd_kafka_consumer_close(member.rk)).toBe(0);
}

/** do_test_resubscribe_with_regex. */
export async function resubscribed(t: TestContext, { bootstrap }: Env): Promise<void> {
  const base = randomUUID();
  const [one, two, a] = [`${base}_regex1`, `${base}_regex2`, `${base}_a`];
  await createTopic(bootstrap, one, 4);
  await createTopic(bootstrap, two, 4);
  await createTopic(bootstrap, a, 2);
  const member = aMember(t, configOf(bootstrap, base));
  const both = [...all(one, 4), ...all(two, 4)];
  const rounds: [string[], string[]][] = [
    [[one], all(one, 4)],
    [[two], all(two, 4)],
    [[`^.*${base}_regex.*`], both],
    [
      [`^.*${base}_regex.*`, a],
      [...both, ...all(a, 2)],
    ],
  ];

  for (const [subscription, wanted] of rounds) {
    expect(rd_kafka_subscribe(member.rk, subscription)).toBe(0);
    untilHas(member, wanted);
    expect(rd_kafka_unsubscribe(member.rk)).toBe(0);
    untilHas(member, []);
  }

  expect(member.rebalances).toEqual(['+4', '-4', '+4', '-4', '+8', '-8', '+10', '-10']);
}

const TOPICS = 40;

/** Subscriptions that replace each other before they are carried out (do_test_subscribe_many_updates). */
export async function manyUpdates(t: TestContext, { bootstrap }: Env, callback: boolean): Promise<void> {
  const base = randomUUID();
  const topics = Array.from({ length: TOPICS }, (_, i) => `${base}_${i}`);
  for (const topic of topics) await createTopic(bootstrap, topic, 4);
  const config = configOf(bootstrap, base);
  const member = callback ? aMember(t, config) : new Member(t, config);

  for (let i = 0; i < TOPICS; i++) {
    const wanted = topics.slice(i, i + 5);
    expect(rd_kafka_subscribe(member.rk, wanted)).toBe(0);
    if (i % 7 === 0) expect(rd_kafka_unsubscribe(member.rk)).toBe(0);
    if (i % 5 === 0 || i === TOPICS - 1) untilHas(member, i % 7 === 0 ? [] : wanted.flatMap((topic) => all(topic, 4)));
  }

  expect(rd_kafka_consumer_close(member.rk)).toBe(0);
}

/** Brokers change their racks: of interest to members that have one (do_test_replica_rack_change_mock). */
export function movedRacks(
  t: TestContext,
  { bootstrap, mock }: MockEnv,
  how: { readonly strategy: string; readonly client: boolean; readonly replicas: boolean },
): void {
  const set = (racks: readonly string[]): void => {
    for (const [i, rack] of racks.entries())
      if (how.replicas) expect(rd_kafka_mock_broker_set_rack(mock, i + 1, rack)).toBe(0);
  };
  set(['rack0', 'rack1', 'rack2']);
  expect(rd_kafka_mock_topic_create(mock, 'topic', 2, 1)).toBe(0);
  const more = { 'partition.assignment.strategy': how.strategy, ...(how.client && { 'client.rack': 'client_rack' }) };
  const member = aMember(t, configOf(bootstrap, 'g', more)).subscribe('^top');
  pollAll([member], 'the assignment', () => member.assigned.length === 2);
  const before = member.rebalances.length;

  set(['rack2', 'rack0', 'rack1']);
  if (how.client && how.replicas) {
    pollAll([member], 'a rebalance', () => member.rebalances.length > before);
    return;
  }
  rd_kafka_mock_start_request_tracking(mock);
  pollAll([member], 'metadata of then', () => requestsOf(mock, RD_KAFKAP_Metadata).length >= 3);
  expect(member.rebalances.length).toBe(before);
}

/**
 * A leader without a rack minds those of the others (do_test_replica_rack_change_leader_no_rack_mock). Who has what after
 * the change is as Java's assignor has it, which lets a member without a rack keep what it has.
 */
export function leaderWithoutRack(t: TestContext, { bootstrap, mock }: MockEnv): void {
  const set = (...racks: readonly string[]): void => {
    for (const [i, rack] of racks.entries()) expect(rd_kafka_mock_broker_set_rack(mock, i + 1, rack)).toBe(0);
  };
  set('rack0', 'rack1');
  expect(rd_kafka_mock_topic_create(mock, 'topic', 2, 1)).toBe(0);
  // Time for both to be in the first generation: later on partitions stick. The first to join leads.
  rd_kafka_mock_group_initial_rebalance_delay_ms(mock, 3000);
  rd_kafka_mock_start_request_tracking(mock);
  const config = configOf(bootstrap, 'g', { 'partition.assignment.strategy': 'cooperative-sticky' });
  const c1 = aMember(t, { ...config, 'group.instance.id': 'leader' }).subscribe('topic');
  pollAll([c1], 'the join', () => requestsOf(mock, RD_KAFKAP_JoinGroup).length > 0);
  const c2 = aMember(t, { ...config, 'group.instance.id': 'other', 'client.rack': 'rack0' }).subscribe('topic');

  pollAll([c1, c2], 'what is near', () => `${c1.assigned} ${c2.assigned}` === 'topic [1] topic [0]');
  const before = [c1.rebalances.length, c2.rebalances.length];
  set('rack1', 'rack0');

  pollAll([c1, c2], 'a rebalance', () => c1.rebalances.length > before[0]! && c2.rebalances.length > before[1]!);
}
