// JoinGroup v0-9. v1 rebalance timeout, v4 MEMBER_ID_REQUIRED, v5 static members, v7 protocol type, v9 skipAssignment.
// Answered when the rebalance is complete. @thread mock
import { E } from '../codes.ts';
import type { Handler } from '../context.ts';
import type { JoinAnswer } from '../groups/member.ts';
import { joinError } from '../groups/member.ts';

/** Kafka's group.max.session.timeout.ms. Its minimum of 6 s is not kept: tests want short sessions. */
const MAX_SESSION_MS = 1_800_000;
/** Choosing one among those of all members takes time that grows with their square. */
const MAX_PROTOCOLS = 100;

export const joinGroup: Handler<'JoinGroup'> = (cx, request, answer) => {
  const { version, cluster } = cx;
  const reply = (joined: JoinAnswer): void => {
    // Before v7 the protocol's name can't be null.
    answer({ ...joined, protocolName: joined.protocolName ?? (version >= 7 ? null : '') });
  };
  const refuse = (errorCode: number): void => reply(joinError(errorCode, request.memberId));
  if (cx.error !== E.NONE) return refuse(cx.error);
  const notHere = cluster.checkCoordinator(cx.broker, request.groupId);
  if (notHere !== E.NONE) return refuse(notHere);
  const { sessionTimeoutMs, rebalanceTimeoutMs } = request;
  if (sessionTimeoutMs < 1 || sessionTimeoutMs > MAX_SESSION_MS) return refuse(E.INVALID_SESSION_TIMEOUT);
  if (request.protocols.length > MAX_PROTOCOLS) return refuse(E.INVALID_REQUEST);
  const protocols = request.protocols.map(({ name, metadata }) => ({ name, metadata: metadata.slice() }));
  const { clientId, clientHost } = cx;
  const joining = {
    ...request,
    clientId,
    clientHost,
    protocols,
    rebalanceTimeoutMs: rebalanceTimeoutMs > 0 ? rebalanceTimeoutMs : sessionTimeoutMs,
    knowsMemberIdRequired: version >= 4,
    knowsSkipAssignment: version >= 9,
  };
  cluster.groups.join(request.groupId, joining, reply);
};
