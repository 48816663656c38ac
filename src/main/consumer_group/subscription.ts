// What the app wants to consume: names, and patterns that the coordinator matches. @thread main
import type { ConsumerMember } from './member.ts';

/** A new subscription; the coordinator says what it means for our partitions. Waits for a membership that is ending. */
export function subscribe(member: ConsumerMember, topics: readonly string[]): void {
  if (member.leaveAfter || member.leaveCall !== null) {
    member.log('SUBSCRIBE', 'the new subscription waits until the group is left', 'consumer');
    member.nextSubscription = topics;
    return;
  }
  member.log('SUBSCRIBE', `subscribed to ${topics.length} topic(s) or pattern(s)`, 'consumer');
  member.nextSubscription = undefined;
  member.subscription = [...new Set(topics)];
  member.version++;
}

/** The end of the subscription: partitions are revoked, and then the group is left. */
export function unsubscribe(member: ConsumerMember): void {
  member.nextSubscription = undefined;
  if (member.subscription === null) return;
  member.subscription = null;
  member.offered = null;
  member.pollCheckAt = null;
  if (member.mayBeKnown) member.leaveAfter = true;
}

/** The names among a subscription. */
export function namesOf(subscription: readonly string[]): string[] {
  return subscription.filter((topic) => !topic.startsWith('^')).sort();
}

/** The patterns of a subscription as one that matches what any of them does; '' for none. */
export function regexOf(subscription: readonly string[]): string {
  const patterns = subscription.filter((topic) => topic.startsWith('^'));
  return patterns.length === 0 ? '' : `(${patterns.join(')|(')})`;
}
