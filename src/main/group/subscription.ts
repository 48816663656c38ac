// What the app wants to consume. @thread main
import type { Member } from './member.ts';
import { revoke } from './rebalance.ts';
import { follow } from './topics.ts';

/** A new subscription in place of the old one, null for none; waits for a rebalance that is under way. */
export function subscribe(member: Member, now: number, topics: readonly string[] | null): void {
  member.nextSubscription = undefined;
  if (member.rebalancing) {
    member.log('SUBSCRIBE', `the new subscription waits for the rebalance to end (${member.state})`, 'consumer');
    member.nextSubscription = topics;
    return;
  }
  // A member that only changes its mind does not leave: it joins again under its id.
  if (member.subscription !== null) unsubscribe(member, now, topics === null);
  if (topics === null) return;
  member.log('SUBSCRIBE', `subscribed to ${topics.length} topic(s)`, 'consumer');
  member.subscription = [...new Set(topics)];
  member.topicErrors = new Map();
  member.joinAt = now;
  member.joinReason = 'subscribed';
  follow(member);
}

/** The end of the subscription: partitions are revoked, and then the group is left if `leaving`. */
export function unsubscribe(member: Member, now: number, leaving: boolean): void {
  if (member.subscription === null) return;
  member.subscription = null;
  member.effective = new Map();
  member.leadership = null;
  member.pollCheckAt = null;
  if (leaving && member.hasJoined) member.leaveAfter = true;
  follow(member);
  revoke(member, now, false, leaving ? 'unsubscribed' : 'subscribed to other topics');
}
