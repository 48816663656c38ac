// Record batches from the leaders of partitions. Versions below 4 never give record batches of format 2.
// From version 13 topics go by id. The default of `highWatermark` (followers only) is 2^63-1, which as a number is 2^63.
// @thread any
import { type Api, api, f } from '../schema.ts';

// biome-ignore format: one line a field
export const FETCH: Api = api(1, 'Fetch', '4-18', 12, [
  f('clusterId', 'string', '12+', { nullable: '12+', default: null, ignorable: true, tag: 0 }),
  f('replicaId', 'int32', '0-14', { default: -1 }),
  f('replicaState', 'ReplicaState', '15+', { tag: 1 }, [
    f('replicaId', 'int32', '15+', { default: -1 }),
    f('replicaEpoch', 'int64', '15+', { default: -1 }),
  ]),
  f('maxWaitMs', 'int32', '0+'),
  f('minBytes', 'int32', '0+'),
  f('maxBytes', 'int32', '3+', { default: 2147483647, ignorable: true }),
  f('isolationLevel', 'int8', '4+', { ignorable: true }),
  f('sessionId', 'int32', '7+', { ignorable: true }),
  f('sessionEpoch', 'int32', '7+', { default: -1, ignorable: true }),
  f('topics', '[]FetchTopic', '0+', {}, [
    f('topic', 'string', '0-12', { ignorable: true }),
    f('topicId', 'uuid', '13+', { ignorable: true }),
    f('partitions', '[]FetchPartition', '0+', {}, [
      f('partition', 'int32', '0+'),
      f('currentLeaderEpoch', 'int32', '9+', { default: -1, ignorable: true }),
      f('fetchOffset', 'int64', '0+'),
      f('lastFetchedEpoch', 'int32', '12+', { default: -1 }),
      f('logStartOffset', 'int64', '5+', { default: -1, ignorable: true }),
      f('partitionMaxBytes', 'int32', '0+'),
      f('replicaDirectoryId', 'uuid', '17+', { ignorable: true, tag: 0 }),
      f('highWatermark', 'int64', '18+', { default: 2 ** 63, ignorable: true, tag: 1 }),
    ]),
  ]),
  f('forgottenTopicsData', '[]ForgottenTopic', '7+', {}, [
    f('topic', 'string', '7-12', { ignorable: true }),
    f('topicId', 'uuid', '13+', { ignorable: true }),
    f('partitions', '[]int32', '7+'),
  ]),
  f('rackId', 'string', '11+', { ignorable: true }),
], [
  f('throttleTimeMs', 'int32', '1+', { ignorable: true }),
  f('errorCode', 'int16', '7+', { ignorable: true }),
  f('sessionId', 'int32', '7+'),
  f('responses', '[]FetchableTopicResponse', '0+', {}, [
    f('topic', 'string', '0-12', { ignorable: true }),
    f('topicId', 'uuid', '13+', { ignorable: true }),
    f('partitions', '[]PartitionData', '0+', {}, [
      f('partitionIndex', 'int32', '0+'),
      f('errorCode', 'int16', '0+'),
      f('highWatermark', 'int64', '0+'),
      f('lastStableOffset', 'int64', '4+', { default: -1, ignorable: true }),
      f('logStartOffset', 'int64', '5+', { default: -1, ignorable: true }),
      f('divergingEpoch', 'EpochEndOffset', '12+', { tag: 0 }, [
        f('epoch', 'int32', '12+', { default: -1 }),
        f('endOffset', 'int64', '12+', { default: -1 }),
      ]),
      f('currentLeader', 'LeaderIdAndEpoch', '12+', { tag: 1 }, [
        f('leaderId', 'int32', '12+', { default: -1 }),
        f('leaderEpoch', 'int32', '12+', { default: -1 }),
      ]),
      f('snapshotId', 'SnapshotId', '12+', { tag: 2 }, [
        f('endOffset', 'int64', '0+', { default: -1 }),
        f('epoch', 'int32', '0+', { default: -1 }),
      ]),
      f('abortedTransactions', '[]AbortedTransaction', '4+', { nullable: '4+', ignorable: true }, [
        f('producerId', 'int64', '4+'),
        f('firstOffset', 'int64', '4+'),
      ]),
      f('preferredReadReplica', 'int32', '11+', { default: -1 }),
      f('records', 'records', '0+', { nullable: '0+' }),
    ]),
  ]),
  f('nodeEndpoints', '[]NodeEndpoint', '16+', { tag: 0 }, [
    f('nodeId', 'int32', '16+'),
    f('host', 'string', '16+'),
    f('port', 'int32', '16+'),
    f('rack', 'string', '16+', { nullable: '16+', default: null }),
  ]),
]);
