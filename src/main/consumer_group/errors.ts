// What to do about a heartbeat that was refused or not answered. @thread main
import {
  RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE,
  RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED,
  RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID,
  RD_KAFKA_RESP_ERR_FENCED_MEMBER_EPOCH,
  RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED,
  RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND,
  RD_KAFKA_RESP_ERR_GROUP_MAX_SIZE_REACHED,
  RD_KAFKA_RESP_ERR_INVALID_REQUEST,
  RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
  RD_KAFKA_RESP_ERR_UNKNOWN,
  RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
  RD_KAFKA_RESP_ERR_UNRELEASED_INSTANCE_ID,
  RD_KAFKA_RESP_ERR_UNSUPPORTED_ASSIGNOR,
  RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION,
} from '../../defs/enums.ts';
import { isRetriable } from '../../defs/errors.ts';
import { remedyOf } from '../group/errors.ts';

/**
 * - coordinator: look for the coordinator anew, still a member
 * - retry: ask again after a while
 * - rejoin: no member any more; what we have is lost, join again under the same id
 * - tell: the app is told, and it is asked again
 * - fatal: this consumer can't go on
 */
export type HeartbeatRemedy = 'coordinator' | 'retry' | 'rejoin' | 'tell' | 'fatal';

const REMEDIES: ReadonlyMap<number, HeartbeatRemedy> = new Map<number, HeartbeatRemedy>([
  // Heartbeats came too late, or an operator has removed us.
  [RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, 'rejoin'],
  [RD_KAFKA_RESP_ERR_FENCED_MEMBER_EPOCH, 'rejoin'],
  // Rights come and go while we run.
  [RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 'tell'],
  [RD_KAFKA_RESP_ERR_INVALID_REQUEST, 'fatal'],
  [RD_KAFKA_RESP_ERR_GROUP_MAX_SIZE_REACHED, 'fatal'],
  [RD_KAFKA_RESP_ERR_UNSUPPORTED_ASSIGNOR, 'fatal'],
  // The broker has no KIP-848 groups.
  [RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION, 'fatal'],
  [RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE, 'fatal'],
  // Another process has our group.instance.id.
  [RD_KAFKA_RESP_ERR_UNRELEASED_INSTANCE_ID, 'fatal'],
  [RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, 'fatal'],
  [RD_KAFKA_RESP_ERR_GROUP_AUTHORIZATION_FAILED, 'fatal'],
  [RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED, 'fatal'],
  // The group was deleted, or is one of another kind.
  [RD_KAFKA_RESP_ERR_GROUP_ID_NOT_FOUND, 'fatal'],
]);

/** The remedy for a heartbeat error (not 0). A code of the broker's that nobody knows is fatal, one of our own is not. */
export function heartbeatRemedyOf(err: number): HeartbeatRemedy {
  const known = REMEDIES.get(err);
  if (known !== undefined) return known;
  const remedy = remedyOf(err);
  if (remedy === 'coordinator') return 'coordinator';
  const passes = remedy === 'wait' || remedy === 'retry' || isRetriable(err) || err < RD_KAFKA_RESP_ERR_UNKNOWN;
  return passes ? 'retry' : 'fatal';
}
