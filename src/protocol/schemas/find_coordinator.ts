// The broker that coordinates a group or transactional id, from version 4 of several at once.
// @thread any
import { type Api, api, f } from '../schema.ts';

// biome-ignore format: one line a field
export const FIND_COORDINATOR: Api = api(10, 'FindCoordinator', '0-6', 3, [
  f('key', 'string', '0-3'),
  f('keyType', 'int8', '1+'),
  f('coordinatorKeys', '[]string', '4+'),
], [
  f('throttleTimeMs', 'int32', '1+', { ignorable: true }),
  f('errorCode', 'int16', '0-3'),
  f('errorMessage', 'string', '1-3', { nullable: '1-3', ignorable: true }),
  f('nodeId', 'int32', '0-3'),
  f('host', 'string', '0-3'),
  f('port', 'int32', '0-3'),
  f('coordinators', '[]Coordinator', '4+', {}, [
    f('key', 'string', '4+'),
    f('nodeId', 'int32', '4+'),
    f('host', 'string', '4+'),
    f('port', 'int32', '4+'),
    f('errorCode', 'int16', '4+'),
    f('errorMessage', 'string', '4+', { nullable: '4+', ignorable: true }),
  ]),
]);
