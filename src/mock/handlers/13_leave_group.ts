// LeaveGroup v0-5. v3 several members at once, static ones by their instance id. @thread mock
import { E } from '../codes.ts';
import type { Handler } from '../context.ts';

export const leaveGroup: Handler<'LeaveGroup'> = (cx, request, answer) => {
  const wrong = cx.error !== E.NONE ? cx.error : cx.cluster.checkCoordinator(cx.broker, request.groupId);
  if (wrong !== E.NONE) return answer({ errorCode: wrong });
  const leave = (memberId: string, instance: string | null): number =>
    cx.cluster.groups.leave(request.groupId, memberId, instance);
  if (cx.version < 3) return answer({ errorCode: leave(request.memberId, null) });
  const members = request.members.map(({ memberId, groupInstanceId }) => ({
    memberId,
    groupInstanceId,
    errorCode: leave(memberId, groupInstanceId),
  }));
  answer({ errorCode: E.NONE, members });
};
