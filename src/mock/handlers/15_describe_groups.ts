// DescribeGroups v0-6: classic groups. v4 static members, v6 GROUP_ID_NOT_FOUND (before: a group nobody knows, or a KIP-848
// one, is Dead). @thread mock
import { E } from '../codes.ts';
import type { Context, Handler } from '../context.ts';
import { NO_BYTES } from '../groups/member.ts';

function describe(cx: Context, groupId: string) {
  const wrong = cx.error !== E.NONE ? cx.error : cx.cluster.checkCoordinator(cx.broker, groupId);
  if (wrong !== E.NONE) return { groupId, errorCode: wrong };
  const group = cx.cluster.groups.find(groupId);
  if (group?.type !== 'classic') {
    if (cx.version < 6) return { groupId, errorCode: E.NONE, groupState: 'Dead' };
    const errorMessage = `Group ${groupId} ${group === undefined ? 'not found' : 'is not a classic group'}.`;
    return { groupId, errorCode: E.GROUP_ID_NOT_FOUND, groupState: 'Dead', errorMessage };
  }
  const protocol = group.state === 'Stable' ? (group.protocolName ?? '') : '';
  return {
    groupId,
    errorCode: E.NONE,
    groupState: group.state,
    protocolType: group.protocolType ?? '',
    protocolData: protocol,
    members: group.members().map((member) => ({
      memberId: member.memberId,
      groupInstanceId: member.groupInstanceId,
      clientId: member.clientId,
      clientHost: member.clientHost,
      memberMetadata: protocol === '' ? NO_BYTES : member.metadataOf(protocol),
      memberAssignment: member.assignment,
    })),
  };
}

export const describeGroups: Handler<'DescribeGroups'> = (cx, request, answer) => {
  answer({ groups: [...new Set(request.groups)].map((groupId) => describe(cx, groupId)) });
};
