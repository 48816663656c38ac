// What several rows of the property table need: limits, flag words, validators, reasons. @thread any
import * as contexts from '../defs/debug_contexts.generated.ts';
import { parseDuration } from '../defs/offset_time.ts';

export const INT_MAX = 2147483647;

/** Debug contexts in librdkafka's order; `all` is the last and has every bit. */
export const DEBUG_CONTEXTS: readonly (readonly [string, number])[] = Object.entries(contexts)
  .filter(([, bits]) => bits !== 0)
  .map(([name, bits]) => [name.replace('RD_KAFKA_DBG_', '').toLowerCase(), bits] as const)
  .sort((a, b) => a[1] - b[1]);

export const FEATURES: readonly (readonly [string, number])[] = [
  ['gzip', 0x1],
  ['snappy', 0x2],
  ['ssl', 0x4],
  ['sasl', 0x8],
  ['regex', 0x10],
  ['lz4', 0x20],
  ['sasl_gssapi', 0x40],
  ['sasl_plain', 0x80],
  ['sasl_scram', 0x100],
  ['plugins', 0x200],
  ['zstd', 0x400],
  ['sasl_oauthbearer', 0x800],
  ['http', 0x1000],
  ['oidc', 0x2000],
];

const LATER = 'not there yet';

/** Features that this version lacks: not listed by conf_get, refused by conf_set. Each goes when it works. */
export const MISSING_FEATURES: Readonly<Record<string, string>> = {
  ssl: LATER,
  sasl: LATER,
  sasl_gssapi: 'GSSAPI needs a native Kerberos library',
  sasl_plain: LATER,
  sasl_scram: LATER,
  plugins: LATER,
  sasl_oauthbearer: LATER,
  http: LATER,
  oidc: LATER,
};

const windows = process.platform === 'win32';
export const WINDOWS_ONLY: string | null = windows ? null : 'there are certificate stores on Windows only';
export const NOT_ON_WINDOWS: string | null = windows ? 'Windows logs on by itself (SSPI), not by key tabs' : null;

export function isSingle(value: string): boolean {
  return !/[, ]/.test(value);
}

const PARTITIONERS: readonly string[] = [
  'consistent_random',
  'random',
  'consistent',
  'murmur2',
  'murmur2_random',
  'fnv1a',
  'fnv1a_random',
];

export function isPartitioner(value: string): boolean {
  return PARTITIONERS.includes(value);
}

/** Of Kafka 4.0's auto.offset.reset=by_duration:... */
export function isDuration(value: string): boolean {
  return parseDuration(value) !== null;
}

/** librdkafka knows every version but 0.6 and 0.7. */
export function isBrokerVersion(value: string): boolean {
  return !/^0\.[67]\./.test(value);
}
