// The leader hands out assignments, each member fetches its own.
// @thread any
import { type Api, api, f } from '../schema.ts';

// biome-ignore format: one line a field
export const SYNC_GROUP: Api = api(14, 'SyncGroup', '0-5', 4, [
  f('groupId', 'string', '0+'),
  f('generationId', 'int32', '0+'),
  f('memberId', 'string', '0+'),
  f('groupInstanceId', 'string', '3+', { nullable: '3+', default: null }),
  f('protocolType', 'string', '5+', { nullable: '5+', default: null, ignorable: true }),
  f('protocolName', 'string', '5+', { nullable: '5+', default: null, ignorable: true }),
  f('assignments', '[]SyncGroupRequestAssignment', '0+', {}, [
    f('memberId', 'string', '0+'),
    f('assignment', 'bytes', '0+'),
  ]),
], [
  f('throttleTimeMs', 'int32', '1+', { ignorable: true }),
  f('errorCode', 'int16', '0+'),
  f('protocolType', 'string', '5+', { nullable: '5+', default: null, ignorable: true }),
  f('protocolName', 'string', '5+', { nullable: '5+', default: null, ignorable: true }),
  f('assignment', 'bytes', '0+'),
]);
