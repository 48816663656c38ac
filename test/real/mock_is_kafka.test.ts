// The same raw requests to the mock cluster and to the real Kafka: the error codes and offsets of their answers must
// be the same. What is meant to differ stands in the comments of the handlers.
import { randomUUID } from 'node:crypto';
import { beforeAll, expect, inject, test } from 'vitest';
import { settleCrc } from '../../src/records/batch_header.ts';
import { type BatchOptions, writeBatch } from '../../src/records/batch_writer.ts';
import { createTopic } from '../kit/topics.ts';
import { until } from '../kit/until.ts';
import { aMockCluster, type RawClient, rawClientAt } from '../mock/cluster/kit.ts';

/** For a broker that has just started, and for members that ask when the test comes to it. */
const PATIENCE_MS = 45_000;
/** Enough to reach every partition of the coordinator's topic: each of them is loaded on its own. */
const SOME_GROUPS = Array.from({ length: 300 }, (_, i) => ({ groupId: `group-${i}`, topics: [] }));

interface Peer {
  readonly client: RawClient;
  /** Four partitions on one broker, and four records in partition 0 at 100, 300, 200, 400 ms. */
  readonly topic: string;
  readonly topicId: string;
  /** A fresh name with each call. */
  fresh(): string;
}

let realPort = 0;
beforeAll(() => {
  realPort = Number(inject('bootstrap').split(',')[0]?.split(':')[1]);
});

async function peer(port: number): Promise<Peer> {
  const client = rawClientAt(port);
  const topic = `probe-${randomUUID()}`;
  await createTopic(`127.0.0.1:${port}`, topic, 4);
  const { topics } = await client.send('Metadata', { topics: [{ name: topic }], allowAutoTopicCreation: false });
  const made: Peer = { client, topic, topicId: topics[0]!.topicId, fresh: () => `fresh-${randomUUID()}` };
  const coordinated = async () => {
    const { coordinators } = await client.send('FindCoordinator', { coordinatorKeys: ['g'] });
    if (coordinators[0]?.errorCode !== 0) return false;
    const { groups } = await client.send('OffsetFetch', { groups: SOME_GROUPS });
    return groups.every((g) => g.errorCode === 0);
  };
  await until(coordinated, { what: 'a coordinator that has loaded its groups', deadline_ms: PATIENCE_MS });
  const timed = [100, 300, 200, 400].map((timestamp) => ({ value: 'v', timestamp }));
  await until(async () => (await produce(made, writeBatch(timed)))[0] === 0);
  return made;
}

async function produce(p: Peer, records: Uint8Array | null, index = 0, acks = -1): Promise<number[]> {
  const body = { acks, timeoutMs: PATIENCE_MS, topicData: [{ name: p.topic, partitionData: [{ index, records }] }] };
  const { responses } = await p.client.send('Produce', body, 9);
  const { errorCode, baseOffset } = responses[0]!.partitionResponses[0]!;
  return [errorCode, baseOffset];
}

function batch(options: BatchOptions = {}): Uint8Array {
  return writeBatch(
    [
      { value: 'a', timestamp: 1000 },
      { value: 'b', timestamp: 1000 },
    ],
    options,
  );
}

function patched(at: number, ...bytes: number[]): Uint8Array {
  const changed = batch();
  changed.set(bytes, at);
  settleCrc(changed, 0, changed.length);
  return changed;
}

function twice(): Uint8Array {
  return new Uint8Array(Buffer.concat([batch(), batch()]));
}

function badCrc(): Uint8Array {
  const broken = batch();
  broken[65]! ^= 1;
  return broken;
}

async function fetch(p: Peer, fetchOffset: number, epoch = -1, index = 0, topic = p.topic): Promise<number[]> {
  const partitions = [{ partition: index, fetchOffset, currentLeaderEpoch: epoch, partitionMaxBytes: 10_000 }];
  const { responses } = await p.client.send('Fetch', { maxWaitMs: 0, topics: [{ topic, partitions }] }, 11);
  const { errorCode, highWatermark, lastStableOffset, logStartOffset } = responses[0]!.partitions[0]!;
  return [errorCode, highWatermark, lastStableOffset, logStartOffset];
}

async function listOffset(p: Peer, timestamp: number, index = 0, epoch = -1): Promise<number[]> {
  const partitions = [{ partitionIndex: index, timestamp, currentLeaderEpoch: epoch }];
  const { topics } = await p.client.send('ListOffsets', { replicaId: -1, topics: [{ name: p.topic, partitions }] }, 8);
  const { errorCode, offset, timestamp: found, leaderEpoch } = topics[0]!.partitions[0]!;
  return [errorCode, offset, found, leaderEpoch];
}

/** A broker that has just started must fetch ids first. */
function aProducerId({ client }: Peer): Promise<number> {
  return until(async () => {
    const answer = await client.send('InitProducerId', { transactionalId: null, transactionTimeoutMs: 1000 });
    return answer.errorCode === 0 ? answer.producerId : null;
  });
}

/** One batch of two records for each [epoch, base sequence], from a new producer. */
async function inSequence(p: Peer, index: number, ...rows: readonly (readonly number[])[]): Promise<number[][]> {
  const producerId = await aProducerId(p);
  const answers: number[][] = [];
  for (const [producerEpoch, baseSequence] of rows) {
    answers.push(await produce(p, batch({ producerId, producerEpoch, baseSequence }), index));
  }
  return answers;
}

function idempotence(p: Peer): Promise<number[][]> {
  return inSequence(p, 1, [1, 0], [1, 2], [1, 0], [1, 6], [1, 2], [0, 4], [2, 4], [2, 0], [1, 4]);
}

function oldDuplicate(p: Peer): Promise<number[][]> {
  return inSequence(p, 2, ...[0, 2, 4, 6, 8, 10, 0, 2].map((sequence) => [0, sequence]));
}

/** Answered as it was the first time, each of them, in any order; and the sequence goes on behind the newest. */
function duplicates(p: Peer): Promise<number[][]> {
  return inSequence(p, 3, ...[0, 2, 4, 6, 8, 0, 8, 4, 2, 6, 10].map((sequence) => [0, sequence]));
}

/** What is alike in part only is no duplicate. */
async function otherBatches(p: Peer): Promise<number[][]> {
  const producerId = await aProducerId(p);
  const one = (baseSequence: number) =>
    produce(p, writeBatch([{ value: 'a', timestamp: 1 }], { producerId, producerEpoch: 0, baseSequence }));
  const two = (baseSequence: number) => produce(p, batch({ producerId, producerEpoch: 0, baseSequence }));
  return [
    await two(0),
    await two(2),
    await one(2),
    await one(3),
    await two(1),
    await two(3),
    await two(4),
    await one(0),
  ];
}

async function strangers(p: Peer): Promise<number[][]> {
  const named = (producerId: number, producerEpoch: number, baseSequence: number) =>
    produce(p, batch({ producerId, producerEpoch, baseSequence }), 2);
  const nobody = 1_000_000_000_000;
  return [
    await named(nobody, 3, 6),
    await named(nobody, 3, 8),
    await named(nobody, 3, 6),
    await named(nobody, 3, 4),
    await named(nobody, 4, 0),
    await named(nobody + 1, -1, 0),
    await named(nobody + 2, 0, -1),
  ];
}

async function join(p: Peer, overrides: object): Promise<unknown[]> {
  const { errorCode, generationId, protocolName, leader } = await p.client.send('JoinGroup', {
    groupId: p.fresh(),
    sessionTimeoutMs: PATIENCE_MS,
    rebalanceTimeoutMs: PATIENCE_MS,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: new Uint8Array(4) }],
    ...overrides,
  });
  return [errorCode, generationId, protocolName, leader === ''];
}

/** One member through all of its requests, right and wrong. */
async function memberLife(p: Peer): Promise<unknown[]> {
  const groupId = p.fresh();
  const base = {
    groupId,
    sessionTimeoutMs: PATIENCE_MS,
    rebalanceTimeoutMs: PATIENCE_MS,
    protocolType: 'consumer',
    protocols: [{ name: 'range', metadata: new Uint8Array(4) }],
  };
  const { client } = p;
  const required = await client.send('JoinGroup', base);
  const joined = await client.send('JoinGroup', { ...base, memberId: required.memberId });
  const { memberId, generationId } = joined;
  const member = { groupId, memberId, generationId };
  const syncing = { ...member, protocolType: 'consumer', protocolName: 'range' };
  const offset = { partitionIndex: 0, committedOffset: 2, committedMetadata: Buffer.from('m') };
  const commit = async (overrides: object) => {
    const body = { groupId, memberId, generationIdOrMemberEpoch: generationId, ...overrides };
    const { topics } = await client.send('OffsetCommit', {
      ...body,
      topics: [{ name: p.topic, partitions: [offset] }],
    });
    return topics[0]?.partitions[0]?.errorCode;
  };
  const beforeSync = [(await client.send('Heartbeat', member)).errorCode, await commit({})];
  const wrongSync = await client.send('SyncGroup', { ...syncing, generationId: 7 });
  const oddSync = await client.send('SyncGroup', { ...syncing, protocolType: 'odd' });
  const assignments = [{ memberId, assignment: new Uint8Array([1, 2, 3]) }];
  const synced = await client.send('SyncGroup', { ...syncing, assignments });
  const stable = [
    (await client.send('Heartbeat', member)).errorCode,
    (await client.send('Heartbeat', { ...member, generationId: 9 })).errorCode,
    (await client.send('Heartbeat', { ...member, memberId: 'x' })).errorCode,
    (await client.send('Heartbeat', { ...member, groupInstanceId: 'i' })).errorCode,
    await commit({}),
    await commit({ memberId: 'x' }),
    await commit({ generationIdOrMemberEpoch: 9 }),
    await commit({ memberId: '', generationIdOrMemberEpoch: -1 }),
  ];
  const other = await client.send('JoinGroup', { ...base, protocolType: 'connect' });
  const { groups } = await client.send('DescribeGroups', { groups: [groupId] });
  const described = groups[0]!;
  const left = await client.send('LeaveGroup', { groupId, members: [{ memberId }, { memberId: 'x' }] });
  const empty = await client.send('DescribeGroups', { groups: [groupId] });
  return [
    [required.errorCode, joined.errorCode, generationId, joined.protocolName, joined.members.length],
    beforeSync,
    [wrongSync.errorCode, oddSync.errorCode, synced.errorCode, [...synced.assignment]],
    stable,
    other.errorCode,
    [described.errorCode, described.groupState, described.protocolType, described.protocolData],
    described.members.map((m) => [m.memberAssignment.length, m.memberMetadata.length]),
    [left.errorCode, left.members.map((m) => m.errorCode)],
    [empty.groups[0]?.groupState, empty.groups[0]?.protocolType],
    [await commit({}), await commit({ memberId: '', generationIdOrMemberEpoch: -1 })],
  ];
}

async function offsets(p: Peer, groupId: string, generation: number, name = p.topic, index = 0): Promise<unknown[]> {
  const partitions = [{ partitionIndex: index, committedOffset: 5, committedMetadata: Buffer.from('m') }];
  const body = { groupId, generationIdOrMemberEpoch: generation, memberId: generation < 0 ? '' : 'm' };
  const done = await p.client.send('OffsetCommit', { ...body, topics: [{ name, partitions }] });
  const asked = [{ name, partitionIndexes: [0, 1, 99] }];
  const read = await p.client.send('OffsetFetch', { groups: [{ groupId, topics: asked }] });
  const all = await p.client.send('OffsetFetch', { groups: [{ groupId, topics: null }] });
  const found = read.groups[0]!.topics[0]?.partitions.map((o) => [
    o.errorCode,
    o.committedOffset,
    String(Buffer.from(o.metadata!)),
  ]);
  return [done.topics[0]?.partitions[0]?.errorCode, read.groups[0]!.errorCode, found, all.groups[0]!.topics.length];
}

async function creation(p: Peer, topic: object, validateOnly = false): Promise<unknown[]> {
  const asked = { name: p.fresh(), numPartitions: 2, replicationFactor: 1, ...topic };
  const { topics } = await p.client.send('CreateTopics', { timeoutMs: PATIENCE_MS, validateOnly, topics: [asked] });
  return [topics[0]?.errorCode, topics[0]?.numPartitions, topics[0]?.replicationFactor];
}

/** More partitions: the error of each topic asked for, and how many `p.topic` has then. */
async function growth(p: Peer, rows: readonly object[], validateOnly = false): Promise<unknown[]> {
  const topics = rows.map((row) => ({ name: p.topic, count: 6, assignments: null, ...row }));
  const { results } = await p.client.send('CreatePartitions', { timeoutMs: PATIENCE_MS, validateOnly, topics });
  // Kafka names a topic that stands there twice once.
  const codes = [
    ...new Set(results.map(({ name, errorCode }) => `${name === p.topic ? 'it' : 'another'}: ${errorCode}`)),
  ];
  return [codes.sort(), (await metadata(p, p.topic))[1]];
}

async function epochEnd(p: Peer, leaderEpoch: number, currentLeaderEpoch = -1, partition = 0): Promise<number[]> {
  const asked = {
    replicaId: -2,
    topics: [{ topic: p.topic, partitions: [{ partition, leaderEpoch, currentLeaderEpoch }] }],
  };
  const { topics } = await p.client.send('OffsetForLeaderEpoch', asked);
  const found = topics[0]!.partitions[0]!;
  return [found.errorCode, found.leaderEpoch, found.endOffset];
}

async function metadata(p: Peer, name: string | null, topicId?: string): Promise<unknown[]> {
  const { topics } = await p.client.send('Metadata', { topics: [{ name, topicId }], allowAutoTopicCreation: false });
  return [topics[0]?.errorCode, topics[0]?.partitions.length];
}

const NOBODY = 'AAAAAAAAAAAAAAAAAAAABQ';
const PROBES: Record<string, (p: Peer) => Promise<unknown>> = {
  'produce: good': (p) => produce(p, batch(), 3),
  'produce: no such partition': (p) => produce(p, batch(), 99),
  'produce: no such acks': (p) => produce(p, batch(), 0, 2),
  'produce: bad checksum': (p) => produce(p, badCrc()),
  'produce: two batches': (p) => produce(p, twice()),
  'produce: no batch': (p) => produce(p, new Uint8Array(0)),
  'produce: count of 3 for 2': (p) => produce(p, patched(57, 0, 0, 0, 3)),
  'produce: wrong last offset delta': (p) => produce(p, batch({ lastOffsetDelta: 5 })),
  'produce: a control batch': (p) => produce(p, batch({ attributes: 0x20 })),
  'produce: too large': (p) => produce(p, writeBatch([{ value: Buffer.alloc(1_100_000), timestamp: 1 }])),
  'produce: sequences': idempotence,
  'produce: an old duplicate': oldDuplicate,
  'produce: duplicates of the last five': duplicates,
  'produce: batches that overlap': otherBatches,
  'produce: an epoch raised, and a gap behind it': (p) =>
    inSequence(p, 1, [0, 0], [0, 2], [1, 2], [1, 0], [1, 4], [1, 2], [0, 2], [0, 4], [1, 4], [3, 0], [3, 2]),
  'produce: a producer that begins in the middle': (p) => inSequence(p, 2, [0, 6], [0, 8], [0, 6], [0, 4], [0, 0]),
  'produce: sequences wrap': async (p) => [
    await inSequence(p, 1, [0, 2 ** 31 - 2], [0, 0], [0, 2 ** 31 - 2], [0, 2], [0, 0]),
    await inSequence(p, 2, [0, 2 ** 31 - 1], [0, 1], [0, 2 ** 31 - 1], [0, 0], [0, 3]),
  ],
  'produce: producers that nobody has named': strangers,
  'fetch: start, end and beyond': async (p) => [await fetch(p, 0), await fetch(p, 4), await fetch(p, 5)],
  'fetch: epochs': async (p) => [await fetch(p, 0, 0), await fetch(p, 0, 5)],
  'fetch: no such partition or topic': async (p) => [await fetch(p, 0, -1, 99), await fetch(p, 0, -1, 0, 'nothing')],
  'fetch: no such session': async (p) =>
    (await p.client.send('Fetch', { sessionId: 77, sessionEpoch: 1 }, 11)).errorCode,
  'fetch: no such topic id': async (p) => {
    const topics = [{ topicId: NOBODY, partitions: [{ partition: 0, partitionMaxBytes: 100 }] }];
    return (await p.client.send('Fetch', { topics }, 13)).responses[0]?.partitions[0]?.errorCode;
  },
  'list offsets: ends': async (p) => [await listOffset(p, -1), await listOffset(p, -2), await listOffset(p, -4)],
  'list offsets: times': async (p) => [
    await listOffset(p, 0),
    await listOffset(p, 150),
    await listOffset(p, 301),
    await listOffset(p, 401),
    await listOffset(p, -3),
  ],
  'list offsets: errors': async (p) => [await listOffset(p, -1, 99), await listOffset(p, -1, 0, 5)],
  'join: errors': async (p) => [
    await join(p, { memberId: 'stranger' }),
    await join(p, { groupId: '' }),
    await join(p, { protocols: [] }),
    await join(p, { protocolType: '' }),
    await join(p, { sessionTimeoutMs: 100_000_000 }),
  ],
  'a member from join to leave': memberLife,
  'group requests without a group': async (p) => {
    const member = { groupId: p.fresh(), memberId: 'm', generationId: 1 };
    const { groupId } = member;
    return [
      (await p.client.send('Heartbeat', member)).errorCode,
      (await p.client.send('SyncGroup', member)).errorCode,
      (await p.client.send('SyncGroup', member, 4)).errorCode,
      (await p.client.send('LeaveGroup', { groupId, memberId: 'm' }, 2)).errorCode,
      (await p.client.send('LeaveGroup', { groupId, members: [{ memberId: 'm' }] })).members[0]?.errorCode,
      (await p.client.send('DescribeGroups', { groups: [groupId] }, 5)).groups.map((g) => [g.errorCode, g.groupState]),
      (await p.client.send('DescribeGroups', { groups: [groupId] }, 6)).groups.map((g) => [g.errorCode, g.groupState]),
    ];
  },
  'offsets of a group without members': async (p) => [
    await offsets(p, p.fresh(), -1),
    await offsets(p, p.fresh(), 5),
    await offsets(p, p.fresh(), -1, 'nothing'),
    await offsets(p, p.fresh(), -1, p.topic, 99),
  ],
  'create topics': async (p) => [
    await creation(p, {}),
    await creation(p, {}, true),
    await creation(p, { numPartitions: 0 }),
    await creation(p, { replicationFactor: 9 }),
    await creation(p, { name: 'not legal' }),
    await creation(p, { name: p.topic }),
    await creation(p, { numPartitions: 3, assignments: [{ partitionIndex: 0, brokerIds: [1] }] }),
  ],
  'create partitions': async (p) => [
    await growth(p, [{}], true),
    await growth(p, [{}]),
    await growth(p, [{}]),
    await growth(p, [{ count: 2 }, { name: p.fresh() }]),
    await growth(p, [{ count: 8 }, { count: 9 }]),
    await growth(p, [{ count: 8, assignments: [{ brokerIds: [1] }] }]),
    await growth(p, [{ count: 7, assignments: [{ brokerIds: [99] }] }]),
    await growth(p, [{ count: 7, assignments: [{ brokerIds: [] }] }]),
    await growth(p, [{ count: 7, assignments: [{ brokerIds: [1] }] }]),
  ],
  'delete topics': async (p) => {
    const topics = [{ name: p.fresh() }, { name: null, topicId: NOBODY }];
    const { responses } = await p.client.send('DeleteTopics', { timeoutMs: PATIENCE_MS, topics });
    // Kafka answers in no order of its own: it walks a hash map.
    return responses.map((r) => r.errorCode).sort((a, b) => a - b);
  },
  'offsets of leader epochs': async (p) => [
    await epochEnd(p, 0),
    await epochEnd(p, 5),
    await epochEnd(p, 0, 0),
    await epochEnd(p, 0, 3),
    await epochEnd(p, 0, -1, 99),
  ],
  'find coordinator: errors': async (p) => {
    const odd = await p.client.send('FindCoordinator', { coordinatorKeys: ['k'], keyType: 7 }, 4);
    return odd.coordinators.map((c) => c.errorCode);
  },
  'init producer id': async (p) => {
    await aProducerId(p);
    const init = (body: object) => p.client.send('InitProducerId', { transactionTimeoutMs: 1000, ...body });
    const named = { transactionalId: null, producerId: 4711, producerEpoch: 3 };
    return [(await init({ transactionalId: '' })).errorCode, (await init(named)).producerEpoch];
  },
  metadata: async (p) => [
    await metadata(p, p.topic),
    await metadata(p, p.fresh()),
    await metadata(p, 'not legal'),
    await metadata(p, null, p.topicId),
    await metadata(p, null, NOBODY),
  ],
};

test.each(Object.keys(PROBES))('%s', async (name) => {
  const t = await aMockCluster();
  const probe = PROBES[name] as (p: Peer) => Promise<unknown>;
  const mock = await peer(t.cluster.broker(1)?.port as number);
  const real = await peer(realPort);

  const [ours, theirs] = [await probe(mock), await probe(real)];

  expect(ours).toEqual(theirs);
});
