// SyncGroup v0-5. v3 static members, v5 protocol type and name, both required. Answered when the leader has assigned. @thread mock
import { E } from '../codes.ts';
import type { Handler } from '../context.ts';
import { type SyncAnswer, syncError } from '../groups/member.ts';

export const syncGroup: Handler<'SyncGroup'> = (cx, request, answer) => {
  const reply = (synced: SyncAnswer): void => answer(synced);
  if (cx.error !== E.NONE) return reply(syncError(cx.error));
  const notHere = cx.cluster.checkCoordinator(cx.broker, request.groupId);
  if (notHere !== E.NONE) return reply(syncError(notHere));
  if (cx.version >= 5 && (request.protocolType === null || request.protocolName === null)) {
    return reply(syncError(E.INCONSISTENT_GROUP_PROTOCOL));
  }
  const assignments = new Map(request.assignments.map((a) => [a.memberId, a.assignment.slice()]));
  const { memberId, groupInstanceId, generationId, protocolType, protocolName } = request;
  const syncing = { memberId, groupInstanceId, generationId, protocolType, protocolName, assignments };
  cx.cluster.groups.sync(request.groupId, syncing, reply);
};
