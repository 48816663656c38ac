// 0113, its last parts: members that the coordinator does not know any more, and commits in the middle of rebalances.
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS,
  RD_KAFKA_RESP_ERR__DESTROY,
  RD_KAFKA_RESP_ERR__NO_OFFSET,
  RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
  RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
  rd_kafka_assignment_lost,
  rd_kafka_commit,
  rd_kafka_consumer_close,
  rd_kafka_destroy,
  rd_kafka_incremental_assign,
  rd_kafka_incremental_unassign,
} from '../../../src/rdkafka.ts';
import {
  RD_KAFKAP_Heartbeat,
  RD_KAFKAP_JoinGroup,
  RD_KAFKAP_OffsetCommit,
  RD_KAFKAP_SyncGroup,
  rd_kafka_mock_broker_push_request_error_rtts,
  rd_kafka_mock_clear_request_errors,
  rd_kafka_mock_coordinator_set,
  rd_kafka_mock_push_request_errors,
} from '../../../src/rdkafka_mock.ts';
import { aProducer } from '../builders.ts';
import { aCooperative, type Cooperative, cooperativeConfig } from '../cooperative.ts';
import { Member, pollAll } from '../member.ts';
import { MsgVer } from '../msgver.ts';
import { produceMessages } from '../reports.ts';
import { freshTopic } from '../topics.ts';
import type { Env, MockEnv } from './env.ts';

const ILLEGAL = Array.from({ length: 5 }, () => RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION);

/** Polls until the callback is called the next time: for this. */
type Told = (what: string) => void;

/** A member of one topic with messages, and what it is told next. */
async function settled(t: TestContext, { bootstrap, mock }: MockEnv): Promise<[Cooperative, string, Told]> {
  const topic = await freshTopic(bootstrap, 1);
  expect(rd_kafka_mock_coordinator_set(mock, 'group', topic, 1)).toBe(0);
  produceMessages(aProducer(t, { 'bootstrap.servers': bootstrap }), topic, 0, 0, 100, { size: 20 });
  const c = aCooperative(t, cooperativeConfig(bootstrap, topic, { 'heartbeat.interval.ms': 1000 }));
  c.member.subscribe(topic);
  let at = 0;
  const told: Told = (what) => {
    pollAll([c.member], `${what} after ${c.told.slice(0, at)}`, () => c.told.length > at);
    expect(c.told[at++]).toBe(what);
  };
  told('+1');
  return [c, topic, told];
}

/** ILLEGAL_GENERATION of a heartbeat (p_lost_partitions_heartbeat_illegal_generation_test). */
export async function lostByHeartbeat(t: TestContext, env: MockEnv): Promise<void> {
  const [c, , told] = await settled(t, env);

  rd_kafka_mock_push_request_errors(env.mock, RD_KAFKAP_Heartbeat, 5, ...ILLEGAL);
  told('!1');
  rd_kafka_mock_clear_request_errors(env.mock, RD_KAFKAP_Heartbeat);
  told('+1');

  expect(rd_kafka_consumer_close(c.member.rk)).toBe(0);
}

/** ILLEGAL_GENERATION of a JoinGroup or SyncGroup (q_lost_partitions_illegal_generation_test). */
export async function lostByJoin(t: TestContext, env: MockEnv, api: 'JoinGroup' | 'SyncGroup'): Promise<void> {
  const [c, topic, told] = await settled(t, env);
  const other = await freshTopic(env.bootstrap, 1);
  const key = api === 'JoinGroup' ? RD_KAFKAP_JoinGroup : RD_KAFKAP_SyncGroup;

  rd_kafka_mock_push_request_errors(env.mock, key, 5, ...ILLEGAL);
  c.member.subscribe(topic, other);
  told('!1');
  rd_kafka_mock_clear_request_errors(env.mock, key);
  told('+2');

  expect(rd_kafka_consumer_close(c.member.rk)).toBe(0);
}

/** ILLEGAL_GENERATION of a commit (r_lost_partitions_commit_illegal_generation_test_local). */
export async function lostByCommit(t: TestContext, env: MockEnv): Promise<void> {
  const [c, , told] = await settled(t, env);
  pollAll([c.member], 'messages', () => c.member.got.length >= 50);

  rd_kafka_mock_push_request_errors(env.mock, RD_KAFKAP_OffsetCommit, 5, ...ILLEGAL);
  expect(rd_kafka_commit(c.member.rk, null, false)).toBe(RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION);
  told('!1');
  told('+1');

  expect(rd_kafka_consumer_close(c.member.rk)).toBe(0);
}

/** A close between the answers to JoinGroup and SyncGroup (s_no_segfault_before_first_rebalance). */
export async function closedBeforeFirstSync(t: TestContext, { bootstrap, mock }: MockEnv): Promise<void> {
  const topic = await freshTopic(bootstrap, 2);
  const member = new Member(t, cooperativeConfig(bootstrap, topic));
  rd_kafka_mock_broker_push_request_error_rtts(
    mock,
    1,
    RD_KAFKAP_SyncGroup,
    1,
    RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
    1000,
  );

  member.subscribe(topic);
  expect(member.poll(500)).toBeNull();

  expect(rd_kafka_consumer_close(member.rk)).toBe(0);
  rd_kafka_destroy(member.rk);
}

/** Commits while the group rebalances lose nothing (v_commit_during_rebalance). */
export async function commitsWhileRebalancing(
  t: TestContext,
  { bootstrap }: Env,
  how: { readonly callback: boolean; readonly auto: boolean },
): Promise<void> {
  const topic = await freshTopic(bootstrap, 6);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap });
  const id = produceMessages(p, topic, 0, 0, 100);
  for (let partition = 1; partition < 6; partition++) produceMessages(p, topic, partition, 0, 100, { id });
  const codes: number[] = [];
  const lost: number[] = [];
  const config = cooperativeConfig(bootstrap, topic, { 'enable.auto.commit': how.auto });
  const make = (): Member =>
    new Member(t, config, {
      offset_commit_cb: (_rk, err) => void codes.push(err),
      ...(how.callback && {
        rebalance_cb: (rk, err, partitions) => {
          if (err === RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS) rd_kafka_incremental_assign(rk, partitions);
          else {
            lost.push(rd_kafka_assignment_lost(rk));
            if (!how.auto) codes.push(rd_kafka_commit(rk, null, false));
            rd_kafka_incremental_unassign(rk, partitions);
          }
        },
      }),
    }).subscribe(topic);
  const c1 = make();
  pollAll([c1], 'the first messages', () => c1.got.length >= 50);

  const c2 = make();
  const members = [c1, c2];
  pollAll(members, 'three partitions each', () => {
    if (!how.auto && c1.got.length % 7 === 0) codes.push(rd_kafka_commit(c1.rk, null, false));
    return members.every(({ assigned }) => assigned.length === 3);
  });
  pollAll(members, 'all messages', () => {
    const ver = new MsgVer(id);
    for (const { got } of members) for (const message of got) ver.add(message);
    return new Set(ver.seen.map(({ partition, offset }) => `${partition} ${offset}`)).size === 600;
  });
  for (const { rk } of members) rd_kafka_consumer_close(rk);

  const harmless = [
    0,
    RD_KAFKA_RESP_ERR__NO_OFFSET,
    RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
    RD_KAFKA_RESP_ERR__DESTROY,
  ] as readonly number[];
  expect(codes.filter((code) => !harmless.includes(code))).toEqual([]);
  expect(lost.filter((each) => each !== 0)).toEqual([]);
  expect(codes).toContain(0);
}
