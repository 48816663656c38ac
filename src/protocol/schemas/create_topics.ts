// New topics, asked of the controller.
// @thread any
import { type Api, api, f } from '../schema.ts';

// biome-ignore format: one line a field
export const CREATE_TOPICS: Api = api(19, 'CreateTopics', '0-7', 5, [
  f('topics', '[]CreatableTopic', '0+', {}, [
    f('name', 'string', '0+'),
    f('numPartitions', 'int32', '0+'),
    f('replicationFactor', 'int16', '0+'),
    f('assignments', '[]CreatableReplicaAssignment', '0+', {}, [
      f('partitionIndex', 'int32', '0+'),
      f('brokerIds', '[]int32', '0+'),
    ]),
    f('configs', '[]CreatableTopicConfig', '0+', {}, [
      f('name', 'string', '0+'),
      f('value', 'string', '0+', { nullable: '0+' }),
    ]),
  ]),
  f('timeoutMs', 'int32', '0+', { default: 60000 }),
  f('validateOnly', 'bool', '1+'),
], [
  f('throttleTimeMs', 'int32', '2+', { ignorable: true }),
  f('topics', '[]CreatableTopicResult', '0+', {}, [
    f('name', 'string', '0+'),
    f('topicId', 'uuid', '7+', { ignorable: true }),
    f('errorCode', 'int16', '0+'),
    f('errorMessage', 'string', '1+', { nullable: '0+', ignorable: true }),
    f('topicConfigErrorCode', 'int16', '5+', { ignorable: true, tag: 0 }),
    f('numPartitions', 'int32', '5+', { default: -1, ignorable: true }),
    f('replicationFactor', 'int16', '5+', { default: -1, ignorable: true }),
    f('configs', '[]CreatableTopicConfigs', '5+', { nullable: '5+', ignorable: true }, [
      f('name', 'string', '5+'),
      f('value', 'string', '5+', { nullable: '5+' }),
      f('readOnly', 'bool', '5+'),
      f('configSource', 'int8', '5+', { default: -1, ignorable: true }),
      f('isSensitive', 'bool', '5+'),
    ]),
  ]),
]);
