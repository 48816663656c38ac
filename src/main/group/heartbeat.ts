// Being alive, in both directions: heartbeats to the coordinator, the session that they keep up, and
// max.poll.interval.ms, by which the app shows that it is alive. @thread main
import {
  RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION,
  RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS,
  RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID,
} from '../../defs/enums.ts';
import { errorText } from '../../defs/errors.ts';
import { remedyOf } from './errors.ts';
import { leave } from './leave.ts';
import type { Member } from './member.ts';
import { watchPolls } from './poll_interval.ts';
import { groupRebalances, revoke, revokeUnlessRebalancing } from './rebalance.ts';
import { heartbeat, type Identity } from './requests.ts';
import type { JoinState } from './states.ts';

/** Between the join and its sync the coordinator does not expect any; and JoinGroup holds up the connection. */
const BEATING: ReadonlySet<JoinState> = new Set([
  'steady',
  'wait-assign-call',
  'wait-unassign-call',
  'wait-unassign-to-complete',
  'wait-incr-unassign-to-complete',
]);

/** Where a cooperative member has partitions without being settled. */
const KEEPING: ReadonlySet<JoinState> = new Set(['init', 'wait-metadata', 'wait-join', 'wait-sync']);

/** The group has a new generation with us in it: the session starts. */
export function startSession(member: Member, now: number): void {
  member.sessionDeadline = now + member.env.settings['session.timeout.ms'];
  member.heartbeatAt = now + member.env.settings['heartbeat.interval.ms'];
  member.heartbeatError = 0;
}

/** Sends a heartbeat when it is time. Returns when to be polled next. */
export function serveHeartbeat(member: Member, now: number): number {
  const { node } = member.coordinator;
  if (!BEATING.has(member.state) || !member.hasJoined || member.generation < 0) return Number.POSITIVE_INFINITY;
  if (member.heartbeatCall !== null || node === null || member.pollExceeded) return Number.POSITIVE_INFINITY;
  if (now < member.heartbeatAt) return member.heartbeatAt;
  member.heartbeatAt = now + member.env.settings['heartbeat.interval.ms'];
  const as = member.identity;
  const request = heartbeat(member.env.settings, as);
  member.heartbeatCall = member.calls.send(now, { broker: node }, request, (at, error, response) => {
    member.heartbeatCall = null;
    answered(member, at, node, as, error !== 0 ? error : (response?.errorCode ?? 0));
  });
  return member.heartbeatAt;
}

function extendSession(member: Member, now: number): void {
  member.sessionDeadline = now + member.env.settings['session.timeout.ms'];
}

function answered(member: Member, now: number, node: number, as: Identity, err: number): void {
  const known = member.heartbeatError;
  member.heartbeatError = err;
  if (err === 0 || err === RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS) extendSession(member, now);
  if (err === 0) return;
  member.log('HEARTBEAT', `heartbeat in state ${member.state}: ${errorText(err)}`);
  const remedy = remedyOf(err);
  if (remedy === 'coordinator') {
    // Still a member: the new coordinator knows us too.
    member.coordinator.lost(now, node, `heartbeat: ${errorText(err)}`);
    return;
  }
  // The answer to a membership that is over by now.
  if (!BEATING.has(member.state) || as.memberId !== member.memberId || as.generation !== member.generation) return;
  if (remedy === 'fenced') {
    member.fenced(err);
    revokeUnlessRebalancing(member, now, true, 'another process has our group.instance.id');
  } else if (err === RD_KAFKA_RESP_ERR_REBALANCE_IN_PROGRESS) {
    groupRebalances(member, now);
  } else if (err === RD_KAFKA_RESP_ERR_UNKNOWN_MEMBER_ID) {
    member.setMemberId('');
  } else if (err === RD_KAFKA_RESP_ERR_ILLEGAL_GENERATION) {
    member.loseGeneration();
  } else if (remedy === 'permanent' && err !== known) {
    member.tellError(err, `Heartbeat failed: ${errorText(err)}`);
  }
}

/** On its way to a join, a cooperative member has heard that the coordinator does not count on it any more. */
function holdsForNobody(member: Member): boolean {
  if (!member.cooperative || !KEEPING.has(member.state) || member.closing !== null) return false;
  return (member.groupAssignment?.length ?? 0) > 0 && (!member.hasJoined || member.generation < 0);
}

/** Ends a membership that the coordinator has ended, or has not confirmed for too long. Returns when to be polled next. */
export function serveSession(member: Member, now: number): number {
  if (holdsForNobody(member)) revoke(member, now, true, 'no longer a member of the group');
  if (member.state !== 'steady' || member.groupAssignment === null) return Number.POSITIVE_INFINITY;
  if (!member.hasJoined) {
    revokeUnlessRebalancing(member, now, true, 'no longer a member of the group');
  } else if (member.generation < 0) {
    revokeUnlessRebalancing(member, now, true, 'the group has gone on to another generation');
  } else if (now >= member.sessionDeadline) {
    const last = errorText(member.heartbeatError);
    const text = `session timed out, nothing heard from the coordinator (last: ${last}): revoking and joining again`;
    member.log('SESSTMOUT', text, 'consumer', 4);
    member.heartbeatError = 0;
    member.heartbeatCall?.cancel();
    member.heartbeatCall = null;
    member.setMemberId('');
    revokeUnlessRebalancing(member, now, true, 'session timed out');
  }
  return member.sessionDeadline;
}

/** Returns when to be polled next. */
export function servePollInterval(member: Member, now: number): number {
  return watchPolls(member, now, (reason) => {
    // Before the revoke, which the app may not serve for long: others should not have to wait for it.
    if (member.isStatic) member.setMemberId('');
    else leave(member, now, reason);
    revokeUnlessRebalancing(member, now, true, reason);
  });
}
