// ConsumerGroupHeartbeat in the group's words, and what is wrong with one whatever the group's state. @thread mock
import { E } from '../codes.ts';
import { LEFT_STATIC } from './consumer_member.ts';
import type { TopicPartitions } from './partition_sets.ts';
import { Refusal } from './refusal.ts';
import { ASSIGNORS } from './server_assignors.ts';

export const LEFT = -1;

export interface ConsumerHeartbeat {
  readonly groupId: string;
  readonly memberId: string;
  readonly memberEpoch: number;
  readonly instanceId: string | null;
  readonly rackId: string | null;
  /** -1: as before; so do the nulls below. */
  readonly rebalanceTimeoutMs: number;
  readonly subscribedTopicNames: readonly string[] | null;
  readonly subscribedTopicRegex: string | null;
  readonly serverAssignor: string | null;
  readonly topicPartitions: readonly TopicPartitions[] | null;
  readonly clientId: string;
  readonly clientHost: string;
}

export interface ConsumerHeartbeatAnswer {
  readonly memberId: string;
  readonly memberEpoch: number;
  readonly heartbeatIntervalMs: number;
  /** Null: as before. */
  readonly assignment: { readonly topicPartitions: readonly TopicPartitions[] } | null;
}

function refuse(message: string): never {
  throw new Refusal(E.INVALID_REQUEST, message);
}

/** @param named whether the member must have named itself (version 1 on). @throws Refusal */
export function checkHeartbeat(request: ConsumerHeartbeat, named: boolean): void {
  const { memberId, memberEpoch, instanceId, rackId } = request;
  if (memberId === '' && (named || memberEpoch !== 0)) refuse("MemberId can't be empty.");
  if (request.groupId === '') refuse("GroupId can't be empty.");
  if (instanceId?.trim() === '') refuse("InstanceId can't be empty.");
  if (rackId?.trim() === '') refuse("RackId can't be empty.");
  if (memberEpoch < LEFT_STATIC) refuse('MemberEpoch is invalid.');
  if (memberEpoch === LEFT_STATIC && instanceId === null) refuse("InstanceId can't be null.");
  if (memberEpoch === 0) {
    if (request.rebalanceTimeoutMs === -1) refuse('RebalanceTimeoutMs must be provided in first request.');
    if (request.topicPartitions === null || request.topicPartitions.length > 0) {
      refuse('TopicPartitions must be empty when (re-)joining.');
    }
    if (request.subscribedTopicNames === null && request.subscribedTopicRegex === null) {
      refuse('Either SubscribedTopicNames or SubscribedTopicRegex must be non-null when (re-)joining.');
    }
  }
  const { serverAssignor } = request;
  if (serverAssignor !== null && !Object.hasOwn(ASSIGNORS, serverAssignor)) {
    throw new Refusal(
      E.UNSUPPORTED_ASSIGNOR,
      `ServerAssignor ${serverAssignor} is not one of ${Object.keys(ASSIGNORS)}.`,
    );
  }
}

/** @throws Refusal if the coordinator does not accept the epoch of a member that stays. */
export function checkEpoch(memberEpoch: number, known: number, previous: number, ownsLess: boolean): void {
  if (memberEpoch === known) return;
  const says = `The member's epoch ${memberEpoch}`;
  if (memberEpoch > known)
    throw new Refusal(E.FENCED_MEMBER_EPOCH, `${says} is greater than ${known}, which is its own.`);
  // The answer that raised it may have been lost.
  if (memberEpoch === previous && ownsLess) return;
  throw new Refusal(E.FENCED_MEMBER_EPOCH, `${says} is smaller than ${known}, which is its own.`);
}
