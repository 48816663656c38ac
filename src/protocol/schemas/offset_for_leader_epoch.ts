// Where the log of a leader epoch ends, to detect truncation.
// @thread any
import { type Api, api, f } from '../schema.ts';

// biome-ignore format: one line a field
export const OFFSET_FOR_LEADER_EPOCH: Api = api(23, 'OffsetForLeaderEpoch', '0-4', 4, [
  f('replicaId', 'int32', '3+', { default: -2, ignorable: true }),
  f('topics', '[]OffsetForLeaderTopic', '0+', {}, [
    f('topic', 'string', '0+'),
    f('partitions', '[]OffsetForLeaderPartition', '0+', {}, [
      f('partition', 'int32', '0+'),
      f('currentLeaderEpoch', 'int32', '2+', { default: -1, ignorable: true }),
      f('leaderEpoch', 'int32', '0+'),
    ]),
  ]),
], [
  f('throttleTimeMs', 'int32', '2+', { ignorable: true }),
  f('topics', '[]OffsetForLeaderTopicResult', '0+', {}, [
    f('topic', 'string', '0+'),
    f('partitions', '[]EpochEndOffset', '0+', {}, [
      f('errorCode', 'int16', '0+'),
      f('partition', 'int32', '0+'),
      f('leaderEpoch', 'int32', '1+', { default: -1, ignorable: true }),
      f('endOffset', 'int64', '0+', { default: -1 }),
    ]),
  ]),
]);
