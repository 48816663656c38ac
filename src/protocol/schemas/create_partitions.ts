// More partitions for topics, asked of the controller.
// @thread any
import { type Api, api, f } from '../schema.ts';

// biome-ignore format: one line a field
export const CREATE_PARTITIONS: Api = api(37, 'CreatePartitions', '0-3', 2, [
  f('topics', '[]CreatePartitionsTopic', '0+', {}, [
    f('name', 'string', '0+'),
    f('count', 'int32', '0+'),
    f('assignments', '[]CreatePartitionsAssignment', '0+', { nullable: '0+' }, [
      f('brokerIds', '[]int32', '0+'),
    ]),
  ]),
  f('timeoutMs', 'int32', '0+'),
  f('validateOnly', 'bool', '0+'),
], [
  f('throttleTimeMs', 'int32', '0+'),
  f('results', '[]CreatePartitionsTopicResult', '0+', {}, [
    f('name', 'string', '0+'),
    f('errorCode', 'int16', '0+'),
    f('errorMessage', 'string', '0+', { nullable: '0+', default: null }),
  ]),
]);
