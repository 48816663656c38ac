// 0102: static members keep their partitions over a restart, and nobody else notices; a second one of a name fences the first.
import { randomUUID } from 'node:crypto';
import { expect, type TestContext } from 'vitest';
import {
  out,
  RD_KAFKA_RESP_ERR__FATAL,
  RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID,
  rd_kafka_assignment_lost,
  rd_kafka_consumer_close,
  rd_kafka_consumer_group_metadata,
  rd_kafka_consumer_group_metadata_generation_id,
  rd_kafka_destroy,
  rd_kafka_fatal_error,
  rd_kafka_unsubscribe,
} from '../../../src/rdkafka.ts';
import { aProducer, type Config } from '../builders.ts';
import { pollUntil } from '../consuming.ts';
import { aMember, Member, pollAll, settle } from '../member.ts';
import { queueMessages } from '../reports.ts';
import { pollReports } from '../sending.ts';
import { createTopic, freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

function configOf(bootstrap: string, group: string, more: Config = {}): Config {
  return {
    'bootstrap.servers': bootstrap,
    'group.id': group,
    'auto.offset.reset': 'earliest',
    'session.timeout.ms': 6000,
    'max.poll.interval.ms': 9000,
    'heartbeat.interval.ms': 500,
    'topic.metadata.refresh.interval.ms': 2000,
    ...more,
  };
}

function generationOf(member: Member): number {
  return rd_kafka_consumer_group_metadata_generation_id(rd_kafka_consumer_group_metadata(member.rk)!);
}

/** Restart, growth, unsubscribe, a poll that does not come, and the end of a session (do_test_static_group_rebalance). */
export async function staticMembers(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = `static-${randomUUID()}`;
  await createTopic(bootstrap, topic, 3);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap });
  for (let partition = 0; partition < 3; partition++) queueMessages(p, topic, partition, 0, 30);
  pollReports(p.rk);
  const lost: number[] = [];
  const make = (name: string): Member =>
    aMember(t, configOf(bootstrap, topic, { 'group.instance.id': name }), ({ rk }) =>
      lost.push(rd_kafka_assignment_lost(rk)),
    ).subscribe(`^${topic}.*`);
  const c0 = make('consumer1');
  let c1 = make('consumer2');
  const both = (): Member[] => [c0, c1];
  const all4 = (what: string): void =>
    pollAll(both(), what, () => {
      const all = both().flatMap(({ assigned }) => assigned);
      return all.length === 4 && new Set(all).size === 4 && both().every(({ assigned }) => assigned.length > 0);
    });
  settle(both(), 3);
  pollAll(both(), 'all messages', () => c0.got.length + c1.got.length >= 90);

  // A restart: only the one that restarts is told.
  const [told, generation, had] = [c0.rebalances.length, generationOf(c0), c1.assigned];
  expect(rd_kafka_consumer_close(c1.rk)).toBe(0);
  rd_kafka_destroy(c1.rk);
  c1 = make('consumer2');
  pollAll(both(), 'its partitions again', () => c1.assigned.length > 0);
  expect([c0.rebalances.length, generationOf(c0), generationOf(c1), c1.assigned]).toEqual([
    told,
    generation,
    generation,
    had,
  ]);

  await createTopic(bootstrap, `${topic}new`, 1);
  all4('the new topic');

  // That one leaves.
  expect(rd_kafka_unsubscribe(c1.rk)).toBe(0);
  pollAll(both(), 'all for the other', () => c0.assigned.length === 4 && c1.assigned.length === 0);
  c1.subscribe(`^${topic}.*`);
  all4('both to be back');
  expect(lost).not.toContain(1);

  // It does not leave, but its session ends.
  pollAll([c0], 'all of the one that is not polled', () => c0.assigned.length === 4);
  pollAll(both(), 'the error', () => c1.errors.includes('_MAX_POLL_EXCEEDED'));
  all4('both to be back again');

  expect(rd_kafka_consumer_close(c0.rk)).toBe(0);
  expect(c1.assigned.length).toBeLessThan(4);
  pollAll([c1], 'all of the one that has closed', () => c1.assigned.length === 4);
  expect(rd_kafka_consumer_close(c1.rk)).toBe(0);
}

/** do_test_fenced_member_classic. */
export async function fenced(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 3);
  const make = (name: string): Member =>
    new Member(t, configOf(bootstrap, topic, { 'group.instance.id': name })).subscribe(topic);
  const [c1, first] = [make('consumer1'), make('consumer2')];
  settle([c1, first], 3);

  const second = make('consumer2');
  pollUntil(
    'the fatal error',
    () => void [c1, first, second].map((each) => each.poll(20)),
    () => first.errors.includes('_FATAL'),
  );

  const errstr = out<string>();
  expect(rd_kafka_fatal_error(first.rk, errstr)).toBe(RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID);
  expect(rd_kafka_consumer_close(first.rk)).toBe(RD_KAFKA_RESP_ERR__FATAL);
  rd_kafka_destroy(first.rk);
  settle([c1, second], 3);
}

/** Unsubscribed and back at once, or replaced: the same assignment (do_test_static_membership_mock; without KIP-848 the generation moves). */
export async function backAgain(t: TestContext, { bootstrap }: Env, replaced: boolean): Promise<void> {
  const topic = await freshTopic(bootstrap, 2);
  const make = (name: string): Member =>
    new Member(t, configOf(bootstrap, topic, { 'group.instance.id': name })).subscribe(topic);
  let c1 = make('c1');
  const c2 = make('c2');
  settle([c1, c2], 2);
  const had = [c1.assigned, c2.assigned];

  if (replaced) {
    expect(rd_kafka_consumer_close(c1.rk)).toBe(0);
    c1 = make('c1');
  } else {
    expect(rd_kafka_unsubscribe(c1.rk)).toBe(0);
    c1.subscribe(topic);
  }

  pollAll(
    [c1, c2],
    'what they had',
    () => c1.assigned.join() === had[0]!.join() && c2.assigned.join() === had[1]!.join(),
  );
}
