// The end of the group: in order (revoke, commit, leave), but not later than its deadline. @thread main
import { closeDeadline } from './hearing.ts';
import { leave } from './leave.ts';
import type { Member } from './member.ts';
import { assigned, rejoin, revoke } from './rebalance.ts';
import type { JoinState } from './states.ts';
import { forget } from './subscription.ts';

const JOINING: ReadonlySet<JoinState> = new Set(['init', 'wait-join', 'wait-metadata', 'wait-sync']);

/** See Group.close. */
export function close(member: Member, now: number, deadline: number, done: () => void, ending: boolean): void {
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
    member.closing = { ...first, deadline: Math.min(first.deadline, deadline), done: both };
    return;
  }
  member.closing = { deadline, done, ending, unheardAt: Number.POSITIVE_INFINITY };
  member.nextSubscription = undefined;
  if (member.subscription !== null && member.hasJoined) member.leaveAfter = true;
  forget(member);
  member.steps = member.steps.filter((step) => step.kind === 'remove');
  // On its way to a join a cooperative member has partitions, and is asked to give them up; an eager one has none.
  if (member.state === 'steady' || (member.cooperative && JOINING.has(member.state))) {
    revoke(member, now, false, 'closing');
  } else if (JOINING.has(member.state)) rejoin(member, now, 'closing');
  // What the app assigned by itself; a rebalance that it has yet to answer comes to the same in the end.
  if (!member.waitsForApp && member.removal === null) assigned(member, now, 'assign', null);
}

/** Ends when nothing is left to do, or time is up. Returns when to be polled next. */
export function serveClose(member: Member, now: number): number {
  const { closing, env } = member;
  if (closing === null || member.closed) return Number.POSITIVE_INFINITY;
  const deadline = closeDeadline(member, closing, now);
  const over = member.state === 'init' && member.removal === null && env.assignment.partitions().length === 0;
  if ((!over || member.offsets.pending > 0 || member.leaveCall !== null) && now < deadline) return deadline;
  if (member.hasJoined && !member.isStatic) leave(member, now, 'closed');
  stop(member);
  member.calls.later(closing.done);
  return Number.POSITIVE_INFINITY;
}

/** Nothing is done or sent any more. */
export function stop(member: Member): void {
  if (member.closed) return;
  member.closed = true;
  member.env.wantTopics(null, false);
  if (member.env.assignment.partitions().length > 0) member.env.assignment.unassign(() => undefined);
  member.offsets.close();
  member.coordinator.stop();
  member.calls.cancelAll();
  member.removal = null;
  member.steps = [];
}
