// Offsets of a group, to its coordinator. Version 10 (topics by id) is unstable in Kafka 4.1.
// @thread any
import { type Api, api, f } from '../schema.ts';

// biome-ignore format: one line a field
export const OFFSET_COMMIT: Api = api(8, 'OffsetCommit', '0-9 10', 8, [
  f('groupId', 'string', '0+'),
  f('generationIdOrMemberEpoch', 'int32', '1+', { default: -1, ignorable: true }),
  f('memberId', 'string', '1+', { ignorable: true }),
  f('groupInstanceId', 'string', '7+', { nullable: '7+', default: null }),
  f('retentionTimeMs', 'int64', '2-4', { default: -1, ignorable: true }),
  f('topics', '[]OffsetCommitRequestTopic', '0+', {}, [
    f('name', 'string', '0-9', { ignorable: true }),
    f('topicId', 'uuid', '10+', { ignorable: true }),
    f('partitions', '[]OffsetCommitRequestPartition', '0+', {}, [
      f('partitionIndex', 'int32', '0+'),
      f('committedOffset', 'int64', '0+'),
      f('committedLeaderEpoch', 'int32', '6+', { default: -1, ignorable: true }),
      f('commitTimestamp', 'int64', '1', { default: -1 }),
      f('committedMetadata', 'string', '0+', { nullable: '0+', raw: true }),
    ]),
  ]),
], [
  f('throttleTimeMs', 'int32', '3+', { ignorable: true }),
  f('topics', '[]OffsetCommitResponseTopic', '0+', {}, [
    f('name', 'string', '0-9', { ignorable: true }),
    f('topicId', 'uuid', '10+', { ignorable: true }),
    f('partitions', '[]OffsetCommitResponsePartition', '0+', {}, [
      f('partitionIndex', 'int32', '0+'),
      f('errorCode', 'int16', '0+'),
    ]),
  ]),
]);
