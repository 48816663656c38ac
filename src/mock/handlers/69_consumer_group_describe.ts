// ConsumerGroupDescribe v0-1: KIP-848 groups. v1 which protocol a member speaks. @thread mock
import { E } from '../codes.ts';
import type { Context, Handler } from '../context.ts';
import type { ConsumerGroup } from '../groups/consumer_group.ts';
import type { ConsumerMember } from '../groups/consumer_member.ts';
import { type PartitionSets, toRows } from '../groups/partition_sets.ts';

const CLASSIC = 0;
const CONSUMER = 1;

function named(cx: Context, sets: PartitionSets) {
  const topicPartitions = toRows(sets).flatMap((row) => {
    const topicName = cx.cluster.topics.byId(row.topicId)?.name;
    return topicName === undefined ? [] : { ...row, topicName };
  });
  return { topicPartitions };
}

function describeMember(cx: Context, group: ConsumerGroup, member: ConsumerMember) {
  const { instanceId, rackId, clientId, clientHost, topicNames, topicRegex, classic } = member.face;
  return {
    memberId: member.memberId,
    instanceId,
    rackId,
    memberEpoch: member.epoch,
    clientId,
    clientHost,
    subscribedTopicNames: [...topicNames].sort(),
    subscribedTopicRegex: topicRegex,
    assignment: named(cx, member.assigned),
    targetAssignment: named(cx, group.targetOf(member.memberId)),
    memberType: classic === null ? CONSUMER : CLASSIC,
  };
}

function describe(cx: Context, groupId: string) {
  const wrong = cx.error !== E.NONE ? cx.error : cx.cluster.checkCoordinator(cx.broker, groupId);
  if (wrong !== E.NONE) return { groupId, errorCode: wrong };
  const group = cx.cluster.groups.find(groupId);
  if (group?.type !== 'consumer') {
    const errorMessage = `Group ${groupId} ${group === undefined ? 'not found' : 'is not a consumer group'}.`;
    return { groupId, errorCode: E.GROUP_ID_NOT_FOUND, errorMessage };
  }
  const { state: groupState, groupEpoch, assignmentEpoch, assignor: assignorName } = group;
  const members = group.members().map((member) => describeMember(cx, group, member));
  return { groupId, errorCode: E.NONE, groupState, groupEpoch, assignmentEpoch, assignorName, members };
}

export const consumerGroupDescribe: Handler<'ConsumerGroupDescribe'> = (cx, request, answer) => {
  answer({ groups: [...new Set(request.groupIds)].map((groupId) => describe(cx, groupId)) });
};
