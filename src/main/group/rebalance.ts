// Taking partitions and giving them up, with the app's consent where it has a rebalance callback: all at once (eager), or
// only what changes hands (cooperative, KIP-429). @thread main
import { RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS, RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS } from '../../defs/enums.ts';
import type { PartitionOffset } from '../group_env.ts';
import { leaveIfWanted } from './leave.ts';
import { advance, removalEnded } from './letting_go.ts';
import type { Member } from './member.ts';
import { copyOf, minus } from './partition_sets.ts';

/** rd_kafka_assign, rd_kafka_incremental_assign, rd_kafka_incremental_unassign. */
export type AssignCall = 'assign' | 'add' | 'remove';

/** The group gave us these. */
export function offer(member: Member, now: number, partitions: readonly PartitionOffset[]): void {
  if (member.cooperative) {
    offerChanges(member, now, partitions);
    return;
  }
  member.groupAssignment = copyOf(partitions);
  member.enter('wait-assign-call', `${partitions.length} partition(s) assigned`);
  ask(member, now, RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS, partitions);
}

/** What is not among them any more goes first; only when it is gone the rest comes, and with another join the others get it. */
function offerChanges(member: Member, now: number, partitions: readonly PartitionOffset[]): void {
  const held = member.groupAssignment ?? [];
  const added = minus(partitions, held);
  const gone = minus(held, partitions);
  member.log('COOPASSIGN', `${partitions.length} partition(s) assigned: ${added.length} more, ${gone.length} to go`);
  if (gone.length === 0) {
    give(member, now, added, false);
    return;
  }
  member.added = added;
  takeBack(member, now, gone, false, 'no longer assigned');
}

/** More partitions; `rejoin`: join again when they are taken. */
function give(member: Member, now: number, partitions: readonly PartitionOffset[], rejoinAfter: boolean): void {
  member.rejoinAfter = rejoinAfter;
  member.groupAssignment = [...(member.groupAssignment ?? []), ...copyOf(partitions)];
  member.enter('wait-assign-call', `${partitions.length} more partition(s) assigned`);
  ask(member, now, RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS, partitions);
}

/** Some partitions of a cooperative member go; `rejoinAfter`: join again when they are gone. */
export function takeBack(
  member: Member,
  now: number,
  partitions: readonly PartitionOffset[],
  rejoinAfter: boolean,
  reason: string,
): void {
  const held = member.groupAssignment ?? [];
  const lost = member.lost ? ' (lost)' : '';
  member.log('REBALANCE', `revoking ${partitions.length} of ${held.length} partition(s)${lost}: ${reason}`, 'consumer');
  member.joinReason = reason;
  member.rejoinAfter = rejoinAfter;
  member.groupAssignment = minus(held, partitions);
  // An answer to a JoinGroup or SyncGroup on its way finds another state.
  member.joinCall = null;
  member.enter('wait-unassign-call', reason);
  ask(member, now, RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS, partitions);
}

function ask(member: Member, now: number, err: number, partitions: readonly PartitionOffset[]): void {
  const assign = err === RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
  if (member.env.asksApp() && member.fatalError === 0) {
    const { generation } = member;
    const lost = !assign && member.lost;
    member.env.toApp({ type: 'rebalance', err, partitions: copyOf(partitions), lost, generation });
  } else if (member.cooperative) {
    assigned(member, now, assign ? 'add' : 'remove', partitions);
  } else {
    assigned(member, now, 'assign', assign ? partitions : null);
  }
}

/**
 * Gives up everything that the group gave us, then leaves or joins again. `isLost`: the group has given it to others
 * already, so nothing is committed. Of one that is no member any more it always has.
 */
export function revoke(member: Member, now: number, isLost: boolean, reason: string): void {
  const partitions = member.groupAssignment;
  const lost = isLost || !member.hasJoined || member.generation < 0;
  if (member.cooperative) {
    member.added = null;
    if (partitions !== null && partitions.length > 0) {
      if (lost) member.lost = true;
      takeBack(member, now, partitions, true, reason);
      return;
    }
    member.joinReason = reason;
    rejoin(member, now, reason);
    return;
  }
  if (lost && partitions !== null) member.lost = true;
  const count = partitions?.length ?? 0;
  member.log('REBALANCE', `revoking ${count} partition(s)${lost ? ' (lost)' : ''}: ${reason}`, 'consumer');
  member.joinReason = reason;
  if (partitions === null) {
    rejoin(member, now, reason);
    return;
  }
  member.groupAssignment = null;
  member.enter('wait-unassign-call', reason);
  ask(member, now, RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS, partitions);
}

/** The same, unless a rebalance is under way: its end puts things right. */
export function revokeUnlessRebalancing(member: Member, now: number, lost: boolean, reason: string): void {
  if (member.rebalancing) member.log('REBALANCE', `in the middle of a rebalance (${member.state}): ${reason}`);
  else revoke(member, now, lost, reason);
}

/** The coordinator waits for all members to join again. */
export function groupRebalances(member: Member, now: number): void {
  const reason = 'the group rebalances';
  if (!member.cooperative || member.rebalancing) {
    revokeUnlessRebalancing(member, now, false, reason);
    return;
  }
  // With all that we have: what goes is known only afterwards.
  member.joinReason = reason;
  rejoin(member, now, reason);
}

/** To where a join starts, at once; leaves instead if there is nothing subscribed. */
export function rejoin(member: Member, now: number, reason: string): void {
  if (member.subscription === null && member.nextSubscription == null) leaveIfWanted(member, now, reason);
  member.rejoinAfter = false;
  member.leadership = null;
  member.joinAt = now;
  // A JoinGroup or SyncGroup on its way is not waited for: its answer finds another state. See join.ts.
  member.joinCall = null;
  member.enter('init', reason);
}

/** The assign call: of the app, or our own where the app has no callback. Null lets everything go. */
export function assigned(
  member: Member,
  now: number,
  how: AssignCall,
  wanted: readonly PartitionOffset[] | null,
): void {
  const ending = member.closing !== null || member.fatalError !== 0;
  // An eager member that ends may be answered in either way.
  if (how !== 'assign' && !(ending && (member.fatalError !== 0 || !member.cooperative))) {
    changed(member, now, how, wanted ?? []);
    return;
  }
  let partitions = ending || how !== 'assign' ? null : wanted;
  if (member.state === 'wait-assign-call') {
    if (ending) {
      member.groupAssignment = null;
      member.enter('wait-unassign-call', 'ending: nothing is assigned any more');
    } else {
      // An app that answers an assignment with unassign has taken none of it.
      partitions ??= [];
      taken(member, now, partitions.length);
    }
  }
  const { lost } = member;
  member.lost = false;
  if (member.state === 'wait-unassign-call' && partitions === null) {
    if (member.cooperative) member.groupAssignment = null;
    member.added = null;
    member.enter('wait-unassign-to-complete', 'unassigned');
  }
  replace(member, now, partitions, lost);
}

function taken(member: Member, now: number, count: number): void {
  member.enter('steady', `${count} partition(s) taken`);
  if (member.subscription !== null) member.pollCheckAt = now;
}

function replace(member: Member, now: number, partitions: readonly PartitionOffset[] | null, lost: boolean): void {
  const empty = member.removal === null && member.env.assignment.partitions().length === 0;
  member.steps = [];
  if (!empty || partitions === null) member.steps.push({ kind: 'remove', only: null, lost });
  if (partitions !== null) member.steps.push({ kind: 'add', partitions, whole: true });
  if (advance(member, now)) arrived(member, now);
}

/** incremental_assign and incremental_unassign. */
function changed(member: Member, now: number, how: 'add' | 'remove', partitions: readonly PartitionOffset[]): void {
  if (member.assignor !== null && !member.cooperative) {
    // The app is refused that before, unless it called when no protocol was known yet.
    member.log('ASSIGN', 'an incremental call in a group of the eager protocol is overlooked', 'consumer', 4);
    return;
  }
  const { lost } = member;
  member.lost = false;
  if (how === 'add' && member.state === 'wait-assign-call') {
    taken(member, now, partitions.length);
    if (member.closing !== null) {
      // The app believes to have these too: it is told of the end of all that it has.
      revoke(member, now, false, 'closing');
      return;
    }
  } else if (how === 'remove' && member.state === 'wait-unassign-call') {
    member.enter('wait-incr-unassign-to-complete', `${partitions.length} partition(s) unassigned`);
  }
  if (how === 'add') member.steps.push({ kind: 'add', partitions, whole: false });
  else member.steps.push({ kind: 'remove', only: partitions, lost });
  if (advance(member, now)) arrived(member, now);
}

/** Goes on with a removal whose commits have ended, or that takes too long. Returns when to be polled next. */
export function serveRemoval(member: Member, now: number): number {
  if (removalEnded(member, now) && advance(member, now)) arrived(member, now);
  return member.removal?.deadline ?? Number.POSITIVE_INFINITY;
}

/** All changes of the assignment are done: whoever waited for that goes on. */
function arrived(member: Member, now: number): void {
  switch (member.state) {
    case 'wait-unassign-to-complete':
      rejoin(member, now, 'partitions are let go');
      return;
    case 'wait-incr-unassign-to-complete':
      givenBack(member, now);
      return;
    case 'steady':
      if (member.rejoinAfter) rejoin(member, now, 'others may have what was given back');
  }
}

function givenBack(member: Member, now: number): void {
  const { added } = member;
  member.added = null;
  if (member.closing !== null && (member.groupAssignment?.length ?? 0) > 0) revoke(member, now, false, 'closing');
  else if (member.closing !== null) {
    // What the app assigned beyond that.
    member.enter('wait-unassign-to-complete', 'closing');
    replace(member, now, null, false);
  } else if (added !== null) give(member, now, added, true);
  else if (member.rejoinAfter || member.subscription === null) rejoin(member, now, 'partitions are given back');
  else member.enter('steady', 'partitions are given back');
}
