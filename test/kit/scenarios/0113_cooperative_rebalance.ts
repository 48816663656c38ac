// 0113: members of a cooperative group come, change what they want, and go; topics come, grow and go.
import { randomUUID } from 'node:crypto';
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS,
  RD_KAFKA_RESP_ERR__STATE,
  rd_kafka_assign,
  rd_kafka_consumer_close,
  rd_kafka_destroy,
  rd_kafka_error_code,
  rd_kafka_incremental_assign,
  rd_kafka_incremental_unassign,
  rd_kafka_unsubscribe,
} from '../../../src/rdkafka.ts';
import { aProducer } from '../builders.ts';
import { pollUntil } from '../consuming.ts';
import { aCooperative, cooperativeConfig, net, times, untilHold } from '../cooperative.ts';
import { Member, pollAll } from '../member.ts';
import { produceMessages } from '../reports.ts';
import { createPartitions, createTopic, deleteTopic, freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

/** The second gets what the first gives back, and nothing else changes hands (b_subscribe_with_cb_test). */
export async function secondMember(t: TestContext, { bootstrap }: Env, closes: boolean): Promise<void> {
  const topic = await freshTopic(bootstrap, 2);
  const config = cooperativeConfig(bootstrap, topic);
  const c1 = aCooperative(t, config);
  const c2 = aCooperative(t, config);
  const members = [c1.member, c2.member];
  c1.member.subscribe(topic);
  untilHold(members, [2, 0]);

  c2.member.subscribe(topic);
  // Were the first to let go at once, the next rebalance might begin before the second has asked for what this one gives.
  pollAll([c2.member], 'the first empty assignment', () => c2.told.length === 1);
  untilHold(members, [1, 1]);
  pollAll(members, 'the last empty assignment', () => c1.told.length === 4 && c2.told.length === 2);

  expect(c1.told).toEqual(['+2', '-1', '+0', '+0']);
  expect(c2.told).toEqual(['+0', '+1']);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap });
  for (const partition of [0, 1]) produceMessages(p, topic, partition, 0, 100);
  pollAll(members, 'messages', () => members.every(({ got }) => got.length > 0));
  if (!closes) {
    for (const { rk } of members) rd_kafka_destroy(rk);
    return;
  }
  expect([rd_kafka_consumer_close(c1.member.rk), rd_kafka_consumer_close(c2.member.rk)]).toEqual([0, 0]);
  expect(times(c1, '-')).toBe(2);
  // The first one's partition may have come before the second was closed.
  expect([net(c1), net(c2), times(c1, '!'), times(c2, '!')]).toEqual([0, 0, 0, 0]);
}

/** The same without rebalance_cb (c_subscribe_no_cb_test). */
export async function secondMemberWithoutCallback(t: TestContext, { bootstrap }: Env, closes: boolean): Promise<void> {
  const topic = await freshTopic(bootstrap, 2);
  const config = cooperativeConfig(bootstrap, topic);
  const members = [new Member(t, config), new Member(t, config)] as const;
  members[0].subscribe(topic);
  untilHold(members, [2, 0]);

  members[1].subscribe(topic);
  untilHold(members, [1, 1]);

  if (closes) expect(members.map(({ rk }) => rd_kafka_consumer_close(rk))).toEqual([0, 0]);
}

/** d_change_subscription_add_topic, e_change_subscription_remove_topic. */
export async function changedSubscription(t: TestContext, { bootstrap }: Env, adds: boolean): Promise<void> {
  const topics = [await freshTopic(bootstrap, 2), await freshTopic(bootstrap, 2)];
  const member = new Member(t, cooperativeConfig(bootstrap, topics[0]!));
  const one = topics.slice(0, 1);
  member.subscribe(...(adds ? one : topics));
  untilHold([member], [adds ? 2 : 4]);

  member.subscribe(...(adds ? topics : one));
  untilHold([member], [adds ? 4 : 2]);

  if (!adds) expect(member.assigned).toEqual([`${one[0]} [0]`, `${one[0]} [1]`]);
  if (adds) expect(rd_kafka_consumer_close(member.rk)).toBe(0);
}

/** assign is refused in a cooperative group, but for the end (f_assign_call_cooperative). */
export async function assignInCooperative(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  const results: unknown[] = [];
  const member = new Member(t, cooperativeConfig(bootstrap, topic), {
    rebalance_cb: (rk, err, partitions) => {
      const assigns = err === RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
      results.push(rd_kafka_assign(rk, assigns ? partitions : null));
      if (assigns) results.push(rd_kafka_incremental_assign(rk, partitions));
    },
  }).subscribe(topic);
  untilHold([member], [1]);

  expect(rd_kafka_consumer_close(member.rk)).toBe(0);

  expect(results).toEqual([RD_KAFKA_RESP_ERR__STATE, null, 0]);
}

/** The incremental calls are refused in an eager group, but for the end (g_incremental_assign_call_eager). */
export async function incrementalInEager(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  const results: number[] = [];
  const config = cooperativeConfig(bootstrap, topic, { 'partition.assignment.strategy': 'roundrobin' });
  const member = new Member(t, config, {
    rebalance_cb: (rk, err, partitions) => {
      const assigns = err === RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
      const change = assigns ? rd_kafka_incremental_assign : rd_kafka_incremental_unassign;
      results.push(rd_kafka_error_code(change(rk, partitions)));
      if (assigns) results.push(rd_kafka_assign(rk, partitions));
    },
  }).subscribe(topic);
  untilHold([member], [1]);

  expect(rd_kafka_consumer_close(member.rk)).toBe(0);

  expect(results).toEqual([RD_KAFKA_RESP_ERR__STATE, 0, 0]);
}

/** One of two topics is deleted (h_delete_topic). */
export async function deletedTopic(t: TestContext, { bootstrap }: Env): Promise<void> {
  const [stays, goes] = [await freshTopic(bootstrap, 1), await freshTopic(bootstrap, 1)];
  const c = aCooperative(t, cooperativeConfig(bootstrap, stays));
  c.member.subscribe(stays, goes);
  untilHold([c.member], [2]);
  expect(c.told).toEqual(['+2']);

  await deleteTopic(bootstrap, goes);
  untilHold([c.member], [1]);

  expect(c.member.assigned).toEqual([`${stays} [0]`]);
  expect(rd_kafka_consumer_close(c.member.rk)).toBe(0);
}

/** The only topic is deleted (i_delete_topic_2, j_delete_topic_no_rb_callback). */
export async function deletedOnlyTopic(t: TestContext, { bootstrap }: Env, withCallback: boolean): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  const config = cooperativeConfig(bootstrap, topic);
  const member = (withCallback ? aCooperative(t, config).member : new Member(t, config)).subscribe(topic);
  untilHold([member], [1]);

  await deleteTopic(bootstrap, topic);
  untilHold([member], [0]);

  expect(rd_kafka_consumer_close(member.rk)).toBe(0);
}

/** k_add_partition. */
export async function addedPartition(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  const c = aCooperative(t, cooperativeConfig(bootstrap, topic));
  c.member.subscribe(topic);
  untilHold([c.member], [1]);

  await createPartitions(bootstrap, topic, 2);
  untilHold([c.member], [2]);
  expect(rd_kafka_consumer_close(c.member.rk)).toBe(0);

  expect(c.told).toEqual(['+1', '+1', '-2']);
}

/** One of two members unsubscribes (l_unsubscribe). */
export async function unsubscribed(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topics = [await freshTopic(bootstrap, 2), await freshTopic(bootstrap, 2)];
  const config = cooperativeConfig(bootstrap, topics[0]!);
  const c1 = aCooperative(t, config);
  const c2 = aCooperative(t, config);
  const members = [c1.member.subscribe(...topics), c2.member.subscribe(...topics)];
  untilHold(members, [2, 2]);
  const [before1, before2] = [times(c1, '+'), times(c2, '-')];

  expect(rd_kafka_unsubscribe(c1.member.rk)).toBe(0);
  untilHold(members, [0, 4]);
  expect(members.map(({ rk }) => rd_kafka_consumer_close(rk))).toEqual([0, 0]);

  expect(c1.told.at(-1)).toBe('-2');
  // It may have had one more empty assignment of the rebalance before.
  expect(times(c1, '+') - before1).toBeLessThanOrEqual(1);
  expect(times(c2, '-') - before2).toBe(1);
  expect([net(c1), net(c2), times(c1, '!'), times(c2, '!')]).toEqual([0, 0, 0, 0]);
}

/** m_unsubscribe_2. */
export async function unsubscribedAlone(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 2);
  const member = new Member(t, cooperativeConfig(bootstrap, topic)).subscribe(topic);
  untilHold([member], [2]);

  expect(rd_kafka_unsubscribe(member.rk)).toBe(0);
  untilHold([member], [0]);

  expect(rd_kafka_consumer_close(member.rk)).toBe(0);
}

/** Members that wait for topics of a pattern get them, and lose those that are deleted (n_wildcard). */
export async function wildcard(t: TestContext, { bootstrap }: Env): Promise<void> {
  const base = `n-${randomUUID()}`;
  const config = cooperativeConfig(bootstrap, base);
  const c1 = aCooperative(t, config);
  const c2 = aCooperative(t, config);
  const members = [c1.member, c2.member].map((member) => member.subscribe(`^${base}_.`));
  pollAll(members, 'word that no topic matches', () => members.every(({ errors }) => errors.length > 0));
  expect([c1.told, c2.told]).toEqual([[], []]);

  await createTopic(bootstrap, `${base}_1`, 2);
  await createTopic(bootstrap, `${base}_2`, 2);
  untilHold(members, [2, 2]);
  const before = [times(c1, '-'), times(c2, '-')];
  await deleteTopic(bootstrap, `${base}_1`);
  untilHold(members, [1, 1]);

  expect([
    times(c1, '!') + times(c2, '!') > 0,
    members.every(({ assigned }) => assigned[0]!.startsWith(`${base}_2`)),
  ]).toEqual([true, true]);
  expect([times(c1, '-') - before[0]! <= 1, times(c2, '-') - before[1]! <= 1]).toEqual([true, true]);
  expect(rd_kafka_consumer_close(c1.member.rk)).toBe(0);
  untilHold([c2.member], [2]);
  expect(rd_kafka_consumer_close(c2.member.rk)).toBe(0);
  expect([net(c1), net(c2)]).toEqual([0, 0]);
}

/** Another subscription, or its end, right behind one that is being carried out (s_subscribe_when_rebalancing). */
export async function subscribedAgainAtOnce(
  t: TestContext,
  { bootstrap }: Env,
  how: { readonly polls: boolean; readonly ends: boolean },
): Promise<void> {
  const topics = [await freshTopic(bootstrap, 1), await freshTopic(bootstrap, 1), await freshTopic(bootstrap, 1)];
  const c = aCooperative(t, cooperativeConfig(bootstrap, topics[0]!));
  c.member.subscribe(topics[0]!);
  untilHold([c.member], [1]);

  c.member.subscribe(topics[1]!);
  if (how.polls) c.member.poll(200);
  if (how.ends) expect(rd_kafka_unsubscribe(c.member.rk)).toBe(0);
  else c.member.subscribe(topics[2]!);

  const wanted = how.ends ? [] : [`${topics[2]} [0]`];
  pollAll([c.member], 'the last subscription', () => c.member.assigned.join() === wanted.join() && c.told.length > 1);
  expect(times(c, '!')).toBe(0);
}

/** A member whose application does not poll loses all; it comes back when it polls (t_max_poll_interval_exceeded). */
export async function notPolled(
  t: TestContext,
  { bootstrap }: Env,
  how: 'polls' | 'closes' | 'rejoins',
): Promise<void> {
  const topic = await freshTopic(bootstrap, 2);
  const config = cooperativeConfig(bootstrap, topic, { 'session.timeout.ms': 6000, 'max.poll.interval.ms': 7000 });
  const c1 = aCooperative(t, config);
  const c2 = aCooperative(t, config);
  untilHold([c1.member.subscribe(topic), c2.member.subscribe(topic)], [1, 1]);

  pollAll([c2.member], 'all of the other', () => c2.member.assigned.length === 2);
  expect(times(c1, '!')).toBe(0);
  if (how !== 'closes')
    pollUntil(
      'the loss',
      () => c1.member.poll(200),
      () => times(c1, '!') === 1,
    );
  if (how === 'rejoins') untilHold([c1.member, c2.member], [1, 1]);
  expect([rd_kafka_consumer_close(c1.member.rk), rd_kafka_consumer_close(c2.member.rk)]).toEqual([0, 0]);

  expect([times(c1, '!'), times(c2, '!')]).toEqual([1, 0]);
  if (how !== 'closes') expect(c1.member.errors).toContain('_MAX_POLL_EXCEEDED');
}

/** Each new member takes only what it needs, the others keep the rest (x_incremental_rebalances). */
export async function stickiness(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 6);
  const members = [0, 1, 2].map((i) => new Member(t, cooperativeConfig(bootstrap, topic, { 'client.id': `c${i}` })));
  const [a, b, c] = members as [Member, Member, Member];
  a.subscribe(topic);
  untilHold(members, [6, 0, 0]);

  b.subscribe(topic);
  untilHold(members, [3, 3, 0]);
  const [ofA, ofB] = [a.assigned, b.assigned];
  c.subscribe(topic);
  untilHold(members, [2, 2, 2]);

  expect(a.assigned.every((name) => ofA.includes(name))).toBe(true);
  expect(b.assigned.every((name) => ofB.includes(name))).toBe(true);
}
