// A member of a classic group is alive.
// @thread any
import { type Api, api, f } from '../schema.ts';

// biome-ignore format: one line a field
export const HEARTBEAT: Api = api(12, 'Heartbeat', '0-4', 4, [
  f('groupId', 'string', '0+'),
  f('generationId', 'int32', '0+'),
  f('memberId', 'string', '0+'),
  f('groupInstanceId', 'string', '3+', { nullable: '3+', default: null }),
], [
  f('throttleTimeMs', 'int32', '1+', { ignorable: true }),
  f('errorCode', 'int16', '0+'),
]);
