// Brokers, topics, leaders. A null list of topics asks for all of them (in version 0 an empty one does).
// @thread any
import { type Api, api, f } from '../schema.ts';

// biome-ignore format: one line a field
export const METADATA: Api = api(3, 'Metadata', '0-13', 9, [
  f('topics', '[]MetadataRequestTopic', '0+', { nullable: '1+' }, [
    f('topicId', 'uuid', '10+', { ignorable: true }),
    f('name', 'string', '0+', { nullable: '10+' }),
  ]),
  f('allowAutoTopicCreation', 'bool', '4+', { default: true }),
  f('includeClusterAuthorizedOperations', 'bool', '8-10'),
  f('includeTopicAuthorizedOperations', 'bool', '8+'),
], [
  f('throttleTimeMs', 'int32', '3+', { ignorable: true }),
  f('brokers', '[]MetadataResponseBroker', '0+', {}, [
    f('nodeId', 'int32', '0+'),
    f('host', 'string', '0+'),
    f('port', 'int32', '0+'),
    f('rack', 'string', '1+', { nullable: '1+', default: null, ignorable: true }),
  ]),
  f('clusterId', 'string', '2+', { nullable: '2+', default: null, ignorable: true }),
  f('controllerId', 'int32', '1+', { default: -1, ignorable: true }),
  f('topics', '[]MetadataResponseTopic', '0+', {}, [
    f('errorCode', 'int16', '0+'),
    f('name', 'string', '0+', { nullable: '12+' }),
    f('topicId', 'uuid', '10+', { ignorable: true }),
    f('isInternal', 'bool', '1+', { ignorable: true }),
    f('partitions', '[]MetadataResponsePartition', '0+', {}, [
      f('errorCode', 'int16', '0+'),
      f('partitionIndex', 'int32', '0+'),
      f('leaderId', 'int32', '0+'),
      f('leaderEpoch', 'int32', '7+', { default: -1, ignorable: true }),
      f('replicaNodes', '[]int32', '0+'),
      f('isrNodes', '[]int32', '0+'),
      f('offlineReplicas', '[]int32', '5+', { ignorable: true }),
    ]),
    f('topicAuthorizedOperations', 'int32', '8+', { default: -2147483648 }),
  ]),
  f('clusterAuthorizedOperations', 'int32', '8-10', { default: -2147483648 }),
  f('errorCode', 'int16', '13+', { ignorable: true }),
]);
