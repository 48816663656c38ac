// Offsets of timestamps, and of the ends of a log. Version 0 asks for a list of segment starts.
// @thread any
import { type Api, api, f } from '../schema.ts';

// biome-ignore format: one line a field
export const LIST_OFFSETS: Api = api(2, 'ListOffsets', '0-10', 6, [
  f('replicaId', 'int32', '0+'),
  f('isolationLevel', 'int8', '2+'),
  f('topics', '[]ListOffsetsTopic', '0+', {}, [
    f('name', 'string', '0+'),
    f('partitions', '[]ListOffsetsPartition', '0+', {}, [
      f('partitionIndex', 'int32', '0+'),
      f('currentLeaderEpoch', 'int32', '4+', { default: -1, ignorable: true }),
      f('timestamp', 'int64', '0+'),
      f('maxNumOffsets', 'int32', '0', { default: 1 }),
    ]),
  ]),
  f('timeoutMs', 'int32', '10+', { ignorable: true }),
], [
  f('throttleTimeMs', 'int32', '2+', { ignorable: true }),
  f('topics', '[]ListOffsetsTopicResponse', '0+', {}, [
    f('name', 'string', '0+'),
    f('partitions', '[]ListOffsetsPartitionResponse', '0+', {}, [
      f('partitionIndex', 'int32', '0+'),
      f('errorCode', 'int16', '0+'),
      f('oldStyleOffsets', '[]int64', '0'),
      f('timestamp', 'int64', '1+', { default: -1 }),
      f('offset', 'int64', '1+', { default: -1 }),
      f('leaderEpoch', 'int32', '4+', { default: -1 }),
    ]),
  ]),
]);
