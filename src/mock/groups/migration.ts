// A group changes its protocol while members are in it: from classic to KIP-848 when the first member of the new one
// joins, and back when the last of them goes. @thread mock
import { E } from '../codes.ts';
import { CONSUMER } from './classic_inside.ts';
import { ConsumerGroup, type ConsumerGroupOptions } from './consumer_group.ts';
import { ConsumerMember, type MemberFace } from './consumer_member.ts';
import { readAssignment, readSubscription, writeAssignment } from './embedded.ts';
import { Group, type GroupOptions } from './group.ts';
import { Member } from './member.ts';
import { Refusal } from './refusal.ts';

function cannot(id: string, why: string): Refusal {
  return new Refusal(E.GROUP_ID_NOT_FOUND, `Cannot upgrade classic group ${id} to consumer group because ${why}.`);
}

/** A member of the classic group as one of the other; `generation` is the epoch in which it has its partitions. */
function upgraded(member: Member, group: Group, options: ConsumerGroupOptions): ConsumerMember {
  const protocol = group.protocolName ?? member.protocols[0].name;
  const { topics, rackId } = readSubscription(member.metadataOf(protocol), options.topics);
  const { partitions, hasUserData } = readAssignment(member.assignment, options.topics);
  if (hasUserData) throw cannot(group.id, 'an unsupported custom assignor is in use');
  const { groupInstanceId: instanceId, clientId, clientHost, rebalanceTimeoutMs, sessionTimeoutMs, protocols } = member;
  const face: MemberFace = {
    instanceId,
    rackId,
    clientId,
    clientHost,
    rebalanceTimeoutMs,
    assignor: null,
    topicNames: topics,
    topicRegex: '',
    classic: { sessionTimeoutMs, protocols },
  };
  const { generationId: epoch } = group;
  return Object.assign(new ConsumerMember(member.memberId), {
    face,
    epoch,
    previousEpoch: epoch,
    assigned: partitions,
  });
}

/**
 * The KIP-848 group that a classic one with members becomes; the classic one is at its end then, and whoever waits in it
 * has been told to join again.
 * @throws Refusal when it can't become one; then it stays as it is
 */
export function toConsumer(group: Group, options: ConsumerGroupOptions): ConsumerGroup {
  if (group.protocolType !== CONSUMER) throw cannot(group.id, 'it does not use the consumer embedded protocol');
  if (group.members().length > options.maxMembers) throw cannot(group.id, 'it is too large');
  let members: readonly ConsumerMember[];
  try {
    members = group.members().map((member) => upgraded(member, group, options));
  } catch (error) {
    if ((error as Error).name !== 'ProtocolError') throw error;
    throw cannot(group.id, 'the embedded consumer protocol is malformed');
  }
  group.close(E.REBALANCE_IN_PROGRESS);
  const consumer = new ConsumerGroup(group.id, group.offsets, options);
  for (const member of members) consumer.restore(member);
  consumer.begin(group.generationId);
  for (const member of members) {
    consumer.startTimer(member, 'session', member.face.classic?.sessionTimeoutMs ?? 0, 'its session ended');
  }
  return consumer;
}

function downgraded(member: ConsumerMember, group: ConsumerGroup): Member {
  const { instanceId, clientId, clientHost, rebalanceTimeoutMs, classic } = member.face;
  const { sessionTimeoutMs, protocols } = classic as NonNullable<MemberFace['classic']>;
  const { topics } = group.options;
  const old = new Member(member.memberId, {
    memberId: member.memberId,
    groupInstanceId: instanceId,
    clientId,
    clientHost,
    sessionTimeoutMs,
    rebalanceTimeoutMs,
    protocolType: CONSUMER,
    protocols,
    knowsMemberIdRequired: true,
    knowsSkipAssignment: true,
  });
  const { version } = readSubscription(protocols[0].metadata, topics);
  old.assignment = writeAssignment(version, group.targetOf(member.memberId), topics);
  return old;
}

/**
 * The classic group that a KIP-848 one becomes without the member `leaving`. Unless a member has `joined` in the place of
 * another, all must join again.
 */
export function toClassic(group: ConsumerGroup, leaving: string, joined: boolean, options: GroupOptions): Group {
  const stay = group.members().filter((member) => member.memberId !== leaving);
  const members = stay.map((member) => downgraded(member, group));
  group.close();
  const classic = new Group(group.id, options, group.offsets);
  classic.restore(group.groupEpoch, CONSUMER, members);
  if (!joined) classic.rebalance(`group ${group.id} is classic again`);
  return classic;
}
