// Changes of what is fetched, one at a time, in the order in which they were asked for.
//
// Letting go has a fixed order: nothing more is handed out, final positions, commit, and only then the change is done.
// It is bounded: a coordinator that is gone delays it, it can't stop it. @thread main
import type { Calls } from '../group/calls.ts';
import { common } from '../group/partition_sets.ts';
import type { GroupEnv, PartitionName, PartitionOffset } from '../group_env.ts';
import type { Offsets } from '../offsets.ts';

export interface Change {
  readonly remove: readonly PartitionName[] | 'all';
  /** Assigned afterwards. */
  readonly add: readonly PartitionOffset[];
  /** Others may own what is removed: nothing is committed. */
  readonly lost: boolean;
  /** Called in a poll, when the change is complete. */
  readonly done: ((now: number) => void) | null;
}

/** What the changes have to know of the group. */
export interface ChangeHost {
  readonly env: GroupEnv;
  readonly calls: Calls;
  readonly offsets: Offsets;
  /** Nothing is assigned any more. */
  readonly ended: boolean;
  /** Not 0: nothing is committed any more. */
  readonly fatalError: number;
  /** A removal that begins at `now` takes no longer than until then. */
  deadline(now: number): number;
}

interface Running {
  readonly change: Change;
  readonly since: number;
  stage: 'unassign' | 'commit';
}

export class Changes {
  private readonly host: ChangeHost;
  private queue: Change[] = [];
  private running: Running | null = null;

  constructor(host: ChangeHost) {
    this.host = host;
  }

  get busy(): boolean {
    return this.running !== null || this.queue.length > 0;
  }

  /** Begins the change, or puts it behind those under way. Takes ownership of its lists. */
  start(now: number, change: Change): void {
    this.queue.push(change);
    this.next(now);
  }

  /** Goes on with a removal whose commits have ended, or that takes too long. Returns when to be called next. */
  poll(now: number): number {
    const { running, host } = this;
    if (running === null) return Number.POSITIVE_INFINITY;
    const deadline = host.deadline(running.since);
    if (now >= deadline) {
      host.env.log(4, 'REBALANCE', `partitions are let go without the last ${running.stage}`, 'cgrp');
      this.finish(now, running);
    } else if (running.stage === 'commit' && host.offsets.pending === 0) {
      this.finish(now, running);
    }
    return this.running === null ? Number.POSITIVE_INFINITY : host.deadline(this.running.since);
  }

  /** Forgets everything; no `done` is called any more. */
  stop(): void {
    this.queue = [];
    this.running = null;
  }

  private next(now: number): void {
    while (this.running === null) {
      const change = this.queue.shift();
      if (change === undefined) return;
      this.begin(now, change);
    }
  }

  private begin(now: number, change: Change): void {
    const { env, calls, offsets } = this.host;
    const { assignment } = env;
    const running: Running = { change, since: now, stage: 'commit' };
    this.running = running;
    const remove = this.assigned(change.remove);
    if (remove.length > 0) {
      running.stage = 'unassign';
      const stopped = (): void => {
        // Only now, while this runs, the final positions can be read.
        const stored = assignment.stored(true, remove);
        calls.later((at) => this.stopped(at, running, stored));
      };
      if (change.remove === 'all') assignment.unassign(stopped);
      else assignment.incrementalUnassign(remove, stopped);
      return;
    }
    // Commits that the app has just asked for go out as the member that we still are.
    const letsGo = change.remove === 'all' || change.remove.length > 0;
    if (!letsGo || change.lost || offsets.pending === 0) this.finish(now, running);
  }

  private assigned(wanted: Change['remove']): readonly PartitionName[] {
    const there = this.host.env.assignment.partitions();
    return wanted === 'all' ? there : common(there, wanted);
  }

  private stopped(now: number, running: Running, stored: PartitionOffset[]): void {
    if (this.running !== running || running.stage !== 'unassign') return;
    const { env, offsets, fatalError } = this.host;
    running.stage = 'commit';
    if (running.change.lost) {
      this.finish(now, running);
      return;
    }
    if (!env.settings['enable.auto.commit'] || fatalError !== 0 || stored.length === 0) return;
    offsets.commit(stored, null, { reason: 'unassigned partitions', auto: true });
  }

  private finish(now: number, running: Running): void {
    const { add, done } = running.change;
    this.running = null;
    if (add.length > 0 && !this.host.ended) this.host.env.assignment.incrementalAssign(add);
    done?.(now);
    this.next(now);
  }
}
