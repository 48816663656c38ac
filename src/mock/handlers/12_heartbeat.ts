// Heartbeat v0-4. v3 static members. @thread mock
import { E } from '../codes.ts';
import type { Handler } from '../context.ts';

export const heartbeat: Handler<'Heartbeat'> = (cx, request, answer) => {
  const { groupId, memberId, groupInstanceId, generationId } = request;
  let errorCode = cx.error !== E.NONE ? cx.error : cx.cluster.checkCoordinator(cx.broker, groupId);
  if (errorCode === E.NONE) {
    errorCode = cx.cluster.groups.heartbeat(groupId, memberId, groupInstanceId, generationId);
  }
  answer({ errorCode });
};
