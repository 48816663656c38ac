// The changes of what is fetched, one after the other: an addition is done at once, a removal has a fixed order (nothing
// more is handed out, final positions, commit) and bounded stages: a coordinator that is gone delays a rebalance, it can't
// stop it. @thread main
import type { PartitionOffset } from '../group_env.ts';
import type { Member } from './member.ts';
import { common } from './partition_sets.ts';

/** One change of the assignment. */
export type Step =
  | {
      readonly kind: 'remove';
      /** Null: everything. */
      readonly only: readonly PartitionOffset[] | null;
      /** Others may own them: nothing is committed. */
      readonly lost: boolean;
    }
  | {
      readonly kind: 'add';
      readonly partitions: readonly PartitionOffset[];
      /** All that there is to be: of rd_kafka_assign. */
      readonly whole: boolean;
    };

/** A removal that is under way. */
export interface Removal {
  /** Waits for the fetchers' final positions, then for the commits. */
  stage: 'unassign' | 'commit';
  readonly deadline: number;
  readonly lost: boolean;
}

/** Does the next steps as far as that goes at once. True when none is left. */
export function advance(member: Member, now: number): boolean {
  while (member.removal === null) {
    const step = member.steps.shift();
    if (step === undefined) return true;
    if (step.kind === 'remove') remove(member, now, step);
    else if (member.closing === null && member.fatalError === 0) add(member, step);
  }
  return false;
}

function add(member: Member, { partitions, whole }: Extract<Step, { kind: 'add' }>): void {
  if (whole) member.env.assignment.assign(partitions);
  else if (partitions.length > 0) member.env.assignment.incrementalAssign(partitions);
}

function boundOf(member: Member, now: number): number {
  const bound = now + member.env.settings['session.timeout.ms'];
  return Math.min(bound, member.closing?.deadline ?? bound);
}

function remove(member: Member, now: number, { only, lost }: Extract<Step, { kind: 'remove' }>): void {
  const { assignment } = member.env;
  const there = assignment.partitions();
  const going = only === null ? there : common(there, only);
  if (going.length === 0) {
    // Commits that the app has just asked for go out as the member that we still are.
    if (member.offsets.pending > 0 && !lost) member.removal = { stage: 'commit', deadline: boundOf(member, now), lost };
    return;
  }
  const removal: Removal = { stage: 'unassign', deadline: boundOf(member, now), lost };
  member.removal = removal;
  const done = (): void => {
    // Only now, while done() runs, the final positions can be read.
    const offsets = only === null ? assignment.stored(true) : assignment.stored(true, going);
    member.calls.later(() => {
      if (member.removal === removal && removal.stage === 'unassign') commitLast(member, removal, offsets);
    });
  };
  if (only === null) assignment.unassign(done);
  else assignment.incrementalUnassign(going, done);
}

function commitLast(member: Member, removal: Removal, offsets: PartitionOffset[]): void {
  removal.stage = 'commit';
  const commits = member.env.settings['enable.auto.commit'] && member.fatalError === 0 && !removal.lost;
  if (commits && offsets.length > 0)
    member.offsets.commit(offsets, null, { reason: 'unassigned partitions', auto: true });
}

/** Ends a removal whose commits have ended, or that takes too long. True when it has just ended. */
export function removalEnded(member: Member, now: number): boolean {
  const { removal } = member;
  if (removal === null) return false;
  if (now >= removal.deadline) {
    // Stored offsets are safe to commit even before the fetchers have stopped, but nobody would wait for it.
    member.log('REBALANCE', `partitions are let go without the last ${removal.stage}`, 'consumer', 4);
  } else if (removal.stage !== 'commit' || (!removal.lost && member.offsets.pending > 0)) {
    return false;
  }
  member.removal = null;
  return true;
}
