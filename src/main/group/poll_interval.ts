// max.poll.interval.ms, by which the app shows that it is alive: the same in both group protocols. @thread main
import { RD_KAFKA_RESP_ERR__MAX_POLL_EXCEEDED } from '../../defs/enums.ts';
import type { GroupEnv, LogContext } from '../group_env.ts';

const POLL_CHECK_MS = 500;

/** What of a membership is looked at. */
export interface PollWatched {
  readonly env: GroupEnv;
  readonly polledAt: number;
  /** The app is blocked in a poll of ours. */
  readonly appWaits: boolean;
  readonly closing: object | null;
  /** Null while it is not watched. */
  pollCheckAt: number | null;
  pollExceeded: boolean;
  log(fac: string, text: string, context?: LogContext, level?: number): void;
  tellError(err: number, text: string): void;
}

/** Milliseconds by which the app is over max.poll.interval.ms; 0 or less: it is not. */
export function overdue(member: PollWatched, now: number): number {
  if (member.appWaits) return 0;
  return now - member.polledAt - member.env.settings['max.poll.interval.ms'];
}

/** Twice a second: calls `leave` when the app has not polled in time, and watches no more. Returns when to be polled next. */
export function watchPolls(member: PollWatched, now: number, leave: (reason: string) => void): number {
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
  leave('max.poll.interval.ms exceeded');
  return Number.POSITIVE_INFINITY;
}
