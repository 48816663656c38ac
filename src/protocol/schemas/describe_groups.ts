// State and members of groups.
// @thread any
import { type Api, api, f } from '../schema.ts';

// biome-ignore format: one line a field
export const DESCRIBE_GROUPS: Api = api(15, 'DescribeGroups', '0-6', 5, [
  f('groups', '[]string', '0+'),
  f('includeAuthorizedOperations', 'bool', '3+'),
], [
  f('throttleTimeMs', 'int32', '1+', { ignorable: true }),
  f('groups', '[]DescribedGroup', '0+', {}, [
    f('errorCode', 'int16', '0+'),
    f('errorMessage', 'string', '6+', { nullable: '6+', default: null }),
    f('groupId', 'string', '0+'),
    f('groupState', 'string', '0+'),
    f('protocolType', 'string', '0+'),
    f('protocolData', 'string', '0+'),
    f('members', '[]DescribedGroupMember', '0+', {}, [
      f('memberId', 'string', '0+'),
      f('groupInstanceId', 'string', '4+', { nullable: '4+', default: null, ignorable: true }),
      f('clientId', 'string', '0+'),
      f('clientHost', 'string', '0+'),
      f('memberMetadata', 'bytes', '0+'),
      f('memberAssignment', 'bytes', '0+'),
    ]),
    f('authorizedOperations', 'int32', '3+', { default: -2147483648 }),
  ]),
]);
