// Members of a KIP-848 group that still speak the classic protocol: a group on its way from one to the other. Each of
// them is led to its target like the others, only that its heartbeats tell it to join again for each step. @thread mock
import { E } from '../codes.ts';
import type { ConsumerGroup } from './consumer_group.ts';
import type { ConsumerMember, MemberFace } from './consumer_member.ts';
import { readSubscription, writeAssignment } from './embedded.ts';
import { type JoinAnswer, type JoinRequest, joinError, type SyncAnswer, type SyncRequest } from './member.ts';
import { Refusal } from './refusal.ts';

export const CONSUMER = 'consumer';

function refuse(errorCode: number, message: string): never {
  throw new Refusal(errorCode, message);
}

function checkProtocols(group: ConsumerGroup, { protocolType, protocols }: JoinRequest): void {
  const others = group.members().flatMap(({ face }) => face.classic ?? []);
  const common = protocols.some(({ name }) =>
    others.every((other) => other.protocols.some((protocol) => protocol.name === name)),
  );
  if (protocolType !== CONSUMER || !common) refuse(E.INCONSISTENT_GROUP_PROTOCOL, 'no common protocol');
}

function faceOf(
  before: MemberFace,
  request: JoinRequest,
  topics: readonly string[],
  rackId: string | null,
): MemberFace {
  const { groupInstanceId, clientId, clientHost, sessionTimeoutMs, rebalanceTimeoutMs, protocols } = request;
  return {
    instanceId: groupInstanceId ?? before.instanceId,
    rackId: rackId ?? before.rackId,
    clientId,
    clientHost,
    rebalanceTimeoutMs,
    assignor: null,
    topicNames: topics,
    topicRegex: '',
    classic: { sessionTimeoutMs, protocols },
  };
}

/** JoinGroup to a group that has members. @throws Refusal, or ProtocolError for a subscription that is none. */
export function joinInside(group: ConsumerGroup, request: JoinRequest): JoinAnswer {
  const { groupInstanceId: instanceId, protocols } = request;
  const unknown = request.memberId === '';
  const memberId = unknown ? group.options.newUuid() : request.memberId;
  group.checkRoom(memberId);
  checkProtocols(group, request);
  if (unknown && instanceId === null && request.knowsMemberIdRequired) return joinError(E.MEMBER_ID_REQUIRED, memberId);
  const { topics, rackId, owned } = readSubscription(protocols[0].metadata, group.options.topics);
  const replaced = instanceId === null ? undefined : group.staticMember(instanceId);
  const wasConsumer = replaced !== undefined && replaced.face.classic === null;
  const member =
    instanceId === null ? group.dynamicMember(memberId, true) : group.instance(memberId, instanceId, unknown, true);
  group.adopt(member, faceOf(member.face, request, topics, rackId), null);
  group.reconcile(member, owned);
  const answer = {
    ...joinError(E.NONE, member.memberId),
    generationId: member.epoch,
    protocolType: CONSUMER,
    protocolName: protocols[0].name,
  };
  if (wasConsumer && group.members().every(({ face }) => face.classic !== null)) {
    group.options.downgrade(group, '', true);
    return answer;
  }
  member.clear('join');
  member.clear('rebalance');
  group.startTimer(member, 'session', request.sessionTimeoutMs, 'its session ended');
  group.startTimer(member, 'sync', request.rebalanceTimeoutMs, 'it did not sync in time');
  return answer;
}

function anyMember(group: ConsumerGroup, memberId: string, instanceId: string | null): ConsumerMember {
  return instanceId === null ? group.dynamicMember(memberId, false) : group.instance(memberId, instanceId, false, true);
}

function memberOf(group: ConsumerGroup, memberId: string, instanceId: string | null): ConsumerMember {
  const member = anyMember(group, memberId, instanceId);
  if (member.face.classic === null)
    refuse(E.UNKNOWN_MEMBER_ID, `Member ${memberId} does not speak the classic protocol.`);
  return member;
}

function mustRejoin(group: ConsumerGroup, member: ConsumerMember): void {
  if (member.timers.join !== undefined) return;
  group.startTimer(member, 'join', member.face.rebalanceTimeoutMs, 'it did not join again in time');
}

/** @throws Refusal */
export function syncInside(group: ConsumerGroup, request: SyncRequest): SyncAnswer {
  const { protocolType, protocolName } = request;
  const member = memberOf(group, request.memberId, request.groupInstanceId);
  const { protocols, sessionTimeoutMs } = member.face.classic as NonNullable<MemberFace['classic']>;
  if (request.generationId !== member.epoch) refuse(E.ILLEGAL_GENERATION, `The generation is ${member.epoch}.`);
  const [first] = protocols;
  if ((protocolType ?? CONSUMER) !== CONSUMER || (protocolName ?? first.name) !== first.name) {
    refuse(E.INCONSISTENT_GROUP_PROTOCOL, 'not the protocol of the join');
  }
  if (group.groupEpoch > member.epoch && member.state !== 'unrevoked') {
    mustRejoin(group, member);
    refuse(E.REBALANCE_IN_PROGRESS, 'The group has gone on meanwhile.');
  }
  member.clear('sync');
  group.startTimer(member, 'session', sessionTimeoutMs, 'its session ended');
  const { topics } = group.options;
  const assignment = writeAssignment(readSubscription(first.metadata, topics).version, member.assigned, topics);
  return { errorCode: E.NONE, protocolType, protocolName, assignment };
}

/** @returns an error code. @throws Refusal */
export function heartbeatInside(
  group: ConsumerGroup,
  memberId: string,
  instanceId: string | null,
  generationId: number,
): number {
  const member = memberOf(group, memberId, instanceId);
  if (generationId !== member.epoch) return E.ILLEGAL_GENERATION;
  group.startTimer(member, 'session', member.face.classic?.sessionTimeoutMs ?? 0, 'its session ended');
  const behind = member.epoch < group.groupEpoch || member.state === 'unrevoked';
  if (!behind && !(member.state === 'unreleased' && !group.waits(member))) return E.NONE;
  mustRejoin(group, member);
  return E.REBALANCE_IN_PROGRESS;
}

/** A static member may be named by its instance id alone; any member may go this way. @returns an error code. @throws Refusal */
export function leaveInside(group: ConsumerGroup, memberId: string, instanceId: string | null): number {
  const named = memberId === '' && instanceId !== null ? group.staticMember(instanceId)?.memberId : memberId;
  group.fence(anyMember(group, named ?? '', instanceId), 'it left');
  return E.NONE;
}
