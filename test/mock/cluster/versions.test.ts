// Every request that the cluster advertises, in every version: it is served, and the answer can be read.
import { expect, test } from 'vitest';
import type { ApiName } from '../../../src/defs/api_name.ts';
import { APIS } from '../../../src/protocol/api.ts';
import { writeBatch } from '../../../src/records/batch_writer.ts';
import { aMockCluster, type RawClient, rawClient, type TestCluster } from './kit.ts';

async function bodies(t: TestCluster): Promise<Partial<Record<ApiName, (version: number) => object>>> {
  const topicId = t.cluster.topics.get('t')?.id;
  const records = writeBatch([{ value: 'v', timestamp: 1 }]);
  const byName = (version: number, limit: number) => (version <= limit ? 't' : '');
  const fetched = { partition: 0, fetchOffset: 0, partitionMaxBytes: 1e6 };
  const committed = { partitionIndex: 0, committedOffset: 3, committedMetadata: Buffer.from('m') };
  return {
    Produce: (v) => ({
      acks: -1,
      timeoutMs: 1000,
      topicData: [{ name: byName(v, 12), topicId, partitionData: [{ index: 0, records }] }],
    }),
    Fetch: (v) => ({ maxWaitMs: 0, topics: [{ topic: byName(v, 12), topicId, partitions: [fetched] }] }),
    ListOffsets: () => ({ replicaId: -1, topics: [{ name: 't', partitions: [{ partitionIndex: 0, timestamp: -1 }] }] }),
    Metadata: () => ({ topics: [{ name: 't' }] }),
    OffsetCommit: (v) => ({
      groupId: 'g',
      generationIdOrMemberEpoch: -1,
      ...(v >= 2 && v <= 4 && { retentionTimeMs: -1 }),
      topics: [{ name: 't', partitions: [committed] }],
    }),
    OffsetFetch: (v) =>
      v >= 8
        ? { groups: [{ groupId: 'g', topics: [{ name: 't', partitionIndexes: [0] }] }] }
        : { groupId: 'g', topics: [{ name: 't', partitionIndexes: [0] }] },
    FindCoordinator: (v) => (v >= 4 ? { coordinatorKeys: ['g'] } : { key: 'g' }),
    JoinGroup: () => ({
      groupId: 'unused',
      sessionTimeoutMs: 0,
      protocolType: 'consumer',
      protocols: [{ name: 'range', metadata: new Uint8Array(4) }],
    }),
    Heartbeat: () => ({ groupId: 'g', generationId: 1, memberId: 'm' }),
    LeaveGroup: (v) => (v >= 3 ? { groupId: 'g', members: [{ memberId: 'm' }] } : { groupId: 'g', memberId: 'm' }),
    SyncGroup: (v) => ({
      ...{ groupId: 'g', generationId: 1, memberId: 'm' },
      ...(v >= 5 && { protocolType: 'consumer', protocolName: 'range' }),
    }),
    DescribeGroups: () => ({ groups: ['g', 'nobody'] }),
    ListGroups: () => ({}),
    ApiVersions: () => ({ clientSoftwareName: 'raw', clientSoftwareVersion: '1' }),
    CreateTopics: (v) => ({ topics: [{ name: `t${v}`, numPartitions: 2, replicationFactor: 1 }] }),
    DeleteTopics: (v) => (v >= 6 ? { topics: [{ name: 'gone' }] } : { topicNames: ['gone'] }),
    CreatePartitions: (v) => ({ topics: [{ name: 't', count: 2 + v, assignments: null }] }),
    InitProducerId: () => ({ transactionalId: null, transactionTimeoutMs: 1000 }),
    OffsetForLeaderEpoch: () => ({
      ...{ topics: [{ topic: 't', partitions: [{ partition: 0, leaderEpoch: 0 }] }] },
    }),
    ConsumerGroupHeartbeat: (v) => ({
      ...{ groupId: 'k', memberId: `m${v}`, rebalanceTimeoutMs: 1000, topicPartitions: [] },
      ...(v >= 1 ? { subscribedTopicRegex: 't.*' } : { subscribedTopicNames: ['t'] }),
    }),
    ConsumerGroupDescribe: () => ({ groupIds: ['k', 'nobody'] }),
  };
}

/** The first error code other than 0 in an answer, with its path. */
function errorIn(value: unknown, path = ''): string | null {
  if (typeof value !== 'object' || value === null || ArrayBuffer.isView(value)) return null;
  for (const [name, child] of Object.entries(value)) {
    if (name === 'errorCode' && child !== 0) return `${path}.errorCode ${child}`;
    const found = errorIn(child, `${path}.${name}`);
    if (found !== null) return found;
  }
  return null;
}

/** What is meant to fail, with its code. */
const EXPECTED: Partial<Record<ApiName, number>> = {
  JoinGroup: 26,
  Heartbeat: 25,
  SyncGroup: 25,
  LeaveGroup: 25,
  DescribeGroups: 69,
  ConsumerGroupDescribe: 69,
  DeleteTopics: 3,
};

async function serves(client: RawClient, name: ApiName, version: number, body: object): Promise<void> {
  const answer = await client.send(name, body as never, version);
  const code = Number(errorIn(answer)?.split(' ')[1] ?? 0);
  const expected = name === 'DescribeGroups' && version < 6 ? 0 : (EXPECTED[name] ?? 0);
  expect(`${name} v${version}: ${code}`).toBe(`${name} v${version}: ${expected}`);
}

test('all versions that ApiVersions advertises are served', async () => {
  const t = await aMockCluster({ topics: { t: 1 } });
  const client = rawClient(t);
  const make = await bodies(t);

  const { apiKeys } = await client.send('ApiVersions', { clientSoftwareName: 'raw', clientSoftwareVersion: '1' });
  let served = 0;
  for (const { apiKey, maxVersion } of apiKeys) {
    const { name, min } = Object.values(APIS).find((api) => api.key === apiKey) as { name: ApiName; min: number };
    for (let version = min; version <= maxVersion; version++, served++) {
      await serves(client, name, version, make[name]?.(version) as object);
    }
  }

  const keys = [0, 1, 2, 3, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 19, 20, 22, 23, 37, 68, 69];
  expect(apiKeys.map((one) => one.apiKey)).toEqual(keys);
  expect(served).toBeGreaterThan(100);
  expect(t.complaints).toEqual([]);
});

test('an ApiVersions version that is too new is answered in version 0 with what we have', async () => {
  const t = await aMockCluster();
  t.commands.mock_set_apiversion(t.cluster, 18, 0, 2);

  const answer = await rawClient(t).send('ApiVersions', {}, 0);
  const raw = await tooNew(t);

  expect(answer.errorCode).toBe(0);
  expect(raw).toEqual({ errorCode: 35, apiKeys: [{ apiKey: 18, minVersion: 0, maxVersion: 2 }] });
});

async function tooNew(t: TestCluster): Promise<object> {
  const client = rawClient(t);
  const frame = Buffer.from([0, 0, 0, 11, 0, 18, 0, 99, 0, 0, 0, 5, 255, 255, 0]);
  const got = new Promise<Buffer>((done) => {
    client.socket.removeAllListeners('data');
    client.socket.once('data', done);
  });
  client.socket.write(frame);
  const bytes = await got;
  expect(bytes.readInt32BE(4)).toBe(5);
  const count = bytes.readInt32BE(10);
  const apiKeys = Array.from({ length: count }, (_, i) => ({
    apiKey: bytes.readInt16BE(14 + 6 * i),
    minVersion: bytes.readInt16BE(16 + 6 * i),
    maxVersion: bytes.readInt16BE(18 + 6 * i),
  }));
  return { errorCode: bytes.readInt16BE(8), apiKeys };
}

test('a range that a test has set is advertised and kept', async () => {
  const t = await aMockCluster();
  t.commands.mock_set_apiversion(t.cluster, 3, 2, 5);
  t.commands.mock_set_apiversion(t.cluster, 22, -1, -1);
  const client = rawClient(t);

  const { apiKeys } = await client.send('ApiVersions', {}, 2);

  expect(apiKeys.find((one) => one.apiKey === 3)).toMatchObject({ minVersion: 2, maxVersion: 5 });
  expect(apiKeys.some((one) => one.apiKey === 22)).toBe(false);
  await expect(client.send('Metadata', { topics: null }, 6)).rejects.toThrow('connection closed');
  expect(t.complaints[0]).toContain('Metadata version 6');
});
