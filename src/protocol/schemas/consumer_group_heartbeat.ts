// A member of a KIP-848 group joins, stays or leaves. From version 1 the member names itself and may subscribe by a regex.
// @thread any
import { type Api, api, type Field, f } from '../schema.ts';

// biome-ignore format: one line a field
const TOPIC_PARTITIONS: readonly Field[] = [
  f('topicId', 'uuid', '0+'),
  f('partitions', '[]int32', '0+'),
];

// biome-ignore format: one line a field
export const CONSUMER_GROUP_HEARTBEAT: Api = api(68, 'ConsumerGroupHeartbeat', '0-1', 0, [
  f('groupId', 'string', '0+'),
  f('memberId', 'string', '0+'),
  f('memberEpoch', 'int32', '0+'),
  f('instanceId', 'string', '0+', { nullable: '0+', default: null }),
  f('rackId', 'string', '0+', { nullable: '0+', default: null }),
  f('rebalanceTimeoutMs', 'int32', '0+', { default: -1 }),
  f('subscribedTopicNames', '[]string', '0+', { nullable: '0+', default: null }),
  f('subscribedTopicRegex', 'string', '1+', { nullable: '1+', default: null }),
  f('serverAssignor', 'string', '0+', { nullable: '0+', default: null }),
  f('topicPartitions', '[]TopicPartitions', '0+', { nullable: '0+', default: null }, TOPIC_PARTITIONS),
], [
  f('throttleTimeMs', 'int32', '0+'),
  f('errorCode', 'int16', '0+'),
  f('errorMessage', 'string', '0+', { nullable: '0+', default: null }),
  f('memberId', 'string', '0+', { nullable: '0+', default: null }),
  f('memberEpoch', 'int32', '0+'),
  f('heartbeatIntervalMs', 'int32', '0+'),
  f('assignment', 'Assignment', '0+', { nullable: '0+', default: null }, [
    f('topicPartitions', '[]TopicPartitions', '0+', {}, TOPIC_PARTITIONS),
  ]),
]);
