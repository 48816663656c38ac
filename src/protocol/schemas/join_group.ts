// A member joins its classic group; the answer names the leader, who also gets everybody's subscription.
// @thread any
import { type Api, api, f } from '../schema.ts';

// biome-ignore format: one line a field
export const JOIN_GROUP: Api = api(11, 'JoinGroup', '0-9', 6, [
  f('groupId', 'string', '0+'),
  f('sessionTimeoutMs', 'int32', '0+'),
  f('rebalanceTimeoutMs', 'int32', '1+', { default: -1, ignorable: true }),
  f('memberId', 'string', '0+'),
  f('groupInstanceId', 'string', '5+', { nullable: '5+', default: null }),
  f('protocolType', 'string', '0+'),
  f('protocols', '[]JoinGroupRequestProtocol', '0+', {}, [
    f('name', 'string', '0+'),
    f('metadata', 'bytes', '0+'),
  ]),
  f('reason', 'string', '8+', { nullable: '8+', default: null, ignorable: true }),
], [
  f('throttleTimeMs', 'int32', '2+', { ignorable: true }),
  f('errorCode', 'int16', '0+'),
  f('generationId', 'int32', '0+', { default: -1 }),
  f('protocolType', 'string', '7+', { nullable: '7+', default: null, ignorable: true }),
  f('protocolName', 'string', '0+', { nullable: '7+' }),
  f('leader', 'string', '0+'),
  f('skipAssignment', 'bool', '9+'),
  f('memberId', 'string', '0+'),
  f('members', '[]JoinGroupResponseMember', '0+', {}, [
    f('memberId', 'string', '0+'),
    f('groupInstanceId', 'string', '5+', { nullable: '5+', default: null, ignorable: true }),
    f('metadata', 'bytes', '0+'),
  ]),
]);
