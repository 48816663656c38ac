// State and members of KIP-848 groups. `memberType` (version 1): 0 classic, 1 consumer.
// @thread any
import { type Api, api, type Field, f } from '../schema.ts';

// biome-ignore format: one line a field
const ASSIGNMENT: readonly Field[] = [
  f('topicPartitions', '[]TopicPartitions', '0+', {}, [
    f('topicId', 'uuid', '0+'),
    f('topicName', 'string', '0+'),
    f('partitions', '[]int32', '0+'),
  ]),
];

// biome-ignore format: one line a field
export const CONSUMER_GROUP_DESCRIBE: Api = api(69, 'ConsumerGroupDescribe', '0-1', 0, [
  f('groupIds', '[]string', '0+'),
  f('includeAuthorizedOperations', 'bool', '0+'),
], [
  f('throttleTimeMs', 'int32', '0+'),
  f('groups', '[]DescribedGroup', '0+', {}, [
    f('errorCode', 'int16', '0+'),
    f('errorMessage', 'string', '0+', { nullable: '0+', default: null }),
    f('groupId', 'string', '0+'),
    f('groupState', 'string', '0+'),
    f('groupEpoch', 'int32', '0+'),
    f('assignmentEpoch', 'int32', '0+'),
    f('assignorName', 'string', '0+'),
    f('members', '[]Member', '0+', {}, [
      f('memberId', 'string', '0+'),
      f('instanceId', 'string', '0+', { nullable: '0+', default: null }),
      f('rackId', 'string', '0+', { nullable: '0+', default: null }),
      f('memberEpoch', 'int32', '0+'),
      f('clientId', 'string', '0+'),
      f('clientHost', 'string', '0+'),
      f('subscribedTopicNames', '[]string', '0+'),
      f('subscribedTopicRegex', 'string', '0+', { nullable: '0+', default: null }),
      f('assignment', 'Assignment', '0+', {}, ASSIGNMENT),
      f('targetAssignment', 'Assignment', '0+', {}, ASSIGNMENT),
      f('memberType', 'int8', '1+', { default: -1, ignorable: true }),
    ]),
    f('authorizedOperations', 'int32', '0+', { default: -2147483648 }),
  ]),
]);
