// One step of a SASL exchange.
// @thread any
import { type Api, api, f } from '../schema.ts';

// biome-ignore format: one line a field
export const SASL_AUTHENTICATE: Api = api(36, 'SaslAuthenticate', '0-2', 2, [
  f('authBytes', 'bytes', '0+'),
], [
  f('errorCode', 'int16', '0+'),
  f('errorMessage', 'string', '0+', { nullable: '0+' }),
  f('authBytes', 'bytes', '0+'),
  f('sessionLifetimeMs', 'int64', '1+', { ignorable: true }),
]);
