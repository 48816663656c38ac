// 0106: a member whose heartbeats are not answered takes itself for dead.
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS,
  RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST,
  RD_KAFKA_RESP_ERR__NO_OFFSET,
  RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
  RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
  rd_kafka_assign,
  rd_kafka_assignment_lost,
  rd_kafka_commit,
  rd_kafka_consumer_close,
  rd_kafka_position,
} from '../../../src/rdkafka.ts';
import {
  RD_KAFKAP_Heartbeat,
  rd_kafka_mock_broker_set_down,
  rd_kafka_mock_coordinator_set,
  rd_kafka_mock_push_request_errors,
} from '../../../src/rdkafka_mock.ts';
import { aProducer, type TestCallbacks } from '../builders.ts';
import { pollUntil } from '../consuming.ts';
import { Member } from '../member.ts';
import { produceMessages } from '../reports.ts';
import { freshTopic } from '../topics.ts';
import { busy } from './consumer_group.ts';
import type { MockEnv } from './env.ts';

async function aMemberOf(
  t: TestContext,
  { bootstrap, mock }: MockEnv,
  auto: boolean,
  callbacks: TestCallbacks,
): Promise<Member> {
  const topic = await freshTopic(bootstrap, 1);
  expect(rd_kafka_mock_coordinator_set(mock, 'group', topic, 1)).toBe(0);
  produceMessages(aProducer(t, { 'bootstrap.servers': bootstrap }), topic, 0, 0, 100, { size: 20 });
  const config = {
    'bootstrap.servers': bootstrap,
    'group.id': topic,
    'session.timeout.ms': 5000,
    'heartbeat.interval.ms': 1000,
    'auto.offset.reset': 'earliest',
    'enable.auto.commit': auto,
  };
  return new Member(t, config, callbacks).subscribe(topic);
}

/** Commits in the callback by hand fail as those of a stranger, and work when it is a member again. */
export async function sessionTimesOut(t: TestContext, env: MockEnv, commits: 'sync' | 'async' | 'auto'): Promise<void> {
  const told: [assigns: boolean, lost: number][] = [];
  const codes: number[] = [];
  const member = await aMemberOf(t, env, commits === 'auto', {
    rebalance_cb: (rk, err, partitions) => {
      const assigns = err === RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
      told.push([assigns, rd_kafka_assignment_lost(rk)]);
      if (!assigns && commits !== 'auto') {
        expect(rd_kafka_position(rk, partitions)).toBe(0);
        codes.push(rd_kafka_commit(rk, partitions, commits === 'async'));
      }
      rd_kafka_assign(rk, assigns ? partitions : null);
    },
  });
  // After two good ones.
  const errors = Array.from({ length: 9 }, (_, i) => (i < 2 ? 0 : RD_KAFKA_RESP_ERR_NOT_COORDINATOR));
  rd_kafka_mock_push_request_errors(env.mock, RD_KAFKAP_Heartbeat, 9, ...errors);
  const until = (what: string, count: number): void =>
    pollUntil(
      what,
      () => void member.poll(200),
      () => told.length >= count,
    );
  until('the assignment', 1);
  pollUntil(
    'messages',
    () => void member.poll(200),
    () => member.got.length >= 10,
  );

  until('the end of the session', 2);
  until('another assignment', 3);
  expect(rd_kafka_consumer_close(member.rk)).toBe(0);

  expect(told).toEqual([
    [true, 0],
    [false, 1],
    [true, 0],
    [false, 0],
  ]);
  if (commits === 'auto') expect(codes).toEqual([]);
  else if (commits === 'async') expect(codes).toEqual([0, 0]);
  else {
    expect(codes[0]).toBe(RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);
    expect([0, RD_KAFKA_RESP_ERR__NO_OFFSET]).toContain(codes[1]);
  }
}

/** Nothing of a lost assignment can be committed: known before the callback is called. */
export async function commitOnLost(t: TestContext, env: MockEnv): Promise<void> {
  const member = await aMemberOf(t, env, false, {
    rebalance_cb: (rk, err, partitions) => {
      rd_kafka_assign(rk, err === RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS ? partitions : null);
    },
  });
  pollUntil(
    'messages',
    () => void member.poll(200),
    () => member.got.length >= 10,
  );

  expect(rd_kafka_mock_broker_set_down(env.mock, 1)).toBe(0);
  pollUntil(
    'the loss',
    () => busy(50),
    () => rd_kafka_assignment_lost(member.rk) === 1,
  );

  expect(rd_kafka_commit(member.rk, null, false)).toBe(RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST);
  expect(rd_kafka_consumer_close(member.rk)).toBe(0);
}
