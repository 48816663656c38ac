// What the app wants to consume. @thread main
import type { Member } from './member.ts';
import { rejoin, revoke, takeBack } from './rebalance.ts';
import { current, follow, outdated, reportMissing, takeTopics, wantedOf, wants } from './topics.ts';

/** A new subscription in place of the old one, null for none; waits for a rebalance that is under way. */
export function subscribe(member: Member, now: number, topics: readonly string[] | null): void {
  member.nextSubscription = undefined;
  if (member.rebalancing) {
    member.log('SUBSCRIBE', `the new subscription waits for the rebalance to end (${member.state})`, 'consumer');
    member.nextSubscription = topics;
    return;
  }
  if (topics !== null && member.subscription !== null && member.cooperative) {
    modify(member, now, topics);
    return;
  }
  // A member that only changes its mind does not leave: it joins again under its id.
  if (member.subscription !== null) unsubscribe(member, now, topics === null);
  if (topics === null) return;
  take(member, topics);
  member.joinAt = now;
  member.joinReason = 'subscribed';
}

function take(member: Member, topics: readonly string[]): void {
  member.log('SUBSCRIBE', `subscribed to ${topics.length} topic(s)`, 'consumer');
  member.subscription = [...new Set(topics)];
  member.wanted = wantedOf(member.subscription);
  member.topicErrors = new Map();
  member.topicsDeadline = Number.POSITIVE_INFINITY;
  follow(member);
}

/** A cooperative member keeps what both subscriptions have in common. */
function modify(member: Member, now: number, topics: readonly string[]): void {
  take(member, topics);
  const reason = 'subscribed to other topics';
  const held = member.groupAssignment ?? [];
  const gone = held.filter(({ topic }) => !wants(member.wanted!, topic));
  if (gone.length > 0) {
    takeBack(member, now, gone, true, reason);
  } else if (member.state !== 'steady' || outdated(member)) {
    member.joinReason = reason;
    rejoin(member, now, reason);
  }
}

/** The end of the subscription: partitions are revoked, and then the group is left if `leaving`. */
export function unsubscribe(member: Member, now: number, leaving: boolean): void {
  if (member.subscription === null) return;
  forget(member);
  if (leaving && member.hasJoined) member.leaveAfter = true;
  revoke(member, now, false, leaving ? 'unsubscribed' : 'subscribed to other topics');
}

/** There is no subscription any more. */
export function forget(member: Member): void {
  member.subscription = null;
  member.wanted = null;
  member.effective = new Map();
  member.leadership = null;
  member.pollCheckAt = null;
  follow(member);
}

/** Metadata is new: a settled member joins again where its topics are others now. */
export function topicsChanged(member: Member, now: number): void {
  member.metadataNew = false;
  // Patterns may match others, that are to be known too.
  follow(member);
  reportMissing(member);
  if (!outdated(member)) return;
  const reason = 'the subscribed topics have changed';
  if (!member.cooperative) {
    revoke(member, now, false, reason);
    return;
  }
  takeTopics(member, current(member));
  const held = member.groupAssignment ?? [];
  const gone = held.filter(({ topic }) => !member.effective.has(topic));
  if (gone.length > 0) {
    // There is nobody to take them, and nothing to commit. The leader sees to it that the others hear of it.
    member.lost = true;
    takeBack(member, now, gone, member.leadership !== null, reason);
    return;
  }
  member.joinReason = reason;
  rejoin(member, now, reason);
}
