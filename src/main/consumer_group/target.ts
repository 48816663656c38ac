// What the coordinator wants us to have, and how we get there: one change at a time, each acknowledged before the next.
// @thread main
import type { ConsumerGroupHeartbeatResponse } from '../../protocol/messages.ts';
import { ZERO_UUID } from '../../protocol/reader.ts';
import { type ConsumerMember, type Owned, type OwnedSet, ownedKey } from './member.ts';
import { reconcile } from './rebalance.ts';
import type { TopicIdPartitions } from './requests.ts';

/** Of an answer: each partition once, nothing that is no partition. */
export function offeredOf(
  assignment: NonNullable<ConsumerGroupHeartbeatResponse['assignment']>,
): readonly TopicIdPartitions[] {
  const topics = new Map<string, Set<number>>();
  for (const { topicId, partitions } of assignment.topicPartitions) {
    if (topicId === ZERO_UUID) continue;
    const seen = topics.get(topicId) ?? new Set<number>();
    topics.set(topicId, seen);
    for (const partition of partitions) if (partition >= 0) seen.add(partition);
  }
  return [...topics].map(([topicId, partitions]) => ({ topicId, partitions: [...partitions] }));
}

/**
 * Begins to take or let go of partitions when we have others than we should. Those whose topic has no name yet are left
 * out for now, once they have been asked for. Returns when to be polled next.
 */
export function serveTarget(member: ConsumerMember, now: number): number {
  const { offered, names } = member;
  if (offered === null || !member.joined || member.leaveAfter || member.ended) return Number.POSITIVE_INFINITY;
  const ids = offered.map(({ topicId }) => topicId);
  const next = names.poll(now, ids);
  if (member.state !== 'steady' || member.ackDue || member.changes.busy || !names.settled(ids)) return next;
  const held = [...member.held.values()].map(({ topicId }) => topicId);
  names.keep(new Set([...ids, ...held]));
  const [target, complete] = resolve(member, offered);
  if (complete) member.offered = null;
  else member.log('HEARTBEAT', `${target.size} of the assigned partitions can be taken: the others have no name yet`);
  if (!same(target, member.held)) reconcile(member, now, target);
  else if (member.superseded) member.ackDue = true;
  member.superseded = false;
  return next;
}

function resolve({ names }: ConsumerMember, offered: readonly TopicIdPartitions[]): [OwnedSet, boolean] {
  const target = new Map<string, Owned>();
  let complete = true;
  for (const { topicId, partitions } of offered) {
    const topic = names.of(topicId);
    if (topic === undefined) {
      complete = false;
      continue;
    }
    for (const partition of partitions) target.set(ownedKey(topicId, partition), { topicId, topic, partition });
  }
  return [target, complete];
}

function same(a: OwnedSet, b: OwnedSet): boolean {
  return a.size === b.size && [...a.keys()].every((key) => b.has(key));
}
