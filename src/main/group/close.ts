// The end of the group: in order (revoke, commit, leave), but not later than its deadline. @thread main
import { leave } from './leave.ts';
import type { Member } from './member.ts';
import { assigned, rejoin, revoke } from './rebalance.ts';
import { follow } from './topics.ts';

/** See Group.close. */
export function close(member: Member, now: number, deadline: number, done: () => void): void {
  if (member.closed) {
    done();
    return;
  }
  if (member.closing !== null) {
    const first = member.closing;
    const both = (): void => {
      first.done();
      done();
    };
    member.closing = { deadline: Math.min(first.deadline, deadline), done: both };
    return;
  }
  member.closing = { deadline, done };
  member.nextSubscription = undefined;
  member.pollCheckAt = null;
  if (member.subscription !== null && member.hasJoined) member.leaveAfter = true;
  member.subscription = null;
  member.leadership = null;
  follow(member);
  if (member.removal !== null) member.removal.next = null;
  if (member.state === 'steady') revoke(member, now, false, 'closing');
  else if (member.state === 'wait-join' || member.state === 'wait-metadata' || member.state === 'wait-sync') {
    rejoin(member, now, 'closing');
  } else if (member.state === 'init') rejoin(member, now, 'closing');
  // What the app assigned by itself; a rebalance that it has yet to answer comes to the same in the end.
  if (!member.waitsForApp && member.removal === null) assigned(member, now, null);
}

/** Ends when nothing is left to do, or time is up. Returns when to be polled next. */
export function serveClose(member: Member, now: number): number {
  const { closing, env } = member;
  if (closing === null || member.closed) return Number.POSITIVE_INFINITY;
  const over = member.state === 'init' && member.removal === null && env.assignment.partitions().length === 0;
  if ((!over || member.offsets.pending > 0 || member.leaveCall !== null) && now < closing.deadline)
    return closing.deadline;
  if (member.hasJoined && !member.isStatic) leave(member, now, 'closed');
  stop(member);
  member.calls.later(closing.done);
  return Number.POSITIVE_INFINITY;
}

/** Nothing is done or sent any more. */
export function stop(member: Member): void {
  if (member.closed) return;
  member.closed = true;
  member.env.wantTopics(null);
  if (member.env.assignment.partitions().length > 0) member.env.assignment.unassign(() => undefined);
  member.offsets.close();
  member.coordinator.stop();
  member.calls.cancelAll();
  member.removal = null;
}
