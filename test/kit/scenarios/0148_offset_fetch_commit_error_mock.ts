// 0148: committed offsets are read, and automatic commits arrive, though the member epoch is another one by then; whoever
// commits by hand is told.
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_RESP_ERR_STALE_MEMBER_EPOCH,
  RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
  rd_kafka_commit,
  rd_kafka_consumer_close,
  rd_kafka_memberid,
  rd_kafka_topic_partition_list_add,
  rd_kafka_topic_partition_list_new,
} from '../../../src/rdkafka.ts';
import {
  RD_KAFKAP_ConsumerGroupHeartbeat,
  RD_KAFKAP_OffsetCommit,
  RD_KAFKAP_OffsetFetch,
  rd_kafka_mock_broker_push_request_error_rtts,
  rd_kafka_mock_cgrp_consumer_target_assignment,
  rd_kafka_mock_cgrp_consumer_target_assignment_new,
  type rd_kafka_mock_cluster_t,
  rd_kafka_mock_coordinator_set,
  rd_kafka_mock_push_request_errors,
  rd_kafka_mock_set_group_consumer_heartbeat_interval_ms,
  rd_kafka_mock_start_request_tracking,
  rd_kafka_mock_topic_create,
} from '../../../src/rdkafka_mock.ts';
import { aCluster, aProducer, type Config, type TestProducer } from '../builders.ts';
import { aMember, Member, pollAll } from '../member.ts';
import { produceMessages } from '../reports.ts';
import { requestsOf } from '../requests_seen.ts';

const TOPIC = 't0148';
const STALE = RD_KAFKA_RESP_ERR_STALE_MEMBER_EPOCH;

interface World {
  readonly mock: rd_kafka_mock_cluster_t;
  readonly config: Config;
  readonly p: TestProducer;
}

/** Three brokers, the first coordinates; offsets are committed when something else makes it so. */
function aWorld(t: TestContext, partitions: number): World {
  const { mock, bootstrap } = aCluster(t, 3);
  rd_kafka_mock_topic_create(mock, TOPIC, partitions, 1);
  rd_kafka_mock_coordinator_set(mock, 'group', TOPIC, 1);
  rd_kafka_mock_set_group_consumer_heartbeat_interval_ms(mock, 500);
  const config = {
    'bootstrap.servers': bootstrap,
    'group.id': TOPIC,
    'group.protocol': 'consumer',
    'auto.offset.reset': 'earliest',
    'auto.commit.interval.ms': 60_000,
    'fetch.wait.max.ms': 50,
  };
  return { mock, config, p: aProducer(t, { 'bootstrap.servers': bootstrap }) };
}

function offsetsOf(member: Member, topic: string, partition = 0): number[] {
  return member.got.filter((each) => each.topic === topic && each.partition === partition).map(({ offset }) => offset);
}

function consumed(member: Member, count: number): void {
  pollAll([member], `${count} messages`, () => member.got.length >= count);
}

/** The epoch is refused when the committed offset is asked for: it is asked for again, and found. */
export function staleFetch(t: TestContext): void {
  const { mock, config, p } = aWorld(t, 1);
  produceMessages(p, TOPIC, 0, 0, 5);
  const first = new Member(t, config).subscribe(TOPIC);
  consumed(first, 5);
  expect(rd_kafka_consumer_close(first.rk)).toBe(0);
  produceMessages(p, TOPIC, 0, 5, 5);
  rd_kafka_mock_push_request_errors(mock, RD_KAFKAP_OffsetFetch, 5, STALE, STALE, STALE, STALE, STALE);

  const second = new Member(t, config).subscribe(TOPIC);
  consumed(second, 5);

  expect([offsetsOf(second, TOPIC), second.errors]).toEqual([[5, 6, 7, 8, 9], []]);
}

export const MANUAL_ERRORS: readonly number[] = [STALE, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID];

/** A commit by hand is refused, and says so; the next one succeeds. `named`: with offsets, else those that are stored. */
export function manualCommit(t: TestContext, err: number, named: boolean): void {
  const { mock, config, p } = aWorld(t, 1);
  produceMessages(p, TOPIC, 0, 0, 5);
  const member = new Member(t, { ...config, 'enable.auto.commit': false }).subscribe(TOPIC);
  consumed(member, 5);
  const list = rd_kafka_topic_partition_list_new(1);
  rd_kafka_topic_partition_list_add(list, TOPIC, 0).offset = 5;
  const offsets = named ? list : null;
  rd_kafka_mock_push_request_errors(mock, RD_KAFKAP_OffsetCommit, 1, err);

  expect(rd_kafka_commit(member.rk, offsets, false)).toBe(err);
  expect(rd_kafka_commit(member.rk, offsets, false)).toBe(0);
}

/**
 * An automatic commit, of a partition that is taken away (`revoked`) or at close, is refused for its epoch four times. Then
 * it succeeds, or the membership is `over`, and the messages come again.
 */
export function automaticCommit(t: TestContext, revoked: boolean, over: boolean): void {
  const { mock, config, p } = aWorld(t, 2);
  produceMessages(p, TOPIC, 0, 0, 3);
  produceMessages(p, TOPIC, 1, 0, 2);
  const first = aMember(t, config).subscribe(TOPIC);
  consumed(first, 5);
  rd_kafka_mock_push_request_errors(mock, RD_KAFKAP_OffsetCommit, 4, STALE, STALE, STALE, STALE);
  if (over) rd_kafka_mock_push_request_errors(mock, RD_KAFKAP_OffsetCommit, 1, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID);

  if (revoked) {
    const kept = rd_kafka_topic_partition_list_new(1);
    rd_kafka_topic_partition_list_add(kept, TOPIC, 0);
    const target = rd_kafka_mock_cgrp_consumer_target_assignment_new([rd_kafka_memberid(first.rk)!], [kept]);
    rd_kafka_mock_cgrp_consumer_target_assignment(mock, TOPIC, target);
    pollAll([first], 'the partition to be let go', () => first.rebalances.includes('+0'));
  }
  expect(rd_kafka_consumer_close(first.rk)).toBe(0);
  rd_kafka_mock_cgrp_consumer_target_assignment(mock, TOPIC, null);
  produceMessages(p, TOPIC, 0, 3, 1);
  produceMessages(p, TOPIC, 1, 2, 1);
  const second = new Member(t, config).subscribe(TOPIC);
  consumed(second, over ? (revoked ? 4 : 7) : 2);

  // Partition 1 alone was refused when it was revoked; 0 is committed at close then.
  expect(offsetsOf(second, TOPIC, 0)).toEqual(over && !revoked ? [0, 1, 2, 3] : [3]);
  expect(offsetsOf(second, TOPIC, 1)).toEqual(over ? [0, 1, 2] : [2]);
}

/** The answer that brings the new epoch is late when the consumer is closed: the last commit waits for it. */
export function heartbeatUnderWayAtClose(t: TestContext): void {
  const { mock, config, p } = aWorld(t, 1);
  const other = `${TOPIC}-2`;
  rd_kafka_mock_topic_create(mock, other, 1, 1);
  produceMessages(p, TOPIC, 0, 0, 5);
  produceMessages(p, other, 0, 0, 5);
  const member = aMember(t, config).subscribe(TOPIC, other);
  consumed(member, 10);
  pollAll([member], 'both partitions', () => member.assigned.length === 2);
  rd_kafka_mock_start_request_tracking(mock);
  const beats = (): number => requestsOf(mock, RD_KAFKAP_ConsumerGroupHeartbeat).length;
  produceMessages(p, TOPIC, 0, 5, 5);
  const before = beats();
  for (let i = 0; i < 2; i++) {
    rd_kafka_mock_broker_push_request_error_rtts(mock, 1, RD_KAFKAP_ConsumerGroupHeartbeat, 1, 0, 300);
  }

  member.subscribe(TOPIC);
  pollAll([member], 'the end of the other topic', () => member.rebalances.includes('-1'));
  // The new subscription, and behind it the word that the other topic is given up: it makes the epoch another one.
  pollAll([member], 'a heartbeat under way', () => beats() >= before + 2 && member.got.length === 15);
  expect(rd_kafka_consumer_close(member.rk)).toBe(0);
  produceMessages(p, TOPIC, 0, 10, 1);

  const next = new Member(t, config).subscribe(TOPIC);
  consumed(next, 1);
  expect(offsetsOf(next, TOPIC)).toEqual([10]);
}
