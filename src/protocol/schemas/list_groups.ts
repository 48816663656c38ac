// Groups that a broker coordinates.
// @thread any
import { type Api, api, f } from '../schema.ts';

// biome-ignore format: one line a field
export const LIST_GROUPS: Api = api(16, 'ListGroups', '0-5', 3, [
  f('statesFilter', '[]string', '4+'),
  f('typesFilter', '[]string', '5+'),
], [
  f('throttleTimeMs', 'int32', '1+', { ignorable: true }),
  f('errorCode', 'int16', '0+'),
  f('groups', '[]ListedGroup', '0+', {}, [
    f('groupId', 'string', '0+'),
    f('protocolType', 'string', '0+'),
    f('groupState', 'string', '4+', { ignorable: true }),
    f('groupType', 'string', '5+', { ignorable: true }),
  ]),
]);
