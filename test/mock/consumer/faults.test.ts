// What a cluster does to a consumer: leaders and coordinators that move, brokers that go, errors in answers.
import { expect, type TestContext, test } from 'vitest';
import type { MockCluster } from '../../../src/app/mock_control.ts';
import {
  RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
  RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
  RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
  RD_KAFKA_RESP_ERR_NOT_COORDINATOR_FOR_GROUP,
  RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS,
  RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
  RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
  rd_kafka_assign,
  rd_kafka_commit,
  rd_kafka_consumer_close,
  rd_kafka_destroy,
} from '../../../src/rdkafka.ts';
import {
  rd_kafka_mock_broker_set_down,
  rd_kafka_mock_broker_set_up,
  rd_kafka_mock_coordinator_set,
  rd_kafka_mock_partition_delete_records,
  rd_kafka_mock_partition_push_request_errors,
  rd_kafka_mock_partition_set_leader,
  rd_kafka_mock_push_request_errors,
} from '../../../src/rdkafka_mock.ts';
import { aCluster, aProducer, type Config, type TestCluster, type TestProducer } from '../../kit/builders.ts';
import { aMember, Member, pollAll, settle } from '../../kit/member.ts';
import { MsgVer } from '../../kit/msgver.ts';
import { produceMessages, queueMessages } from '../../kit/reports.ts';
import { groupOf } from '../../kit/scenarios/consumer_group.ts';
import { freshTopic } from '../../kit/topics.ts';

const FETCH = 1;
const OFFSET_COMMIT = 8;
const OFFSET_FETCH = 9;
const FIND_COORDINATOR = 10;
const JOIN_GROUP = 11;
const HEARTBEAT = 12;
const SYNC_GROUP = 14;

interface Scene extends TestCluster {
  readonly topic: string;
  readonly p: TestProducer;
  readonly config: Config;
}

async function aScene(t: TestContext, config: Config = {}): Promise<Scene> {
  const cluster = aCluster(t, 3);
  const topic = await freshTopic(cluster.bootstrap, 4);
  const p = aProducer(t, { 'bootstrap.servers': cluster.bootstrap });
  return { ...cluster, topic, p, config: groupOf({ ...cluster, topic }, config) };
}

/** `count` messages for each partition. */
function send({ p, topic }: Scene, first: number, count: number, id?: string): string {
  let used = id;
  for (let partition = 0; partition < 4; partition++)
    used = produceMessages(p, topic, partition, first, count, used === undefined ? {} : { id: used });
  return used!;
}

function verify(id: string, member: Member, perPartition: number): void {
  const ver = new MsgVer(id);
  for (let partition = 0; partition < 4; partition++) ver.expect(partition, 0, perPartition);
  for (const message of member.got) ver.add(message);
  ver.verify('what was consumed');
}

test('leaders that move while a consumer reads cost no message and no order', async (t) => {
  const scene = await aScene(t);
  const member = new Member(t, scene.config).subscribe(scene.topic);
  settle([member], 4);
  let id: string | undefined;
  for (let round = 0; round < 12; round++) {
    id = send(scene, round * 20, 20, id);
    if (round % 2 === 1) pollAll([member], 'some', () => member.got.length > round * 40);
    rd_kafka_mock_partition_set_leader(scene.mock, scene.topic, round % 4, 1 + ((round * 7) % 3));
  }

  pollAll([member], 'all messages', () => member.got.length >= 12 * 80);

  verify(id!, member, 240);
  expect(member.errors).toEqual([]);
});

test('a leader elected anew in its place is followed to its new epoch', async (t) => {
  const scene = await aScene(t);
  const member = new Member(t, scene.config).subscribe(scene.topic);
  const id = send(scene, 0, 5);
  pollAll([member], 'messages', () => member.got.length === 20);

  for (let partition = 0; partition < 4; partition++)
    for (const broker of [1, 2, 3, 1, 2, 3])
      rd_kafka_mock_partition_set_leader(scene.mock, scene.topic, partition, broker);
  send(scene, 5, 5, id);

  pollAll([member], 'the rest', () => member.got.length === 40);
  verify(id, member, 10);
});

test('a broker that is down is waited for, and left when its partitions move', async (t) => {
  const scene = await aScene(t);
  for (let partition = 0; partition < 4; partition++)
    rd_kafka_mock_partition_set_leader(scene.mock, scene.topic, partition, 1 + (partition % 2));
  rd_kafka_mock_coordinator_set(scene.mock, 'group', String(scene.config['group.id']), 3);
  const member = new Member(t, { ...scene.config, 'reconnect.backoff.max.ms': 500 }).subscribe(scene.topic);
  const id = send(scene, 0, 10);
  pollAll([member], 'messages', () => member.got.length === 40);

  rd_kafka_mock_broker_set_down(scene.mock, 1);
  queueMessages(scene.p, scene.topic, 1, 10, 10, { id });
  pollAll([member], 'those of the other broker', () => member.got.length === 50);
  rd_kafka_mock_broker_set_up(scene.mock, 1);
  for (const partition of [0, 2, 3]) queueMessages(scene.p, scene.topic, partition, 10, 10, { id });
  pollAll([member], 'all of both', () => member.got.length === 80);
  rd_kafka_mock_broker_set_down(scene.mock, 2);
  for (const partition of [1, 3]) rd_kafka_mock_partition_set_leader(scene.mock, scene.topic, partition, 1);
  for (let partition = 0; partition < 4; partition++) queueMessages(scene.p, scene.topic, partition, 20, 10, { id });
  pollAll([member], 'all from one', () => member.got.length === 120);

  verify(id, member, 30);
});

test('a leader that was never up is left when its partitions move', async (t) => {
  const scene = await aScene(t);
  for (let partition = 0; partition < 4; partition++)
    rd_kafka_mock_partition_set_leader(scene.mock, scene.topic, partition, 2);
  const id = send(scene, 0, 10);
  rd_kafka_mock_broker_set_down(scene.mock, 2);
  const member = new Member(t, scene.config);
  rd_kafka_assign(
    member.rk,
    [0, 1, 2, 3].map((partition) => ({ topic: scene.topic, partition, offset: 0 })),
  );
  let rounds = 20;
  pollAll([member], 'a while', () => --rounds < 0);

  for (let partition = 0; partition < 4; partition++)
    rd_kafka_mock_partition_set_leader(scene.mock, scene.topic, partition, 3);

  pollAll([member], 'messages', () => member.got.length === 40);
  verify(id, member, 10);
});

test('a coordinator that moves is found, without a rebalance', async (t) => {
  const scene = await aScene(t);
  const member = aMember(t, scene.config).subscribe(scene.topic);
  settle([member], 4);
  send(scene, 0, 1);
  for (const broker of [1, 2, 3]) {
    rd_kafka_mock_coordinator_set(scene.mock, 'group', String(scene.config['group.id']), broker);
    expect(rd_kafka_commit(member.rk, [{ topic: scene.topic, partition: 0, offset: broker }], false)).toBe(0);
  }
  pollAll([member], 'messages', () => member.got.length === 4);

  expect(rd_kafka_consumer_close(member.rk)).toBe(0);
  expect(member.rebalances).toEqual(['+4', '-4']);
  expect(member.errors).toEqual([]);
});

test('a coordinator that is down for a while is waited for; commits then succeed', async (t) => {
  const scene = await aScene(t, { 'session.timeout.ms': 20_000 });
  const group = String(scene.config['group.id']);
  rd_kafka_mock_coordinator_set(scene.mock, 'group', group, 3);
  for (let partition = 0; partition < 4; partition++)
    rd_kafka_mock_partition_set_leader(scene.mock, scene.topic, partition, 1);
  const member = aMember(t, { ...scene.config, 'reconnect.backoff.max.ms': 500 }).subscribe(scene.topic);
  const id = send(scene, 0, 1);
  // Having partitions is not enough: where to begin in them the coordinator tells, too.
  pollAll([member], 'a message of each partition', () => member.got.length === 4);

  rd_kafka_mock_broker_set_down(scene.mock, 3);
  send(scene, 1, 9, id);
  pollAll([member], 'messages without a coordinator', () => member.got.length === 40);
  expect(rd_kafka_commit(member.rk, null, true)).toBe(0);
  rd_kafka_mock_broker_set_up(scene.mock, 3);
  expect(rd_kafka_commit(member.rk, [{ topic: scene.topic, partition: 0, offset: 3 }], false)).toBe(0);

  verify(id, member, 10);
  expect(member.rebalances).toEqual(['+4']);
});

test('with every broker down consumer_close and destroy end soon', async (t) => {
  const scene = await aScene(t, { 'session.timeout.ms': 45_000 });
  const members = [new Member(t, scene.config), new Member(t, scene.config)];
  for (const member of members) member.subscribe(scene.topic);
  settle(members, 4);
  send(scene, 0, 5);
  pollAll(members, 'messages', () => members.every(({ got }) => got.length > 0));
  rd_kafka_mock_broker_set_down(scene.mock, -1);
  const from = performance.now();
  const took = (): number => performance.now() - from;

  rd_kafka_destroy(members[1]!.rk);
  const destroyed = took();
  rd_kafka_consumer_close(members[0]!.rk);
  const closed = took() - destroyed;

  // 1 s and 0.3 s, and what a busy machine adds; waiting for a coordinator would take 10 s.
  expect(destroyed).toBeLessThan(9500);
  expect(closed).toBeLessThan(9500);
});

const GROUP_ERRORS: [name: string, key: number, error: number][] = [
  ['FindCoordinator loads', FIND_COORDINATOR, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS],
  ['JoinGroup at the wrong broker', JOIN_GROUP, RD_KAFKA_RESP_ERR_NOT_COORDINATOR_FOR_GROUP],
  ['JoinGroup by an unknown member', JOIN_GROUP, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID],
  ['SyncGroup in a rebalance', SYNC_GROUP, RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS],
  ['SyncGroup of an old generation', SYNC_GROUP, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION],
  ['OffsetFetch while loading', OFFSET_FETCH, RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS],
  ['Heartbeat of an unknown member', HEARTBEAT, RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID],
  ['Heartbeat of an old generation', HEARTBEAT, RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION],
  ['OffsetCommit at the wrong broker', OFFSET_COMMIT, RD_KAFKA_RESP_ERR_NOT_COORDINATOR_FOR_GROUP],
];

for (const [name, key, error] of GROUP_ERRORS) {
  test(`${name}: the group goes on, and every message comes`, async (t) => {
    // What a coordinator has forgotten by error it waits for until its session ends.
    const scene = await aScene(t, { 'auto.commit.interval.ms': 100, 'session.timeout.ms': 6000 });
    const member = aMember(t, scene.config).subscribe(scene.topic);
    if (key === HEARTBEAT || key === OFFSET_COMMIT) settle([member], 4);
    rd_kafka_mock_push_request_errors(scene.mock, key, 2, error, error);
    const id = send(scene, 0, 10);

    pollAll([member], 'messages', () => new Set(member.values).size === 40);
    const ver = new MsgVer(id);
    for (let partition = 0; partition < 4; partition++) ver.expect(partition, 0, 10);
    for (const message of member.got) ver.add(message);
    ver.verify('in spite of it', { duplicates: true });
    pollAll([member], 'the commit', () => committed(scene) === 40);
    if (key === HEARTBEAT)
      pollAll([member], 'a new membership', () => member.rebalances.join(' ').startsWith('+4 -4 +4 -4 +4'));
    expect(member.errors).toEqual([]);
  });
}

/** Messages of the group's topic that are committed. */
function committed({ mock, topic, config }: Scene): number {
  const of = (partition: number): number =>
    (mock as unknown as MockCluster).command('committed', config['group.id'], topic, partition);
  return [0, 1, 2, 3].reduce((sum, partition) => sum + Math.max(0, of(partition)), 0);
}

test('errors of a fetch: those of the leader pass in silence, refused rights are told once', async (t) => {
  const scene = await aScene(t);
  const { mock, topic } = scene;
  const member = new Member(t, scene.config);
  send(scene, 0, 5);
  const denied = RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
  const unknown = RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
  rd_kafka_mock_partition_push_request_errors(mock, topic, 0, FETCH, 2, denied, denied);
  rd_kafka_mock_partition_push_request_errors(mock, topic, 1, FETCH, 2, unknown, unknown);
  rd_kafka_assign(
    member.rk,
    [0, 1, 2, 3].map((partition) => ({ topic, partition, offset: 0 })),
  );

  pollAll([member], 'messages', () => member.got.length === 20);

  expect(member.errors).toEqual(['TOPIC_AUTHORIZATION_FAILED']);
});

test('records deleted under a consumer: it goes on where auto.offset.reset says', async (t) => {
  const scene = await aScene(t);
  const member = new Member(t, { ...scene.config, 'queued.min.messages': 1 });
  const id = send(scene, 0, 5);
  rd_kafka_assign(member.rk, [{ topic: scene.topic, partition: 0, offset: 0 }]);
  pollAll([member], 'messages', () => member.got.length === 5);
  rd_kafka_assign(member.rk, null);
  send(scene, 5, 5, id);
  rd_kafka_mock_partition_delete_records(scene.mock, scene.topic, 0, 7);

  rd_kafka_assign(member.rk, [{ topic: scene.topic, partition: 0, offset: 5 }]);
  pollAll([member], 'the rest', () => member.got.length === 8);

  expect(member.got.slice(5).map(({ offset }) => offset)).toEqual([7, 8, 9]);
  expect(member.errors).toEqual([]);
});

test('a group that may not be read is told once for each attempt, not more than once a second', async (t) => {
  const scene = await aScene(t);
  const denied = RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED;
  rd_kafka_mock_push_request_errors(scene.mock, JOIN_GROUP, 2, denied, denied);
  const member = new Member(t, scene.config).subscribe(scene.topic);

  settle([member], 4);

  expect(member.errors).toEqual(['GROUP_AUTHORIZATION_FAILED', 'GROUP_AUTHORIZATION_FAILED']);
});
