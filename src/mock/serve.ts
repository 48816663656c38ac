// One request from frame to answer: header, version check, pushed faults, handler, encoding. @thread mock
import { apiByKey } from '../protocol/api.ts';
import { type Body, decodeRequest } from '../protocol/compile.ts';
import { readRequestHeader, responseFrame } from '../protocol/frame.ts';
import type { FetchRequest, HeartbeatRequest, Messages } from '../protocol/messages.ts';
import { ProtocolError, Reader } from '../protocol/reader.ts';
import type { Broker } from './broker.ts';
import type { MockCluster } from './cluster.ts';
import { E } from './codes.ts';
import type { Connection } from './connection.ts';
import type { Context, Handler } from './context.ts';
import { type Fault, NO_FAULT, nextFault } from './faults.ts';
import { unsupportedApiVersions } from './handlers/18_api_versions.ts';
import { HANDLERS, type HandledName } from './handlers/table.ts';

/** The frame to send (null: none) and how long to hold it back, in ms. */
export type Answered = (frame: Uint8Array | null, rtt: number) => void;

export interface Served {
  readonly connection: Connection;
  onAbandoned(fn: () => void): void;
}

/** The fault that a test has tied to what this request is about. */
function tiedFault(cluster: MockCluster, broker: Broker, apiKey: number, request: object): Fault | undefined {
  const { conditions, topics } = cluster;
  if (conditions.empty) return undefined;
  // A Fetch of a session names only what is new in it.
  const { topics: named = [], sessionId } = request as Partial<FetchRequest>;
  const session = sessionId === undefined ? undefined : broker.sessions.get(sessionId);
  const about = session === undefined ? request : { topics: [...named, ...session.asked()] };
  return conditions.next(apiKey, broker.id, about, (id) => topics.byId(id)?.name);
}

/** A coordinator that says that it does not know a member does not have it, or the others would wait for its session. */
function forgetMember({ groups }: MockCluster, request: object): void {
  const { groupId, memberId, groupInstanceId = null } = request as Partial<HeartbeatRequest>;
  const group = groups.find(groupId ?? '');
  if (group?.type === 'classic' && memberId !== undefined) group.leave(memberId, groupInstanceId);
}

/**
 * Serves one request frame (without its size); `answered` is called once, now or later, unless the connection is cut.
 * @throws ProtocolError or another error with a text for people: the connection must be closed.
 */
export function serveFrame(
  cluster: MockCluster,
  broker: Broker,
  served: Served,
  frame: Uint8Array,
  answered: Answered,
): void {
  const reader = new Reader(frame);
  const { apiKey, apiVersion, correlationId, clientId } = readRequestHeader(reader);
  const name = apiByKey(apiKey)?.name;
  const { seen, tracking, clock } = cluster;
  const tracked = { id: broker.id, apiKey, apiVersion, clientId, timestamp: clock.now() * 1000 };
  if (name !== undefined) seen.record(tracked);
  if (name === undefined || !(name in HANDLERS)) {
    throw new ProtocolError(`${name ?? 'unknown'} (key ${apiKey}) is not served here`, 'apiKey', 'request header');
  }
  const handled = name as HandledName;
  tracking.record(tracked);
  const { min, max } = cluster.versionsOf(handled);
  if (apiVersion < min || apiVersion > max) {
    if (handled !== 'ApiVersions') {
      throw new ProtocolError(`${name} version ${apiVersion} is not within ${min} and ${max}`, 'apiVersion');
    }
    answered(responseFrame('ApiVersions', 0, correlationId, unsupportedApiVersions(cluster)), 0);
    return;
  }
  const request = decodeRequest(handled, apiVersion, reader);
  const pushed = nextFault(broker.faults, cluster.faults, apiKey);
  const tied = pushed === NO_FAULT ? tiedFault(cluster, broker, apiKey, request) : undefined;
  const fault = tied ?? pushed;
  if (tied?.error === E.UNKNOWN_MEMBER_ID) forgetMember(cluster, request);
  if (fault.error === E.LOCAL_TRANSPORT) {
    served.connection.close(`${name} refused by a pushed error`);
    return;
  }
  const cx: Context = {
    cluster,
    broker,
    version: apiVersion,
    clientId: clientId ?? '',
    clientHost: served.connection.clientHost,
    error: fault.error,
    tied: tied !== undefined,
    close: (reason) => served.connection.close(reason),
    onAbandoned: served.onAbandoned,
  };
  const answer = (response: Body<Messages[HandledName]['response']> | null): void => {
    if (fault.loseAnswer) {
      served.connection.close(`answer to ${name} lost on purpose`);
      return;
    }
    let frame: Uint8Array | null = null;
    try {
      if (response !== null) frame = responseFrame(handled, apiVersion, correlationId, response);
    } catch (error) {
      // Ours to mend; but a group that is in the middle of a rebalance must not be torn by it.
      cluster.log(3, 'MOCK', `Broker ${broker.id}: internal error: ${(error as Error).message}`);
      served.connection.close('answer could not be encoded');
      return;
    }
    answered(frame, fault.rtt);
  };
  const handle = HANDLERS[handled].handle as Handler<HandledName>;
  handle(cx, request, answer);
}
