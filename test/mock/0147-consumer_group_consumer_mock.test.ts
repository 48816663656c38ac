// librdkafka's 0147.
import { test } from 'vitest';
import * as rd from '../../src/rdkafka.ts';
import * as scenarios from '../kit/scenarios/0147_consumer_group_consumer_mock.ts';

const FATAL = [
  rd.RD_KAFKA_RESP_ERR_INVALID_REQUEST,
  rd.RD_KAFKA_RESP_ERR_GROUP_MAX_SIZE_REACHED,
  rd.RD_KAFKA_RESP_ERR_UNSUPPORTED_ASSIGNOR,
  rd.RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION,
  rd.RD_KAFKA_RESP_ERR_UNRELEASED_INSTANCE_ID,
  rd.RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
  rd.RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND,
  rd.RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
];
/** What a member may be told later too. */
const FATAL_LATER = [rd.RD_KAFKA_RESP_ERR_INVALID_REQUEST, rd.RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED];
const RETRIABLE = [
  rd.RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
  rd.RD_KAFKA_RESP_ERR__SSL,
  rd.RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE,
];
const FENCED = [rd.RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, rd.RD_KAFKA_RESP_ERR_FENCED_MEMBER_EPOCH];

const name = rd.rd_kafka_err2name;

for (const err of FATAL) test(`${name(err)} at the join is fatal`, (t) => scenarios.fatalError(t, err, false));
for (const err of FATAL_LATER) test(`${name(err)} later is fatal`, (t) => scenarios.fatalError(t, err, true));

for (const later of [false, true]) {
  const when = later ? 'later' : 'at the join';
  for (const err of RETRIABLE)
    test(`${name(err)} ${when} passes, and nobody hears of it`, (t) => scenarios.retriableError(t, err, later));
  for (const err of FENCED)
    test(`${name(err)} ${when} makes the member join again`, (t) => scenarios.fencedError(t, err, later));
}

test('a topic id without a name is asked for until it has one', (t) => scenarios.unknownTopicId(t, false));

test('a topic id without a name does not hold up other topics', (t) => scenarios.unknownTopicId(t, true));

test("heartbeats keep to the coordinator's interval", (t) => scenarios.heartbeatInterval(t));

test('subscribing and unsubscribing in haste without a cluster breaks nothing', (t) =>
  scenarios.quickUnsubscribe(t, false));

test('subscribing and unsubscribing in haste with a cluster breaks nothing', (t) =>
  scenarios.quickUnsubscribe(t, true));

test('past max.poll.interval.ms the member leaves, and with its next poll it is back and gets everything', (t) =>
  scenarios.pollIntervalThenRejoin(t));

test('GROUP_ID_NOT_FOUND for a heartbeat under way while leaving is no error', (t) => scenarios.goneWhileLeaving(t));
