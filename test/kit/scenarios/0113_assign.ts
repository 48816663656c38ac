// 0113, its first parts: incremental_assign and incremental_unassign without any rebalance.
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_RESP_ERR__CONFLICT,
  RD_KAFKA_RESP_ERR__INVALID_ARG,
  rd_kafka_assign,
  rd_kafka_commit,
  rd_kafka_consumer_poll,
  rd_kafka_error_code,
  rd_kafka_incremental_assign,
  rd_kafka_incremental_unassign,
  rd_kafka_rebalance_protocol,
} from '../../../src/rdkafka.ts';
import { rd_kafka_mock_broker_set_rtt, rd_kafka_mock_coordinator_set } from '../../../src/rdkafka_mock.ts';
import { aProducer } from '../builders.ts';
import { pollUntil } from '../consuming.ts';
import { cooperativeConfig } from '../cooperative.ts';
import { Member } from '../member.ts';
import { produceMessages } from '../reports.ts';
import { freshTopic } from '../topics.ts';
import type { Env, MockEnv } from './env.ts';

const ok = (error: unknown): void => expect(error).toBeNull();

/** assign and the incremental calls in every order; nothing comes of what is not assigned (a_assign_tests). */
export async function assignedInSteps(t: TestContext, { bootstrap }: Env): Promise<void> {
  const one = await freshTopic(bootstrap, 1);
  const two = await freshTopic(bootstrap, 1);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap });
  produceMessages(p, one, 0, 0, 1000, { size: 100 });
  produceMessages(p, two, 0, 0, 1000, { size: 200 });
  const member = new Member(t, cooperativeConfig(bootstrap, one));
  const { rk } = member;
  const first = [{ topic: one, partition: 0 }];
  const second = [{ topic: two, partition: 0 }];
  const next = (): number => {
    let size = -1;
    const serve = (): void => {
      const message = rd_kafka_consumer_poll(rk, 200);
      if (message !== null && message.err === 0) size = message.len;
    };
    pollUntil('a message', serve, () => size >= 0);
    return size;
  };
  expect(rd_kafka_rebalance_protocol(rk)).toBe('NONE');

  ok(rd_kafka_incremental_assign(rk, first));
  expect(member.assigned).toEqual([`${one} [0]`]);
  expect(rd_kafka_assign(rk, null)).toBe(0);
  expect(member.assigned).toEqual([]);

  expect(rd_kafka_assign(rk, first)).toBe(0);
  ok(rd_kafka_incremental_unassign(rk, first));
  expect(member.assigned).toEqual([]);

  ok(rd_kafka_incremental_assign(rk, first));
  expect(next()).toBe(100);
  ok(rd_kafka_incremental_unassign(rk, first));
  expect(rd_kafka_consumer_poll(rk, 100)).toBeNull();
  ok(rd_kafka_incremental_assign(rk, second));
  expect(next()).toBe(200);
  ok(rd_kafka_incremental_assign(rk, first));
  expect(member.assigned).toEqual([`${one} [0]`, `${two} [0]`].sort());
  next();

  expect(rd_kafka_error_code(rd_kafka_incremental_assign(rk, first))).toBe(RD_KAFKA_RESP_ERR__CONFLICT);
  expect(rd_kafka_error_code(rd_kafka_incremental_unassign(rk, [{ topic: one, partition: 7 }]))).toBe(
    RD_KAFKA_RESP_ERR__INVALID_ARG,
  );
  expect(rd_kafka_error_code(rd_kafka_incremental_assign(rk, [...NEW(one), ...NEW(one)]))).toBe(
    RD_KAFKA_RESP_ERR__INVALID_ARG,
  );

  ok(rd_kafka_incremental_unassign(rk, second));
  ok(rd_kafka_incremental_unassign(rk, first));
  ok(rd_kafka_incremental_assign(rk, []));
  ok(rd_kafka_incremental_unassign(rk, []));
  expect(member.assigned).toEqual([]);
}

const NEW = (topic: string): { topic: string; partition: number }[] => [{ topic, partition: 5 }];

/** An answer to an older question for committed offsets is no starting point for a partition assigned anew (a_assign_rapid). */
export async function assignedRapidly(t: TestContext, { bootstrap, mock }: MockEnv): Promise<void> {
  const topics = [await freshTopic(bootstrap, 1), await freshTopic(bootstrap, 1), await freshTopic(bootstrap, 1)];
  const [one, two, three] = topics as [string, string, string];
  expect(rd_kafka_mock_coordinator_set(mock, 'group', one, 1)).toBe(0);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap });
  for (const topic of topics) produceMessages(p, topic, 0, 0, 1000, { size: 10 });
  const member = new Member(t, cooperativeConfig(bootstrap, one));
  const { rk } = member;
  const of = (topic: string, offset = -1001) => ({ topic, partition: 0, offset });
  expect(rd_kafka_commit(rk, [of(one, 11), of(two, 22)], false)).toBe(0);

  expect(rd_kafka_mock_broker_set_rtt(mock, 1, 3000)).toBe(0);
  ok(rd_kafka_incremental_assign(rk, [of(one), of(two)]));
  ok(rd_kafka_incremental_unassign(rk, [of(one)]));
  expect(rd_kafka_commit(rk, [of(one, 55), of(two, 33)], true)).toBe(0);
  ok(rd_kafka_incremental_assign(rk, [of(three)]));
  expect(rd_kafka_mock_broker_set_rtt(mock, 1, 0)).toBe(0);
  ok(rd_kafka_incremental_assign(rk, [of(one)]));

  const wanted = new Map([
    [one, 55],
    [two, 22],
    [three, 0],
  ]);
  pollUntil(
    'all messages',
    () => member.poll(200),
    () => member.got.length >= 3000 - 55 - 22,
  );
  for (const { topic, offset } of member.got) {
    expect([topic, offset]).toEqual([topic, wanted.get(topic!)]);
    wanted.set(topic!, offset + 1);
  }
  expect([...wanted.values()]).toEqual([1000, 1000, 1000]);
}
