// Which of the subscribed topics exist, and with how many partitions. @thread main
import {
  RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED,
  RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART,
} from '../../defs/enums.ts';
import { errorText } from '../../defs/errors.ts';
import { Pattern } from '../../rd/pattern.ts';
import type { Member } from './member.ts';

/** What the app wants, its patterns ready to be matched. */
export interface Wanted {
  readonly names: readonly string[];
  readonly patterns: readonly { readonly text: string; readonly pattern: Pattern }[];
  /** Topics of the cluster that the patterns match, and the list that this was found out from. */
  matched: readonly string[];
  matchedIn: ReadonlySet<string>;
}

export interface Existing {
  /** With their partition counts. */
  readonly found: ReadonlyMap<string, number>;
  /** Of which nothing is known yet. */
  readonly unknown: readonly string[];
}

/** Takes a subscription apart; patterns are those that begin with ^. @throws PatternError */
export function wantedOf(subscription: readonly string[]): Wanted {
  const patterns = subscription.filter((name) => name.startsWith('^'));
  return {
    names: subscription.filter((name) => !name.startsWith('^')),
    patterns: patterns.map((text) => ({ text, pattern: new Pattern(text) })),
    matched: [],
    matchedIn: new Set(),
  };
}

/** Whether a subscription asks for this topic. */
export function wants({ names, patterns }: Wanted, topic: string): boolean {
  return names.includes(topic) || patterns.some(({ pattern }) => pattern.matches(topic));
}

/** The topics of the cluster that our patterns match; null while the cluster's topics are not known. */
function matched(member: Member): readonly string[] | null {
  const { wanted } = member;
  if (wanted === null || wanted.patterns.length === 0) return [];
  const all = member.env.allTopics();
  if (all === null) return null;
  if (all !== wanted.matchedIn) {
    // Only the new ones are looked at: there may be thousands of both, topics and patterns.
    const before = new Set(wanted.matched);
    const fresh = (topic: string): boolean => wanted.patterns.some(({ pattern }) => pattern.matches(topic));
    wanted.matched = [...all].filter((topic) => (wanted.matchedIn.has(topic) ? before.has(topic) : fresh(topic)));
    wanted.matchedIn = all;
  }
  return wanted.matched;
}

/** The names that we want, with those that patterns stand for, without those of topic.blacklist. */
function names(member: Member): string[] {
  const all = new Set([...(member.wanted?.names ?? []), ...(matched(member) ?? [])]);
  return [...all].filter((topic) => !member.env.ignores(topic));
}

/** Tells the metadata cache what we follow: our topics and, as leader, those of all members. */
export function follow(member: Member): void {
  const { wanted, leadership } = member;
  if (wanted === null) member.env.wantTopics(null, false);
  else {
    const topics = new Set([...names(member), ...(leadership?.topics ?? [])]);
    member.env.wantTopics([...topics], wanted.patterns.length > 0);
  }
}

/** The subscribed topics that exist, and those that may. */
export function existing(member: Member): Existing {
  const found = new Map<string, number>();
  const unknown: string[] = [];
  if (matched(member) === null) unknown.push(...member.wanted!.patterns.map(({ text }) => text));
  for (const topic of names(member)) {
    const count = member.env.partitionCount(topic);
    if (count === null) unknown.push(topic);
    else if (count > 0) found.set(topic, count);
  }
  return { found, unknown };
}

/** Tells the app of subscribed topics that can't be consumed, and of patterns that match none, once for each change. */
export function reportMissing(member: Member): void {
  const errors = new Map<string, number>();
  for (const topic of names(member)) {
    if (member.env.partitionCount(topic) !== -1) continue;
    // Whatever else the cluster says of a topic, to the app it is not there.
    const refused = member.env.topicError(topic) === RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED;
    errors.set(topic, refused ? RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  }
  const topics = matched(member);
  if (topics !== null) {
    const alone = (member.wanted?.patterns ?? []).filter(
      ({ pattern }) => !topics.some((name) => pattern.matches(name)),
    );
    for (const { text } of alone) errors.set(text, RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART);
  }
  for (const [topic, err] of errors) {
    if (member.topicErrors.get(topic) === err) continue;
    member.tellError(err, `Subscribed topic can't be consumed: ${topic}: ${errorText(err)}`, topic);
  }
  member.topicErrors = errors;
}

/** What we join for from here on. */
export function takeTopics(member: Member, topics: ReadonlyMap<string, number>): void {
  member.effective = topics;
  member.racks = ownRacks(member, topics);
}

/** Of interest to a member that says where it is itself. */
function ownRacks(member: Member, topics: ReadonlyMap<string, number>): string {
  return member.env.settings['client.rack'] ? racksOf(member, topics) : '';
}

/** Where the replicas of these topics are. */
export function racksOf({ env }: Member, topics: ReadonlyMap<string, number | null>): string {
  const racks = [...topics.keys()].sort().map((topic) => env.partitionRacks?.(topic)?.map((of) => [...of].sort()));
  return JSON.stringify(racks);
}

/**
 * Whether the assignment is out of date: a topic of ours has appeared or gone since we joined with the others, or its
 * replicas have come to other racks (of a member that has one), or, for the leader, some member's topic has another number
 * of partitions than the one it assigned from, or other racks where that counted.
 */
export function outdated(member: Member): boolean {
  const now = current(member);
  if (now.size !== member.effective.size || [...now.keys()].some((topic) => !member.effective.has(topic))) return true;
  if (ownRacks(member, now) !== member.racks) return true;
  const { counts = null, racks = null } = member.leadership ?? {};
  if (counts === null) return false;
  if (racks !== null && racks !== racksOf(member, counts)) return true;
  return [...counts].some(([topic, count]) => {
    const known = member.env.partitionCount(topic);
    return known !== null && known !== count;
  });
}

/** Our topics as far as we know: metadata that is gone for a moment is no news. */
export function current(member: Member): ReadonlyMap<string, number> {
  const { found, unknown } = existing(member);
  const now = new Map(found);
  for (const topic of unknown) {
    const before = member.effective.get(topic);
    if (before !== undefined) now.set(topic, before);
  }
  return now;
}
