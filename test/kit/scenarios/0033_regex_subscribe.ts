// 0033: names that begin with ^ are patterns, which topics of the cluster match; lists that make no sense are refused.
import { randomUUID } from 'node:crypto';
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_RESP_ERR__INVALID_ARG,
  rd_kafka_consumer_close,
  rd_kafka_subscribe,
  rd_kafka_unsubscribe,
} from '../../../src/rdkafka.ts';
import { aConsumer } from '../builders.ts';
import { aMember, type Member, pollAll } from '../member.ts';
import { createTopic } from '../topics.ts';
import type { Env } from './env.ts';

/** One consumer, one subscription after the other. */
export async function patterns(t: TestContext, { bootstrap }: Env, strategy: string): Promise<void> {
  const id = randomUUID();
  const topics = ['TOPIC_0001_UNO', 'topic_0002_dup', 'TOOTHPIC_0003_3'].map((name) => `regex_subscribe_${name}_${id}`);
  const [uno, dup, tooth] = topics as [string, string, string];
  for (const topic of topics) await createTopic(bootstrap, topic, 2);
  const member = aMember(t, {
    'bootstrap.servers': bootstrap,
    'group.id': id,
    'partition.assignment.strategy': strategy,
    'topic.metadata.refresh.interval.ms': 5000,
    'allow.auto.create.topics': true,
  });
  const gives = (subscription: string[], wanted: readonly string[]): void =>
    subscribeOnce(member, subscription, wanted);

  gives([uno, dup], [uno, dup]);
  // An invalid name, so that the topic is not made.
  gives([`regex_subscribe_NONEXISTENT_0004_IV#!_${id}`], []);
  gives([`^.*_${id}`], topics);
  gives([`^.*[tToOpPiIcC]_0+[12]_[^_]+_${id}`], [uno, dup]);
  gives([`^.*TOOTHPIC_000._._${id}`], [tooth]);
  gives([`^.*_000[34]_..?_${id}`], [tooth]);
  gives([`^.*regex_subscribe_to.*${id}`, `^.*regex_subscribe_TOO.*${id}`], [dup, tooth]);
  expect(rd_kafka_subscribe(member.rk, ['^.*[0'])).toBe(RD_KAFKA_RESP_ERR__INVALID_ARG);

  expect(member.rebalances.filter((each) => each === '+0')).toEqual([]);
  expect(rd_kafka_consumer_close(member.rk)).toBe(0);
}

/** Both partitions of each topic, or, where there is nothing to get, word of that; then nothing any more. */
function subscribeOnce(member: Member, subscription: string[], wanted: readonly string[]): void {
  const before = member.errors.length;
  const all = wanted.flatMap((topic) => [`${topic} [0]`, `${topic} [1]`]).sort();
  member.subscribe(...subscription);
  if (wanted.length === 0) pollAll([member], 'an error', () => member.errors.length > before);
  else pollAll([member], `${subscription}`, () => member.assigned.join() === all.join());
  expect(member.errors.slice(before)).toEqual(wanted.length === 0 ? ['UNKNOWN_TOPIC_OR_PART'] : []);
  expect(member.assigned).toEqual(all);
  expect(rd_kafka_unsubscribe(member.rk)).toBe(0);
  pollAll([member], 'the revoke', () => member.assigned.length === 0);
}

/** No broker is needed for this. */
export function lists(t: TestContext): void {
  const rk = aConsumer(t, { 'group.id': 'group' });
  const many = Array.from({ length: 10_000 }, (_, i) => `^Va[lLid]_regex_${i}$`);

  const valid = ['not_a_regex', '^My[vV]alid..regex+', '^another_one$'];
  const codes = [valid, [...valid, '^a[b'], [], ['not_a_regex', '', '^ok'], ['twice', 'twice'], many].map((list) =>
    rd_kafka_subscribe(rk, list),
  );

  const invalid = RD_KAFKA_RESP_ERR__INVALID_ARG;
  expect(codes).toEqual([0, invalid, invalid, invalid, invalid, 0]);
  expect(rd_kafka_consumer_close(rk)).toBe(0);
}
