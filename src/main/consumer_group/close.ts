// The end of the group: in order (revoke, commit, leave), but not later than its deadline. @thread main
import { closeDeadline } from '../group/hearing.ts';
import { leave } from './leave.ts';
import type { ConsumerMember } from './member.ts';
import { unsubscribe } from './subscription.ts';

/** See ConsumerGroup.close. What is left to do is done by the steps of the group. */
export function close(member: ConsumerMember, deadline: number, done: () => void, ending: boolean): void {
  if (member.closed) {
    done();
    return;
  }
  const first = member.closing;
  if (first !== null) {
    const both = (): void => {
      first.done();
      done();
    };
    member.closing = { ...first, deadline: Math.min(first.deadline, deadline), done: both };
    return;
  }
  member.closing = { deadline, done, ending, unheardAt: Number.POSITIVE_INFINITY };
  unsubscribe(member);
}

/** Ends when nothing is left to do, or time is up. Returns when to be polled next. */
export function serveClose(member: ConsumerMember, now: number): number {
  const { closing, env } = member;
  if (closing === null || member.closed) return Number.POSITIVE_INFINITY;
  const deadline = closeDeadline(member, closing, now);
  const over = member.state === 'init' && !member.changes.busy && env.assignment.partitions().length === 0;
  const waits = member.offsets.pending > 0 || member.leaveCall !== null || member.leaveAfter;
  if ((!over || waits) && now < deadline) return deadline;
  if (member.mayBeKnown) leave(member, now, 'closed');
  stop(member);
  member.calls.later(closing.done);
  return Number.POSITIVE_INFINITY;
}

/** Nothing is done or sent any more. */
export function stop(member: ConsumerMember): void {
  if (member.closed) return;
  member.closed = true;
  member.changes.stop();
  if (member.env.assignment.partitions().length > 0) member.env.assignment.unassign(() => undefined);
  member.offsets.close();
  member.coordinator.stop();
  member.calls.cancelAll();
}
