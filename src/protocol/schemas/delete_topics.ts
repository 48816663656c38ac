// Topics to delete, asked of the controller; from version 6 also by id.
// @thread any
import { type Api, api, f } from '../schema.ts';

// biome-ignore format: one line a field
export const DELETE_TOPICS: Api = api(20, 'DeleteTopics', '0-6', 4, [
  f('topics', '[]DeleteTopicState', '6+', {}, [
    f('name', 'string', '6+', { nullable: '6+', default: null }),
    f('topicId', 'uuid', '6+'),
  ]),
  f('topicNames', '[]string', '0-5', { ignorable: true }),
  f('timeoutMs', 'int32', '0+'),
], [
  f('throttleTimeMs', 'int32', '1+', { ignorable: true }),
  f('responses', '[]DeletableTopicResult', '0+', {}, [
    f('name', 'string', '0+', { nullable: '6+' }),
    f('topicId', 'uuid', '6+', { ignorable: true }),
    f('errorCode', 'int16', '0+'),
    f('errorMessage', 'string', '5+', { nullable: '5+', default: null, ignorable: true }),
  ]),
]);
