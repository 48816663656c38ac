// max.poll.interval.ms, by which the app shows that it is alive. @thread main
import { RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED } from '../../defs/enums.ts';
import { leave } from './leave.ts';
import type { ConsumerMember } from './member.ts';

const POLL_CHECK_MS = 500;

/** Milliseconds by which the app is over max.poll.interval.ms; 0 or less: it is not. */
export function overdue(member: ConsumerMember, now: number): number {
  if (member.appWaits) return 0;
  return now - member.polledAt - member.env.settings['max.poll.interval.ms'];
}

/** Leaves the group when the app has not polled in time, twice a second. Returns when to be polled next. */
export function servePollInterval(member: ConsumerMember, now: number): number {
  if (member.pollCheckAt === null || member.closing !== null) return Number.POSITIVE_INFINITY;
  if (now < member.pollCheckAt) return member.pollCheckAt;
  const late = overdue(member, now);
  if (late <= 0) {
    member.pollCheckAt = now + POLL_CHECK_MS;
    return member.pollCheckAt;
  }
  const text = `no poll for ${Math.round(late)} ms longer than max.poll.interval.ms allows`;
  member.log('MAXPOLL', `${text}: leaving the group (raise it if messages take that long)`, 'consumer', 4);
  member.tellError(RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED, `The application has made ${text}`);
  member.pollExceeded = true;
  member.pollCheckAt = null;
  // Before the revoke, which the app may not serve for long: others should not have to wait for it. Without a membership
  // what we have is lost: see Group.
  leave(member, now, 'max.poll.interval.ms exceeded');
  return Number.POSITIVE_INFINITY;
}
