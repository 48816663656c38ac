// Taking partitions and letting them go, with the app's consent where it has a rebalance callback.
//
// Letting go has a fixed order: nothing more is handed out, final positions, commit, and only then leave or rejoin.
// Each stage is bounded: a coordinator that is gone delays a rebalance, it can't stop it. @thread main
import { RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS, RD_KAFKA_RESP_ERR__REVOKE_PARTITIONS } from '../../defs/enums.ts';
import type { PartitionOffset } from '../group_env.ts';
import { leaveIfWanted } from './leave.ts';
import type { Member, Removal } from './member.ts';

function copyOf(partitions: readonly PartitionOffset[]): PartitionOffset[] {
  return partitions.map((each) => ({ ...each }));
}

/** The group gave us these. */
export function offer(member: Member, now: number, partitions: readonly PartitionOffset[]): void {
  member.groupAssignment = copyOf(partitions);
  member.enter('wait-assign-call', `${partitions.length} partition(s) assigned`);
  ask(member, now, RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS, partitions);
}

function ask(member: Member, now: number, err: number, partitions: readonly PartitionOffset[]): void {
  const assign = err === RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
  if (member.env.hasRebalanceCallback && member.fatalError === 0) {
    const { generation } = member;
    const lost = !assign && member.lost;
    member.env.toApp({ type: 'rebalance', err, partitions: copyOf(partitions), lost, generation });
  } else {
    assigned(member, now, assign ? partitions : null);
  }
}

/**
 * Gives up everything that the group gave us, then leaves or joins again. `lost`: the group has given it to others
 * already, so nothing is committed.
 */
export function revoke(member: Member, now: number, lost: boolean, reason: string): void {
  if (lost && member.groupAssignment !== null) member.lost = true;
  const partitions = member.groupAssignment;
  member.log(
    'REBALANCE',
    `revoking ${partitions?.length ?? 0} partition(s)${lost ? ' (lost)' : ''}: ${reason}`,
    'consumer',
  );
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

/** To where a join starts, at once; leaves instead if there is nothing subscribed. */
export function rejoin(member: Member, now: number, reason: string): void {
  if (member.subscription === null && member.nextSubscription == null) leaveIfWanted(member, now, reason);
  member.joinAt = now;
  // A JoinGroup or SyncGroup on its way is not waited for: its answer finds another state. See join.ts.
  member.enter('init', reason);
}

/** The assign call: of the app, or our own where the app has no callback. Null lets everything go. */
export function assigned(member: Member, now: number, wanted: readonly PartitionOffset[] | null): void {
  const ending = member.closing !== null || member.fatalError !== 0;
  let partitions = ending ? null : wanted;
  if (member.state === 'wait-assign-call') {
    if (ending) {
      member.groupAssignment = null;
      member.enter('wait-unassign-call', 'ending: nothing is assigned any more');
    } else {
      // An app that answers an assignment with unassign has taken none of it.
      partitions ??= [];
      member.enter('steady', `${partitions.length} partition(s) taken`);
      if (member.subscription !== null) member.pollCheckAt = now;
    }
  }
  const { lost } = member;
  member.lost = false;
  if (member.state === 'wait-unassign-call' && partitions === null)
    member.enter('wait-unassign-to-complete', 'unassigned');
  change(member, now, partitions, lost);
}

function change(member: Member, now: number, partitions: readonly PartitionOffset[] | null, lost: boolean): void {
  if (member.removal !== null) {
    member.removal.next = partitions;
  } else if (member.env.assignment.partitions().length > 0) {
    startRemoval(member, now, partitions, lost);
  } else {
    if (partitions !== null) member.env.assignment.assign(partitions);
    // Commits that the app has just asked for go out as the member that we still are.
    if (partitions === null && member.offsets.pending > 0 && !lost) waitForCommits(member, now, lost);
    else changed(member, now);
  }
}

function boundOf(member: Member, now: number): number {
  const bound = now + member.env.settings['session.timeout.ms'];
  return Math.min(bound, member.closing?.deadline ?? bound);
}

function startRemoval(member: Member, now: number, next: readonly PartitionOffset[] | null, lost: boolean): void {
  const removal: Removal = { stage: 'unassign', deadline: boundOf(member, now), lost, next };
  member.removal = removal;
  member.env.assignment.unassign(() => {
    // Only now, while done() runs, the final positions can be read.
    const offsets = member.env.assignment.stored(true);
    member.calls.later((at) => {
      if (member.removal === removal && removal.stage === 'unassign') commitLast(member, at, removal, offsets);
    });
  });
}

function commitLast(member: Member, now: number, removal: Removal, offsets: PartitionOffset[]): void {
  removal.stage = 'commit';
  if (removal.lost) {
    finishRemoval(member, now);
    return;
  }
  const commits = member.env.settings['enable.auto.commit'] && member.fatalError === 0;
  if (commits && offsets.length > 0)
    member.offsets.commit(offsets, null, { reason: 'unassigned partitions', auto: true });
}

function waitForCommits(member: Member, now: number, lost: boolean): void {
  member.removal = { stage: 'commit', deadline: boundOf(member, now), lost, next: null };
}

/** Goes on with a removal whose commits have ended, or that takes too long. Returns when to be polled next. */
export function serveRemoval(member: Member, now: number): number {
  const { removal } = member;
  if (removal === null) return Number.POSITIVE_INFINITY;
  if (now >= removal.deadline) {
    member.log('REBALANCE', `partitions are let go without the last ${removal.stage}`, 'consumer', 4);
    // Stored offsets are safe to commit even before the fetchers have stopped, but nobody would wait for it.
    finishRemoval(member, now);
  } else if (removal.stage === 'commit' && member.offsets.pending === 0) {
    finishRemoval(member, now);
  }
  return member.removal?.deadline ?? Number.POSITIVE_INFINITY;
}

function finishRemoval(member: Member, now: number): void {
  const { next } = member.removal!;
  member.removal = null;
  if (next !== null && member.closing === null && member.fatalError === 0) member.env.assignment.assign(next);
  changed(member, now);
}

function changed(member: Member, now: number): void {
  if (member.state === 'wait-unassign-to-complete') rejoin(member, now, 'partitions are let go');
}
