// Which of the subscribed topics exist, and with how many partitions. @thread main
import { RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART } from '../../defs/enums.ts';
import { errorText } from '../../defs/errors.ts';
import type { Member } from './member.ts';

/** Tells the metadata cache what we follow: our topics and, as leader, those of all members. */
export function follow(member: Member): void {
  const { subscription, leadership } = member;
  if (subscription === null) member.env.wantTopics(null);
  else member.env.wantTopics([...new Set([...subscription, ...(leadership?.topics ?? [])])]);
}

/** The subscribed topics that exist; null while something is not known yet. */
export function existing(member: Member): ReadonlyMap<string, number> | null {
  const found = new Map<string, number>();
  for (const topic of member.subscription ?? []) {
    const count = member.env.partitionCount(topic);
    if (count === null) return null;
    if (count > 0) found.set(topic, count);
  }
  return found;
}

/** Tells the app of subscribed topics that can't be consumed, once for each change. */
export function reportMissing(member: Member): void {
  const errors = new Map<string, number>();
  for (const topic of member.subscription ?? []) {
    if (member.env.partitionCount(topic) !== -1) continue;
    const code = member.env.topicError(topic) || RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
    const err = code === RD_KAFKA_RESP_ERR__UNKNOWN_TOPIC ? RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART : code;
    errors.set(topic, err);
    if (member.topicErrors.get(topic) === err) continue;
    member.tellError(err, `Subscribed topic can't be consumed: ${topic}: ${errorText(err)}`, topic);
  }
  member.topicErrors = errors;
}

/**
 * Whether the assignment is out of date: a topic of ours has appeared or gone since we joined with the others, or, for
 * the leader, some member's topic has another number of partitions than the one it assigned from.
 */
export function outdated(member: Member): boolean {
  const now = existing(member);
  // Metadata that is gone for a moment (null) is no news.
  if (now === null) return false;
  if (now.size !== member.effective.size || [...now.keys()].some((topic) => !member.effective.has(topic))) return true;
  const counts = member.leadership?.counts;
  if (counts === null || counts === undefined) return false;
  return [...counts].some(([topic, count]) => {
    const current = member.env.partitionCount(topic);
    return current !== null && current !== count;
  });
}
