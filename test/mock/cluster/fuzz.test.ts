// Frames with a few bytes changed, from a seeded generator: each is answered or closes its connection, and the cluster
// serves on.
import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { requestFrame } from '../../../src/protocol/frame.ts';
import { writeBatch } from '../../../src/records/batch_writer.ts';
import { aMockCluster, rawClient } from './kit.ts';

const FRAMES = 1500;

/** Numerical Recipes' generator: the same frames each time. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

function samples(): Uint8Array[] {
  const records = writeBatch([{ key: 'k', value: 'v', timestamp: 1 }]);
  const partitions = [{ partition: 0, partitionMaxBytes: 1000 }];
  const protocols = [{ name: 'range', metadata: new Uint8Array(8) }];
  const member = { groupId: 'g', memberId: 'm', generationId: 1 };
  return [
    requestFrame('Produce', 9, 1, 'c', {
      acks: -1,
      topicData: [{ name: 't', partitionData: [{ index: 0, records }] }],
    }),
    requestFrame('Produce', 3, 1, 'c', { acks: 0, topicData: [{ name: 't', partitionData: [{ index: 0, records }] }] }),
    requestFrame('Fetch', 12, 1, 'c', { maxWaitMs: 1, topics: [{ topic: 't', partitions }] }),
    requestFrame('Metadata', 12, 1, 'c', { topics: [{ name: 't' }] }),
    requestFrame('ListOffsets', 7, 1, 'c', { topics: [{ name: 't', partitions: [{ partitionIndex: 0 }] }] }),
    requestFrame('JoinGroup', 9, 1, 'c', { groupId: 'g', sessionTimeoutMs: 50, protocolType: 'consumer', protocols }),
    requestFrame('JoinGroup', 2, 1, 'c', { groupId: 'g', sessionTimeoutMs: 50, protocolType: 'consumer', protocols }),
    requestFrame('SyncGroup', 5, 1, 'c', { ...member, assignments: [{ memberId: 'm', assignment: records }] }),
    requestFrame('OffsetCommit', 8, 1, 'c', {
      groupId: 'g',
      generationIdOrMemberEpoch: -1,
      topics: [{ name: 't', partitions: [{ partitionIndex: 0, committedOffset: 1 }] }],
    }),
    requestFrame('OffsetFetch', 8, 1, 'c', { groups: [{ groupId: 'g', topics: null }] }),
    requestFrame('CreateTopics', 5, 1, 'c', { topics: [{ name: 'x', numPartitions: 1, replicationFactor: 1 }] }),
    requestFrame('DeleteTopics', 4, 1, 'c', { topicNames: ['x'] }),
    requestFrame('InitProducerId', 4, 1, 'c', { transactionalId: 'tx', transactionTimeoutMs: 1 }),
    requestFrame('FindCoordinator', 4, 1, 'c', { coordinatorKeys: ['g'] }),
    requestFrame('ApiVersions', 3, 1, 'c', { clientSoftwareName: 'a', clientSoftwareVersion: 'b' }),
  ];
}

test('changed frames do no harm', async () => {
  const t = await aMockCluster({ topics: { t: 1 } });
  const port = t.cluster.broker(1)?.port as number;
  const below = generator(20_261_121);
  const frames = samples();

  for (let i = 0; i < FRAMES; i++) {
    const frame = frames[below(frames.length)]!.slice();
    for (let n = 1 + below(4); n > 0; n--) frame[4 + below(frame.length - 4)] = below(256);
    const socket = connect({ port, host: '127.0.0.1' });
    socket.on('error', () => {});
    socket.resume();
    socket.end(frame);
    await once(socket, 'close');
  }

  expect((await rawClient(t).send('Metadata', { topics: [{ name: 't' }] })).topics[0]?.errorCode).toBe(0);
  expect(t.complaints.length).toBeGreaterThan(100);
  expect(t.complaints.filter((text) => text.includes('internal error'))).toEqual([]);
});
