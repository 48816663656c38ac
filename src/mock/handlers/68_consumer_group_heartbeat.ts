// ConsumerGroupHeartbeat v0-1. v1 members name themselves and may subscribe by a regex. A pushed UNKNOWN_MEMBER_ID or
// FENCED_MEMBER_EPOCH puts the member out, as in librdkafka's mock. @thread mock
import type { ConsumerGroupHeartbeatRequest } from '../../protocol/messages.ts';
import { E } from '../codes.ts';
import type { Context, Handler } from '../context.ts';
import { type ConsumerHeartbeat, checkHeartbeat } from '../groups/consumer_request.ts';
import { orRefused } from '../groups/refusal.ts';

function putOut(cx: Context, { groupId, memberId }: ConsumerGroupHeartbeatRequest): void {
  const group = cx.cluster.groups.find(groupId);
  const member = group?.type === 'consumer' ? group.member(memberId) : undefined;
  if (group?.type === 'consumer' && member !== undefined) group.fence(member, 'a test says so');
}

export const consumerGroupHeartbeat: Handler<'ConsumerGroupHeartbeat'> = (cx, request, answer) => {
  if (cx.error === E.UNKNOWN_MEMBER_ID || cx.error === E.FENCED_MEMBER_EPOCH) putOut(cx, request);
  if (cx.error !== E.NONE) return answer({ errorCode: cx.error });
  const notHere = cx.cluster.checkCoordinator(cx.broker, request.groupId);
  if (notHere !== E.NONE && request.groupId !== '') return answer({ errorCode: notHere });
  const { clientId, clientHost } = cx;
  const heartbeat: ConsumerHeartbeat = { ...request, clientId, clientHost };
  const serve = (): Parameters<typeof answer>[0] => {
    checkHeartbeat(heartbeat, cx.version >= 1);
    return { errorCode: E.NONE, ...cx.cluster.groups.consumerHeartbeat(heartbeat) };
  };
  answer(orRefused(serve, ({ errorCode, message }) => ({ errorCode, errorMessage: message })));
};
