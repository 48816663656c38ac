// Topics, leaders, logs and fetches, as a client of our own schemas sees them.
import { expect, test } from 'vitest';
import { BatchReader } from '../../../src/records/batch_reader.ts';
import { FakeClock } from '../../kit/fake_clock.ts';
import { until } from '../../kit/until.ts';
import { aMockCluster, type RawClient, rawClient, type TestCluster } from './kit.ts';

const OPTIONS = { checkCrcs: true, maxDecompressed: 1e6 };

interface Fetched {
  readonly error: number;
  readonly offsets: number[];
  readonly bytes: number;
  readonly high: number;
  readonly start: number;
}

interface FetchOptions {
  partition?: number;
  offset?: number;
  epoch?: number;
  wait?: number;
  min?: number;
  max?: number;
  partitionMax?: number;
}

async function fetch(client: RawClient, o: FetchOptions = {}): Promise<Fetched> {
  const { responses } = await client.send(
    'Fetch',
    {
      maxWaitMs: o.wait ?? 0,
      minBytes: o.min ?? 1,
      maxBytes: o.max ?? 1e6,
      topics: [
        {
          topic: 't',
          partitions: [
            {
              partition: o.partition ?? 0,
              currentLeaderEpoch: o.epoch ?? -1,
              fetchOffset: o.offset ?? 0,
              partitionMaxBytes: o.partitionMax ?? 1e6,
            },
          ],
        },
      ],
    },
    11,
  );
  const part = responses[0]!.partitions[0]!;
  const records = part.records ?? new Uint8Array(0);
  const offsets: number[] = [];
  const reader = new BatchReader(records, 0, records.length, OPTIONS);
  while (reader.next()) offsets.push(reader.header!.baseOffset);
  const { errorCode: error, highWatermark: high, logStartOffset: start } = part;
  return { error, offsets, bytes: records.length, high, start };
}

function put({ cluster, commands }: TestCluster, count: number, timestamp?: number): void {
  for (let i = 0; i < count; i++) commands.put(cluster, 't', 0, [{ value: `v${i}`, timestamp }]);
}

test('a waiting fetch is answered as soon as there is enough', async () => {
  const clock = new FakeClock();
  const t = await aMockCluster({ topics: { t: 1 }, clock });
  const client = rawClient(t);
  const one = 69 + 1;

  const answer = fetch(client, { wait: 1000, min: 2 * one });
  await until(() => clock.timerCount === 1);
  put(t, 1);
  await rawClient(t).send('ListGroups', {});
  expect(client.answered).toEqual([]);
  put(t, 1);

  expect(await answer).toMatchObject({ offsets: [0, 1], high: 2 });
  expect(clock.timerCount).toBe(0);
});

test('a waiting fetch is answered empty when its time is over', async () => {
  const clock = new FakeClock();
  const t = await aMockCluster({ topics: { t: 1 }, clock });

  const answer = fetch(rawClient(t), { wait: 1000 });
  await until(() => clock.timerCount === 1);
  clock.advance(1000);

  expect(await answer).toEqual({ error: 0, offsets: [], bytes: 0, high: 0, start: 0 });
});

test('a waiting fetch learns at once that its leader has moved', async () => {
  const clock = new FakeClock();
  const t = await aMockCluster({ brokers: 2, topics: { t: 1 }, clock });
  const answer = fetch(rawClient(t), { wait: 60_000 });
  await until(() => clock.timerCount === 1);

  t.commands.mock_partition_set_leader(t.cluster, 't', 0, 2);

  expect((await answer).error).toBe(6);
});

test('fetch limits cut a batch, but never the first', async () => {
  const t = await aMockCluster({ topics: { t: 1 } });
  put(t, 3);
  const client = rawClient(t);
  const whole = (await fetch(client)).bytes;

  const cut = await fetch(client, { partitionMax: whole - 1 });
  const tiny = await fetch(client, { max: 1 });

  expect([cut.offsets, cut.bytes]).toEqual([[0, 1], whole - 1]);
  expect([tiny.offsets, tiny.bytes]).toEqual([[0], whole / 3]);
});

test('offsets outside the log are out of range, its end is not', async () => {
  const t = await aMockCluster({ topics: { t: 1 } });
  put(t, 3);
  t.commands.mock_partition_delete_records(t.cluster, 't', 0, 1);
  const client = rawClient(t);

  const codes = [];
  for (const offset of [0, 1, 3, 4]) codes.push((await fetch(client, { offset })).error);

  expect(codes).toEqual([1, 0, 0, 1]);
  expect(await fetch(client, { offset: 1 })).toMatchObject({ start: 1, high: 3, offsets: [1, 2] });
});

test('leader epochs that are behind or ahead are told apart', async () => {
  const t = await aMockCluster({ topics: { t: 1 } });
  t.commands.mock_partition_set_leader(t.cluster, 't', 0, 1);
  const client = rawClient(t);

  const codes = [];
  for (const epoch of [0, 1, 2]) codes.push((await fetch(client, { epoch })).error);

  expect(codes).toEqual([74, 0, 75]);
});

test('a partition led elsewhere says where, with its address', async () => {
  const t = await aMockCluster({ brokers: 2, topics: { t: 1 } });
  t.commands.mock_partition_set_leader(t.cluster, 't', 0, 2);
  const topicId = t.cluster.topics.get('t')?.id;

  const answer = await rawClient(t, 1).send('Fetch', {
    topics: [{ topicId, partitions: [{ partition: 0, partitionMaxBytes: 1000 }] }],
  });

  expect(answer.responses[0]?.partitions[0]).toMatchObject({
    errorCode: 6,
    currentLeader: { leaderId: 2, leaderEpoch: 1 },
  });
  expect(answer.nodeEndpoints).toMatchObject([{ nodeId: 2, port: t.cluster.broker(2)?.port }]);
});

test('a preferred follower is named by the leader and serves its own watermarks', async () => {
  const t = await aMockCluster({ brokers: 2, topics: { t: 1 } });
  put(t, 5);
  t.commands.mock_partition_set_leader(t.cluster, 't', 0, 1);
  t.commands.mock_partition_set_follower(t.cluster, 't', 0, 2);
  t.commands.mock_partition_set_follower_wmarks(t.cluster, 't', 0, 1, 3);
  const topicId = t.cluster.topics.get('t')?.id;

  const leader = await rawClient(t, 1).send('Fetch', {
    topics: [{ topicId, partitions: [{ partition: 0, partitionMaxBytes: 1000 }] }],
  });

  expect(leader.responses[0]?.partitions[0]?.preferredReadReplica).toBe(2);
  expect(await fetch(rawClient(t, 2), { offset: 1 })).toMatchObject({ offsets: [1, 2], start: 1, high: 3 });
  expect((await fetch(rawClient(t, 2), { offset: 0 })).error).toBe(1);
});

test('leaders that a test pushes are answered once each', async () => {
  const t = await aMockCluster({ brokers: 2, topics: { t: 1 } });
  t.commands.mock_partition_push_leader_response(t.cluster, 't', 0, 2, 9);
  const client = rawClient(t);
  const leader = async () => (await client.send('Metadata', { topics: [{ name: 't' }] })).topics[0]!.partitions[0]!;

  const [first, second] = [await leader(), await leader()];

  expect([first.leaderId, first.leaderEpoch]).toEqual([2, 9]);
  expect([second.leaderId, second.leaderEpoch]).toEqual([1, 0]);
});

test('offsets are found by time', async () => {
  const t = await aMockCluster({ topics: { t: 1 } });
  const at = (...timestamps: number[]) => timestamps.map((timestamp) => ({ value: 'v', timestamp }));
  t.commands.put(t.cluster, 't', 0, at(100, 300, 200));
  t.commands.put(t.cluster, 't', 0, at(400, 500));
  const client = rawClient(t);
  const find = async (timestamp: number) => {
    const topics = [{ name: 't', partitions: [{ partitionIndex: 0, timestamp }] }];
    const { topics: found } = await client.send('ListOffsets', { replicaId: -1, topics }, 7);
    return found[0]!.partitions[0]!;
  };

  const offsets = [];
  for (const timestamp of [-1, -2, -3, 0, 150, 301, 500, 501]) offsets.push((await find(timestamp)).offset);

  expect(offsets).toEqual([5, 0, 4, 0, 1, 3, 4, -1]);
  expect((await find(150)).timestamp).toBe(300);
});

test('a topic is created by asking for it, unless client or cluster will not', async () => {
  const t = await aMockCluster({ brokers: 3 });
  const client = rawClient(t);
  const ask = async (name: string, allowAutoTopicCreation: boolean) =>
    (await client.send('Metadata', { topics: [{ name }], allowAutoTopicCreation })).topics[0]!;

  const [no, yes, bad] = [await ask('new', false), await ask('new', true), await ask('not legal', true)];

  expect([no.errorCode, yes.errorCode, bad.errorCode]).toEqual([3, 0, 17]);
  expect(yes.partitions).toHaveLength(4);
  expect(yes.partitions[0]?.replicaNodes).toEqual([1, 2, 3]);
  const strict = await aMockCluster({ autoCreateTopics: false });
  expect((await rawClient(strict).send('Metadata', { topics: [{ name: 'new' }] })).topics[0]?.errorCode).toBe(3);
});

test('commands create and delete topics with codes as in C', async () => {
  const { cluster, commands } = await aMockCluster();

  expect(commands.mock_topic_create(cluster, 'c', 3, 1)).toBe(0);
  expect(commands.mock_topic_create(cluster, 'c', 3, 1)).toBe(36);
  expect(commands.mock_topic_create(cluster, 'a b', 3, 1)).toBe(17);
  expect(commands.mock_partition_delete_records(cluster, 'c', 0, 1)).toBe(1);
  expect(commands.mock_partition_delete_records(cluster, 'c', 9, 0)).toBe(3);
  expect(commands.mock_topic_delete(cluster, 'c')).toBe(0);
  expect(commands.mock_topic_delete(cluster, 'c')).toBe(3);
});

test('a leader set for a topic that does not exist creates it with just enough partitions', async () => {
  const { cluster, commands } = await aMockCluster({ brokers: 2 });

  expect(commands.mock_partition_set_leader(cluster, 'fresh', 2, 2)).toBe(0);

  expect(cluster.topics.get('fresh')?.partitions).toHaveLength(3);
  expect(cluster.topics.partition('fresh', 2)?.leaderId).toBe(2);
  expect(commands.mock_partition_set_leader(cluster, 'fresh', 3, 2)).toBe(3);
});

test('a group is served by its coordinator only, and moves with it', async () => {
  const t = await aMockCluster({ brokers: 2 });
  expect(t.commands.mock_coordinator_set(t.cluster, 'group', 'g', 2)).toBe(0);
  expect(t.commands.mock_coordinator_set(t.cluster, 'nonsense', 'g', 2)).toBe(-186);
  const body = { groupId: 'g', generationId: 1, memberId: 'm' };

  const found = await rawClient(t, 1).send('FindCoordinator', { coordinatorKeys: ['g'] });
  const wrong = await rawClient(t, 1).send('Heartbeat', body);
  const right = await rawClient(t, 2).send('Heartbeat', body);

  expect(found.coordinators[0]).toMatchObject({ errorCode: 0, nodeId: 2, port: t.cluster.broker(2)?.port });
  expect([wrong.errorCode, right.errorCode]).toEqual([16, 25]);
});

test('reset leaves brokers and first topics and nothing else', async () => {
  const t = await aMockCluster({ brokers: 2, topics: { t: 1 } });
  put(t, 3);
  t.commands.mock_topic_create(t.cluster, 'other', 1, 1);
  t.commands.mock_push_request_errors(t.cluster, 3, [-195]);
  await t.commands.mock_broker_set_down(t.cluster, 1);
  await t.commands.mock_broker_remove_from_metadata(t.cluster, 2);

  await t.commands.reset(t.cluster);

  const { brokers, topics } = await rawClient(t, 1).send('Metadata', { topics: null });
  expect([brokers.length, topics.map((topic) => topic.name)]).toEqual([2, ['t']]);
  expect(t.commands.records(t.cluster, 't')).toEqual([]);
});
