// Deletes what lies before an offset.
// @thread any
import { type Api, api, f } from '../schema.ts';

// biome-ignore format: one line a field
export const DELETE_RECORDS: Api = api(21, 'DeleteRecords', '0-2', 2, [
  f('topics', '[]DeleteRecordsTopic', '0+', {}, [
    f('name', 'string', '0+'),
    f('partitions', '[]DeleteRecordsPartition', '0+', {}, [
      f('partitionIndex', 'int32', '0+'),
      f('offset', 'int64', '0+'),
    ]),
  ]),
  f('timeoutMs', 'int32', '0+'),
], [
  f('throttleTimeMs', 'int32', '0+'),
  f('topics', '[]DeleteRecordsTopicResult', '0+', {}, [
    f('name', 'string', '0+'),
    f('partitions', '[]DeleteRecordsPartitionResult', '0+', {}, [
      f('partitionIndex', 'int32', '0+'),
      f('lowWatermark', 'int64', '0+'),
      f('errorCode', 'int16', '0+'),
    ]),
  ]),
]);
