// What tests do to logs: leaders that move, truncation, gaps, batches as no producer writes them.
import { expect, test } from 'vitest';
import { readBatchHeader } from '../../../src/records/batch_header.ts';
import { BatchReader } from '../../../src/records/batch_reader.ts';
import { writeBatch } from '../../../src/records/batch_writer.ts';
import { aMockCluster, type RawClient, rawClient, type TestCluster } from './kit.ts';

interface Ask {
  readonly epoch?: number;
  readonly lastEpoch?: number;
  readonly isolationLevel?: number;
}

async function fetch(client: RawClient, fetchOffset: number, ask: Ask = {}) {
  const { epoch = -1, lastEpoch = -1, isolationLevel = 0 } = ask;
  const partition = {
    partition: 0,
    fetchOffset,
    partitionMaxBytes: 1e6,
    currentLeaderEpoch: epoch,
    lastFetchedEpoch: lastEpoch,
  };
  const { responses } = await client.send(
    'Fetch',
    { maxWaitMs: 0, isolationLevel, topics: [{ topic: 't', partitions: [partition] }] },
    12,
  );
  const { errorCode, records, divergingEpoch, highWatermark, lastStableOffset } = responses[0]!.partitions[0]!;
  const bytes = records ?? new Uint8Array(0);
  const reader = new BatchReader(bytes, 0, bytes.length, { checkCrcs: true, maxDecompressed: 1e6 });
  const offsets: number[] = [];
  while (reader.next()) offsets.push(reader.header!.baseOffset);
  return { errorCode, offsets, divergingEpoch, highWatermark, lastStableOffset };
}

async function epochEnd(client: RawClient, leaderEpoch: number): Promise<number[]> {
  const topics = [{ topic: 't', partitions: [{ partition: 0, leaderEpoch }] }];
  const { topics: found } = await client.send('OffsetForLeaderEpoch', { topics });
  const { errorCode, leaderEpoch: epoch, endOffset } = found[0]!.partitions[0]!;
  return [errorCode, epoch, endOffset];
}

function put({ cluster, commands }: TestCluster, count: number): void {
  for (let i = 0; i < count; i++) commands.put(cluster, 't', 0, [{ value: 'v' }]);
}

/** Three records in epoch 0, nothing in 1, two records in 2, nothing in 3. */
async function threeLeaders(): Promise<TestCluster> {
  const t = await aMockCluster({ topics: { t: 1 } });
  put(t, 3);
  t.commands.mock_partition_set_leader(t.cluster, 't', 0, 1);
  t.commands.mock_partition_set_leader(t.cluster, 't', 0, 1);
  put(t, 2);
  t.commands.mock_partition_set_leader(t.cluster, 't', 0, 1);
  return t;
}

test('each epoch ends where the next one with records began', async () => {
  const client = rawClient(await threeLeaders());

  const ends = [];
  for (const epoch of [0, 1, 2, 3, 4]) ends.push(await epochEnd(client, epoch));

  expect(ends).toEqual([
    [0, 0, 3],
    [0, 0, 3],
    [0, 2, 5],
    [0, 3, 5],
    [0, -1, -1],
  ]);
});

test('the newest offset has the epoch of the leader, records have their own', async () => {
  const client = rawClient(await threeLeaders());
  const list = async (timestamp: number): Promise<number[]> => {
    const topics = [{ name: 't', partitions: [{ partitionIndex: 0, timestamp }] }];
    const { offset, leaderEpoch } = (await client.send('ListOffsets', { replicaId: -1, topics })).topics[0]!
      .partitions[0]!;
    return [offset, leaderEpoch];
  };

  expect([await list(-2), await list(-1), await list(-3)]).toEqual([
    [0, 0],
    [5, 3],
    [expect.any(Number), expect.any(Number)],
  ]);
});

test('a truncated log ends there, in a new epoch, and goes on with other records', async () => {
  const t = await threeLeaders();
  const client = rawClient(t);

  t.commands.truncate(t.cluster, 't', 0, 4);
  put(t, 2);

  expect([await epochEnd(client, 2), await epochEnd(client, 4)]).toEqual([
    [0, 2, 4],
    [0, 4, 6],
  ]);
  expect(await fetch(client, 4)).toMatchObject({ errorCode: 0, offsets: [4, 5] });
  expect((await fetch(client, 0, { epoch: 3 })).errorCode).toBe(74);
});

test('a client that says which epoch it has read is told where the log parts from its own', async () => {
  const t = await threeLeaders();
  t.commands.truncate(t.cluster, 't', 0, 4);
  put(t, 2);
  const client = rawClient(t);

  expect((await fetch(client, 5, { lastEpoch: 2 })).divergingEpoch).toEqual({ epoch: 2, endOffset: 4 });
  expect(await fetch(client, 4, { lastEpoch: 2 })).toMatchObject({ offsets: [4, 5] });
});

test('truncating behind the end changes nothing but the epoch', async () => {
  const t = await aMockCluster({ topics: { t: 1 } });
  put(t, 3);

  t.commands.truncate(t.cluster, 't', 0, 7);

  expect(await fetch(rawClient(t), 0, { epoch: 1 })).toMatchObject({ errorCode: 0, offsets: [0, 1, 2] });
});

test('a producer may send again what was truncated', async () => {
  const t = await aMockCluster({ topics: { t: 1 } });
  const client = rawClient(t);
  const { producerId } = await client.send('InitProducerId', { transactionalId: null, transactionTimeoutMs: 1000 });
  const records = writeBatch([{ value: 'v', timestamp: 1 }], { producerId, producerEpoch: 0, baseSequence: 0 });
  const produce = async () => {
    const topicData = [{ name: 't', partitionData: [{ index: 0, records }] }];
    const answer = await client.send('Produce', { acks: -1, timeoutMs: 1000, topicData }, 9);
    return answer.responses[0]!.partitionResponses[0]!.baseOffset;
  };
  put(t, 1);
  expect([await produce(), await produce()]).toEqual([1, 1]);

  t.commands.truncate(t.cluster, 't', 0, 1);
  put(t, 2);

  expect(await produce()).toBe(3);
});

test('a log with a gap is read across it', async () => {
  const t = await aMockCluster({ topics: { t: 1 } });
  put(t, 1);

  t.commands.skip_to(t.cluster, 't', 0, 10);
  put(t, 1);

  expect(await fetch(rawClient(t), 3)).toMatchObject({ offsets: [10], highWatermark: 11 });
});

test('a batch comes out as it was put, but for its offset and epoch', async () => {
  const t = await aMockCluster({ topics: { t: 1 } });
  put(t, 1);
  // As compaction leaves it: records 1 and 4 of five.
  const batch = writeBatch(
    [
      { value: 'a', offsetDelta: 1 },
      { value: 'b', offsetDelta: 4 },
    ],
    { lastOffsetDelta: 4 },
  );

  t.commands.put_batch(t.cluster, 't', 0, batch);

  const stored = t.cluster.topics.partition('t', 0)!.log.batches()[1]!.bytes;
  expect(readBatchHeader(stored, 0, stored.length)).toMatchObject({ baseOffset: 1, lastOffsetDelta: 4, count: 2 });
  expect(await fetch(rawClient(t), 6)).toMatchObject({ errorCode: 0, offsets: [], highWatermark: 6 });
});

test('fetch sessions end when a test says so, and none is opened where there is no room', async () => {
  const t = await aMockCluster({ topics: { t: 1 } });
  const client = rawClient(t);
  const partitions = [{ partition: 0, fetchOffset: 0, partitionMaxBytes: 1e6 }];
  const begin = () => client.send('Fetch', { maxWaitMs: 0, sessionEpoch: 0, topics: [{ topic: 't', partitions }] }, 12);
  const { sessionId } = await begin();
  expect(t.commands.fetch_sessions(t.cluster)).toEqual({ 1: 1 });

  t.commands.limit_fetch_sessions(t.cluster, 0);

  expect((await client.send('Fetch', { maxWaitMs: 0, sessionId, sessionEpoch: 1 }, 12)).errorCode).toBe(70);
  expect((await begin()).sessionId).toBe(0);
});
