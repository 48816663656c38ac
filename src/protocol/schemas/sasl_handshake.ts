// Picks a SASL mechanism.
// @thread any
import { type Api, api, f, NEVER } from '../schema.ts';

// biome-ignore format: one line a field
export const SASL_HANDSHAKE: Api = api(17, 'SaslHandshake', '0-1', NEVER, [
  f('mechanism', 'string', '0+'),
], [
  f('errorCode', 'int16', '0+'),
  f('mechanisms', '[]string', '0+'),
]);
