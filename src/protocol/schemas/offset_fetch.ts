// Committed offsets of one group, from version 8 of several. Version 10 (topics by id) is unstable in Kafka 4.1.
// @thread any
import { type Api, api, f } from '../schema.ts';

// biome-ignore format: one line a field
export const OFFSET_FETCH: Api = api(9, 'OffsetFetch', '0-9 10', 6, [
  f('groupId', 'string', '0-7'),
  f('topics', '[]OffsetFetchRequestTopic', '0-7', { nullable: '2-7' }, [
    f('name', 'string', '0-7'),
    f('partitionIndexes', '[]int32', '0-7'),
  ]),
  f('groups', '[]OffsetFetchRequestGroup', '8+', {}, [
    f('groupId', 'string', '8+'),
    f('memberId', 'string', '9+', { nullable: '9+', default: null, ignorable: true }),
    f('memberEpoch', 'int32', '9+', { default: -1, ignorable: true }),
    f('topics', '[]OffsetFetchRequestTopics', '8+', { nullable: '8+' }, [
      f('name', 'string', '8-9', { ignorable: true }),
      f('topicId', 'uuid', '10+', { ignorable: true }),
      f('partitionIndexes', '[]int32', '8+'),
    ]),
  ]),
  f('requireStable', 'bool', '7+'),
], [
  f('throttleTimeMs', 'int32', '3+', { ignorable: true }),
  f('topics', '[]OffsetFetchResponseTopic', '0-7', {}, [
    f('name', 'string', '0-7'),
    f('partitions', '[]OffsetFetchResponsePartition', '0-7', {}, [
      f('partitionIndex', 'int32', '0-7'),
      f('committedOffset', 'int64', '0-7'),
      f('committedLeaderEpoch', 'int32', '5-7', { default: -1, ignorable: true }),
      f('metadata', 'string', '0-7', { nullable: '0-7', raw: true }),
      f('errorCode', 'int16', '0-7'),
    ]),
  ]),
  f('errorCode', 'int16', '2-7', { ignorable: true }),
  f('groups', '[]OffsetFetchResponseGroup', '8+', {}, [
    f('groupId', 'string', '8+'),
    f('topics', '[]OffsetFetchResponseTopics', '8+', {}, [
      f('name', 'string', '8-9', { ignorable: true }),
      f('topicId', 'uuid', '10+', { ignorable: true }),
      f('partitions', '[]OffsetFetchResponsePartitions', '8+', {}, [
        f('partitionIndex', 'int32', '8+'),
        f('committedOffset', 'int64', '8+'),
        f('committedLeaderEpoch', 'int32', '8+', { default: -1, ignorable: true }),
        f('metadata', 'string', '8+', { nullable: '8+', raw: true }),
        f('errorCode', 'int16', '8+'),
      ]),
    ]),
    f('errorCode', 'int16', '8+'),
  ]),
]);
