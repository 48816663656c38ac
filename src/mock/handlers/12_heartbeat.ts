// Heartbeat v0-4. v3 static members. @thread mock
import { E } from '../codes.ts';
import type { Handler } from '../context.ts';

export const heartbeat: Handler<'Heartbeat'> = (cx, request, answer) => {
  const { groupId, memberId, groupInstanceId, generationId } = request;
  let errorCode = cx.error !== E.NONE ? cx.error : cx.cluster.checkCoordinator(cx.broker, groupId);
  if (errorCode === E.NONE) {
    const group = cx.cluster.groups.find(groupId);
    errorCode = group?.heartbeat(memberId, groupInstanceId, generationId) ?? E.UNKNOWN_MEMBER_ID;
  }
  answer({ errorCode });
};
