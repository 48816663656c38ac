// Which versions a broker speaks: reading its ApiVersions answer, and choosing. @thread main|broker
import type { ApiName } from '../defs/api_name.ts';
import { APIS } from '../protocol/api.ts';
import { decodeResponse } from '../protocol/compile.ts';
import { readResponseHeader } from '../protocol/frame.ts';
import { Reader } from '../protocol/reader.ts';

export interface VersionRange {
  readonly min: number;
  readonly max: number;
}

/** A broker's versions by API key. */
export type BrokerVersions = ReadonlyMap<number, VersionRange>;

export const UNSUPPORTED_VERSION = 35;
export const INVALID_REQUEST = 42;
/** The version to ask with first: the newest that carries our name and that all brokers answer alike. */
export const FIRST_QUERY = 3;

/**
 * Reads an ApiVersions answer to a request of `version`. A broker that lacks the version answers in version 0, so the
 * error code, which stands at the same place in all of them, is looked at first.
 * @throws ProtocolError naming the field.
 */
export function readApiVersions(frame: Uint8Array, version: number): { errorCode: number; versions: BrokerVersions } {
  const reader = new Reader(frame);
  readResponseHeader('ApiVersions', version, reader);
  const errorCode = new Reader(frame, reader.position).int16();
  const answer = decodeResponse('ApiVersions', errorCode === UNSUPPORTED_VERSION ? 0 : version, reader, 'ignore');
  const versions = new Map<number, VersionRange>();
  for (const api of answer.apiKeys ?? []) versions.set(api.apiKey, { min: api.minVersion, max: api.maxVersion });
  return { errorCode, versions };
}

/**
 * The version to repeat the query with after an answer with that error: what the broker says it takes, else 0; -1: none.
 */
export function nextQueryVersion(asked: number, errorCode: number, versions: BrokerVersions): number {
  if (asked === 0 || (errorCode !== UNSUPPORTED_VERSION && errorCode !== INVALID_REQUEST)) return -1;
  const offered = versions.get(APIS.ApiVersions.key);
  if (errorCode === INVALID_REQUEST || offered === undefined) return 0;
  return Math.max(0, Math.min(asked - 1, offered.max));
}

/** The highest version of `name` that the broker, we, and the caller (min to max, both included) have; -1 if none. */
export function commonVersion(versions: BrokerVersions, name: ApiName, min: number, max: number): number {
  const ours = APIS[name];
  const theirs = versions.get(ours.key);
  if (theirs === undefined) return -1;
  const version = Math.min(ours.max, theirs.max, max);
  return version >= Math.max(ours.min, theirs.min, min) ? version : -1;
}
