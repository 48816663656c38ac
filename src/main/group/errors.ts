// What to do about an error of the group's requests, one reason a case. @thread main
import {
  RD_KAFKA_RESP_ERR__DESTROY_BROKER,
  RD_KAFKA_RESP_ERR__TIMED_OUT,
  RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE,
  RD_KAFKA_RESP_ERR__TRANSPORT,
  RD_KAFKA_RESP_ERR__UNKNOWN_BROKER,
  RD_KAFKA_RESP_ERR__WAIT_COORD,
  RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS,
  RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE,
  RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID,
  RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
  RD_KAFKA_RESP_ERR_MEMBER_ID_REQUIRED,
  RD_KAFKA_RESP_ERR_NOT_COORDINATOR,
  RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS,
  RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT,
  RD_KAFKA_RESP_ERR_STALE_MEMBER_EPOCH,
  RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
  RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT,
} from '../../defs/enums.ts';

/**
 * - coordinator: look for the coordinator anew, then try again as long as there is time
 * - wait: the same coordinator will do it later; try again as long as there is time
 * - retry: try again a few times
 * - epoch: the next heartbeat brings the epoch that it was to be sent under
 * - member: the membership is not what we thought; the group acts on it
 * - fenced: another process has taken our group.instance.id: fatal
 * - permanent: tell the app
 */
export type Remedy = 'coordinator' | 'wait' | 'retry' | 'epoch' | 'member' | 'fenced' | 'permanent';

const REMEDIES: ReadonlyMap<number, Remedy> = new Map([
  // The group has moved, or its broker is on its way out.
  [RD_KAFKA_RESP_ERR_NOT_COORDINATOR, 'coordinator'],
  [RD_KAFKA_RESP_ERR_COORDINATOR_NOT_AVAILABLE, 'coordinator'],
  // The connection is gone: the broker may be too, and the group with it.
  [RD_KAFKA_RESP_ERR__TRANSPORT, 'coordinator'],
  [RD_KAFKA_RESP_ERR__DESTROY_BROKER, 'coordinator'],
  [RD_KAFKA_RESP_ERR__WAIT_COORD, 'coordinator'],
  // Metadata does not know that node any more.
  [RD_KAFKA_RESP_ERR__UNKNOWN_BROKER, 'coordinator'],
  // A new coordinator reads its log first.
  [RD_KAFKA_RESP_ERR_COORDINATOR_LOAD_IN_PROGRESS, 'wait'],
  // An open transaction hides the offset; it ends by itself.
  [RD_KAFKA_RESP_ERR_UNSTABLE_OFFSET_COMMIT, 'wait'],
  // Replicas of the offsets topic were slow, or our own patience has run out.
  [RD_KAFKA_RESP_ERR_REQUEST_TIMED_OUT, 'retry'],
  [RD_KAFKA_RESP_ERR__TIMED_OUT, 'retry'],
  [RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE, 'retry'],
  // The coordinator may not have heard of a young topic.
  [RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, 'retry'],
  // Another heartbeat of ours was answered meanwhile, or is on its way (KIP-848).
  [RD_KAFKA_RESP_ERR_STALE_MEMBER_EPOCH, 'epoch'],
  [RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION, 'member'],
  [RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID, 'member'],
  [RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS, 'member'],
  [RD_KAFKA_RESP_ERR_MEMBER_ID_REQUIRED, 'member'],
  [RD_KAFKA_RESP_ERR_FENCED_INSTANCE_ID, 'fenced'],
]);

/** The remedy for a request error (not 0). */
export function remedyOf(err: number): Remedy {
  return REMEDIES.get(err) ?? 'permanent';
}
