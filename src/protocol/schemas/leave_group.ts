// Members leave their classic group, from version 3 several at once.
// @thread any
import { type Api, api, f } from '../schema.ts';

// biome-ignore format: one line a field
export const LEAVE_GROUP: Api = api(13, 'LeaveGroup', '0-5', 4, [
  f('groupId', 'string', '0+'),
  f('memberId', 'string', '0-2'),
  f('members', '[]MemberIdentity', '3+', {}, [
    f('memberId', 'string', '3+'),
    f('groupInstanceId', 'string', '3+', { nullable: '3+', default: null }),
    f('reason', 'string', '5+', { nullable: '5+', default: null, ignorable: true }),
  ]),
], [
  f('throttleTimeMs', 'int32', '1+', { ignorable: true }),
  f('errorCode', 'int16', '0+'),
  f('members', '[]MemberResponse', '3+', {}, [
    f('memberId', 'string', '3+'),
    f('groupInstanceId', 'string', '3+', { nullable: '3+' }),
    f('errorCode', 'int16', '3+'),
  ]),
]);
