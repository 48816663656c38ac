// What a request may not do to the cluster: take for ever, or all memory.
import { expect, test } from 'vitest';
import { until } from '../../kit/until.ts';
import { aMockCluster, rawClient } from './kit.ts';

const INVALID_REQUEST = 42;
const INVALID_PARTITIONS = 37;
const MIB = 1 << 20;

test('100,000 topics in one request, each but one once, are judged', { timeout: 30_000 }, async () => {
  const client = rawClient(await aMockCluster());
  const topics = Array.from({ length: 100_000 }, (_, i) => ({ name: `t${i}`, numPartitions: 1, replicationFactor: 1 }));
  topics[1] = topics[0]!;

  const answer = await client.send('CreateTopics', { topics, timeoutMs: 1000, validateOnly: true });

  const wrong = answer.topics.filter(({ errorCode }) => errorCode !== 0);
  expect(wrong.map(({ name, errorCode }) => [name, errorCode])).toEqual([
    ['t0', INVALID_REQUEST],
    ['t0', INVALID_REQUEST],
  ]);
});

test('a topic with more assignments than partitions may be is refused', async () => {
  const client = rawClient(await aMockCluster());
  const assignments = Array.from({ length: 300_000 }, (_, i) => ({ partitionIndex: i, brokerIds: [1] }));
  const topic = { name: 't', numPartitions: -1, replicationFactor: -1, assignments };

  const { topics } = await client.send('CreateTopics', { topics: [topic], timeoutMs: 1000 });

  expect(topics[0]?.errorCode).toBe(INVALID_PARTITIONS);
});

test('requests create no more partitions than the cluster has room for', async () => {
  const t = await aMockCluster({ maxPartitions: 10 });
  const client = rawClient(t);
  const wanted = ['a', 'b', 'c'].map((name) => ({ name, numPartitions: 4, replicationFactor: 1 }));

  const created = (await client.send('CreateTopics', { topics: wanted, timeoutMs: 1000 })).topics;
  const named = (await client.send('Metadata', { topics: [{ name: 'd' }], allowAutoTopicCreation: true }, 9)).topics;
  t.commands.mock_topic_delete(t.cluster, 'a');
  const again = (await client.send('Metadata', { topics: [{ name: 'd' }], allowAutoTopicCreation: true }, 9)).topics;

  expect(created.map(({ errorCode }) => errorCode)).toEqual([0, 0, INVALID_PARTITIONS]);
  expect([named[0]?.errorCode, again[0]?.errorCode]).toEqual([3, 0]);
});

test('a topic gets no more partitions than the cluster has room for', async () => {
  const client = rawClient(await aMockCluster({ maxPartitions: 10, topics: { a: 4, b: 4 } }));
  const grow = async (name: string, count: number): Promise<number | undefined> => {
    const topics = [{ name, count, assignments: null }];
    return (await client.send('CreatePartitions', { topics, timeoutMs: 1000 })).results[0]?.errorCode;
  };

  expect([await grow('a', 7), await grow('a', 5), await grow('b', 6)]).toEqual([
    INVALID_PARTITIONS,
    0,
    INVALID_PARTITIONS,
  ]);
});

test('a topic that Metadata names twice is described once', async () => {
  const client = rawClient(await aMockCluster({ topics: { t: 1, u: 1 } }));
  const names = ['t', 'u', 't'].map((name) => ({ name }));

  const { topics } = await client.send('Metadata', { topics: names, allowAutoTopicCreation: false }, 9);

  expect(topics.map(({ name }) => name)).toEqual(['t', 'u']);
});

test('a partition that ListOffsets names twice is refused, as in Kafka', async () => {
  const client = rawClient(await aMockCluster({ topics: { t: 2 } }));
  const partitions = [0, 1, 0].map((partitionIndex) => ({ partitionIndex, timestamp: -1 }));

  const { topics } = await client.send('ListOffsets', { replicaId: -1, topics: [{ name: 't', partitions }] });

  const codes = topics[0]?.partitions.map(({ errorCode }) => errorCode);
  expect(codes).toEqual([INVALID_REQUEST, 0, INVALID_REQUEST]);
});

test('a fetch gets no more than Kafka gives, whatever it asks for', async () => {
  const t = await aMockCluster({ topics: { t: 1 } });
  t.commands.put(t.cluster, 't', 0, [{ value: 'x'.repeat(MIB) }]);
  const asked = { partition: 0, partitionMaxBytes: 2 ** 31 - 1 };
  const partitions = Array.from({ length: 70 }, () => asked);
  const body = { maxBytes: 2 ** 31 - 1, minBytes: 1, maxWaitMs: 0, topics: [{ topic: 't', partitions }] };

  const { responses } = await rawClient(t).send('Fetch', body, 12);

  const bytes = responses[0]!.partitions.reduce((sum, { records }) => sum + (records?.byteLength ?? 0), 0);
  expect([bytes > 50 * MIB, bytes <= 55 * MIB]).toEqual([true, true]);
});

test('a member with hundreds of protocols is refused', async () => {
  const client = rawClient(await aMockCluster());
  const protocols = Array.from({ length: 101 }, (_, i) => ({ name: `p${i}`, metadata: new Uint8Array(0) }));
  const join = {
    groupId: 'g',
    sessionTimeoutMs: 6000,
    rebalanceTimeoutMs: 6000,
    memberId: '',
    protocolType: 'consumer',
  };

  const codes = [protocols, protocols.slice(1)].map(async (some) => {
    return (await client.send('JoinGroup', { ...join, protocols: some }, 3)).errorCode;
  });

  expect(await Promise.all(codes)).toEqual([INVALID_REQUEST, 0]);
});

test('a group that is asked about twice is described once', async () => {
  const client = rawClient(await aMockCluster());

  const { groups } = await client.send('DescribeGroups', { groups: ['g', 'h', 'g'] }, 5);

  expect(groups.map(({ groupId }) => groupId)).toEqual(['g', 'h']);
});

test('large answers that a round-trip time holds back keep further requests waiting', async () => {
  const t = await aMockCluster({ brokers: 2, replication: 1, topics: { t: 1 }, rtt: 3_600_000 });
  await t.commands.mock_broker_set_rtt(t.cluster, 2, 0);
  t.commands.put(t.cluster, 't', 0, [{ value: 'x'.repeat(MIB) }]);
  t.commands.mock_start_request_tracking(t.cluster);
  const client = rawClient(t, 1);
  const body = {
    maxBytes: 2 ** 31 - 1,
    minBytes: 1,
    maxWaitMs: 0,
    topics: [{ topic: 't', partitions: [{ partition: 0, partitionMaxBytes: 2 ** 31 - 1 }] }],
  };
  const seen = (): number => t.commands.mock_get_requests(t.cluster).filter(({ id }) => id === 1).length;

  const answers = Array.from({ length: 100 }, () => client.send('Fetch', body, 12));
  await until(() => seen() >= 64);
  for (let i = 0; i < 5; i++) await rawClient(t, 2).send('ListGroups', {});

  expect(seen()).toBeLessThan(70);
  await t.commands.mock_broker_set_rtt(t.cluster, 1, 0);
  expect((await Promise.all(answers)).length).toBe(100);
});
