// One step of a KIP-848 member towards its target: first it gives up, then it is given what is free. @thread mock
import type { ConsumerMember, MemberState } from './consumer_member.ts';
import { countOf, filtered, has, NO_PARTITIONS, overlaps, type PartitionSets, union } from './partition_sets.ts';

export interface Target {
  readonly epoch: number;
  readonly partitions: PartitionSets;
}

interface Next {
  readonly state: MemberState;
  readonly epoch: number;
  readonly assigned: PartitionSets;
  readonly revoking: PartitionSets;
}

/**
 * What the member is to have next; null when nothing changes.
 * @param isHeld whether any member, itself too, still has a partition
 * @param owned what the member says that it has, null if it did not say
 */
export function nextStep(
  member: ConsumerMember,
  target: Target,
  isHeld: (topicId: string, partition: number) => boolean,
  owned: PartitionSets | null,
): Next | null {
  if (member.state === 'unrevoked') {
    if (owned === null || overlaps(owned, member.revoking)) return null;
    return towards(member, member.epoch + 1, target, isHeld, owned);
  }
  if (member.state === 'stable' && member.epoch === target.epoch) return null;
  return towards(member, member.epoch, target, isHeld, owned);
}

function towards(
  member: ConsumerMember,
  epoch: number,
  target: Target,
  isHeld: (topicId: string, partition: number) => boolean,
  owned: PartitionSets | null,
): Next {
  const kept = filtered(member.assigned, (topicId, partition) => has(target.partitions, topicId, partition));
  const revoking = filtered(member.assigned, (topicId, partition) => !has(kept, topicId, partition));
  const missing = filtered(target.partitions, (topicId, partition) => !has(kept, topicId, partition));
  const free = filtered(missing, (topicId, partition) => !isHeld(topicId, partition));
  if (countOf(revoking) > 0 && (owned === null || overlaps(owned, revoking))) {
    return { state: 'unrevoked', epoch, assigned: kept, revoking };
  }
  const state = countOf(free) < countOf(missing) ? 'unreleased' : 'stable';
  return { state, epoch: target.epoch, assigned: union(kept, free), revoking: NO_PARTITIONS };
}
