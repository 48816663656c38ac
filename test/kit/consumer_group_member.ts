// Members of a KIP-848 group (without fetching) against the FakeConsumerCoordinator, on one clock that the test moves.
// @thread any
import type { ConsumerGroupSettings } from '../../src/main/consumer_group/env.ts';
import { ConsumerGroup } from '../../src/main/consumer_group/group.ts';
import type { AppOp, Assignment, PartitionName, PartitionOffset, Reach } from '../../src/main/group_env.ts';
import { FakeConsumerCoordinator } from './fake_consumer_coordinator.ts';
import { SETTINGS } from './group_member.ts';

const keyOf = (each: PartitionName): string => `${each.topic} ${each.partition}`;

/** What is "fetched": partitions whose stored offsets the test moves. */
class FakeAssignment implements Assignment {
  active: Map<string, PartitionOffset> = new Map();
  leaving: Map<string, PartitionOffset> = new Map();
  readonly stored_: Map<string, number> = new Map();
  readonly committed_: Map<string, number> = new Map();
  private readonly events: string[];
  /** Runs the done of a removal: at once, later, or never. */
  whenStopped: (done: () => void) => void = (done) => done();

  constructor(events: string[]) {
    this.events = events;
  }

  assign(partitions: readonly PartitionOffset[]): void {
    if (this.active.size > 0) throw new Error('assign() on an assignment that is not empty');
    this.incrementalAssign(partitions);
  }

  incrementalAssign(partitions: readonly PartitionOffset[]): void {
    this.events.push(`+ ${partitions.map(keyOf).sort().join()}`);
    for (const each of partitions) {
      if (this.active.has(keyOf(each))) continue;
      this.active.set(keyOf(each), { ...each });
      this.stored_.delete(keyOf(each));
      this.committed_.delete(keyOf(each));
    }
  }

  unassign(done: () => void): void {
    this.incrementalUnassign([...this.active.values()], done);
  }

  incrementalUnassign(partitions: readonly PartitionName[], done: () => void): void {
    if (this.leaving.size > 0) throw new Error('two removals at a time');
    this.events.push(`- ${partitions.map(keyOf).sort().join()}`);
    for (const each of partitions) {
      const there = this.active.get(keyOf(each));
      if (there === undefined) continue;
      this.active.delete(keyOf(each));
      this.leaving.set(keyOf(each), there);
    }
    this.whenStopped(() => {
      done();
      this.leaving = new Map();
    });
  }

  stored(onlyNew: boolean, only?: readonly PartitionName[]): PartitionOffset[] {
    const wanted = only === undefined ? null : new Set(only.map(keyOf));
    return [...this.active, ...this.leaving].flatMap(([key, { topic, partition }]) => {
      const offset = this.stored_.get(key);
      if (offset === undefined || (wanted !== null && !wanted.has(key))) return [];
      if (onlyNew && offset <= (this.committed_.get(key) ?? -1)) return [];
      return [{ topic, partition, offset }];
    });
  }

  committed(offsets: readonly PartitionOffset[]): void {
    for (const each of offsets) this.committed_.set(keyOf(each), each.offset);
    this.events.push(`committed ${offsets.map((each) => `${keyOf(each)}@${each.offset}`).join(',')}`);
  }

  partitions(): readonly PartitionOffset[] {
    return [...this.active.values()];
  }

  /** The app has handled everything up to `offset` of a partition. */
  store(topic: string, partition: number, offset: number): void {
    this.stored_.set(`${topic} ${partition}`, offset);
  }
}

export interface BeatOptions {
  settings?: Partial<ConsumerGroupSettings>;
  /** A rebalance callback that answers by itself, or one that the test plays ('manual'), or none. */
  callback?: 'none' | 'auto' | 'manual';
}

export class BeatMember {
  readonly id: string;
  readonly world: BeatWorld;
  readonly group: ConsumerGroup;
  readonly assignment: FakeAssignment;
  readonly ops: AppOp[] = [];
  /** What happened to the assignment, and requests as `> OffsetCommit`. */
  readonly events: string[] = [];
  readonly logs: string[] = [];
  readonly fatal: number[] = [];
  wakeAt = 0;
  polling = true;
  closedAt: number | null = null;

  constructor(world: BeatWorld, id: string, options: BeatOptions) {
    this.world = world;
    this.id = id;
    this.assignment = new FakeAssignment(this.events);
    this.group = new ConsumerGroup({
      settings: { ...SETTINGS, 'group.remote.assignor': null, ...options.settings },
      memberId: id,
      requireStable: true,
      random: world.random,
      asksApp: () => (options.callback ?? 'none') !== 'none',
      hasCommitCallback: false,
      assignment: this.assignment,
      log: (level, fac, text) => this.logs.push(`${level} ${fac} ${text}`),
      send: (target, request) => {
        if (request.name !== 'FindCoordinator') this.events.push(`> ${request.name}`);
        world.coordinator.send(id, target, request);
      },
      coordinatorAddress: () => undefined,
      partitionCount: (topic) => world.coordinator.topics.get(topic) ?? null,
      topicError: () => 3,
      allTopics: () => null,
      ignores: () => false,
      wantTopics: () => undefined,
      reach: () => world.reach,
      wake: () => {
        this.wakeAt = Math.min(this.wakeAt, world.now);
      },
      toApp: (op) => {
        this.ops.push(op);
        if (op.type === 'rebalance' && options.callback === 'auto')
          world.after(world.random() * 20, () => this.answer(op));
      },
      fatal: (err) => this.fatal.push(err),
    });
  }

  /** Does what a rebalance callback does. */
  answer(op: AppOp | undefined = this.ops.findLast(({ type }) => type === 'rebalance')): void {
    if (op?.type !== 'rebalance') throw new Error(`not a rebalance: ${JSON.stringify(op)}`);
    this.group.onAssignCall(op.partitions, op.err === -175 ? 'add' : 'remove');
  }

  /** The same, if there is something to answer. */
  answerIfAny(): void {
    if (this.ops.some(({ type }) => type === 'rebalance')) this.answer();
  }

  /** Partitions held, sorted, as `t 0`. */
  get holds(): string[] {
    return [...this.assignment.active.keys()].sort();
  }

  /** What the app was told: `+`, `-` or `lost` with the partitions. */
  get rebalances(): string[] {
    return this.ops.flatMap((op) => {
      if (op.type !== 'rebalance') return [];
      const what = op.err === -175 ? '+' : op.lost ? 'lost' : '-';
      return [`${what} ${op.partitions.map(keyOf).sort().join()}`];
    });
  }

  get errors(): number[] {
    return this.ops.flatMap((op) => (op.type === 'consumer_error' ? [op.err] : []));
  }

  /** Its heartbeats, as the coordinator saw them. */
  get beats(): any[] {
    const { seen } = this.world.coordinator;
    return seen
      .filter((each) => each.from === this.id && each.name === 'ConsumerGroupHeartbeat')
      .map((each) => each.body);
  }

  close(afterMs = 5000, ending = false): void {
    const done = (): void => {
      this.closedAt = this.world.now;
    };
    this.group.close(this.world.now + afterMs, done, ending);
  }
}

export class BeatWorld {
  now = 1000;
  readonly coordinator: FakeConsumerCoordinator = new FakeConsumerCoordinator();
  readonly members: BeatMember[] = [];
  readonly random: () => number;
  reach: Reach = 'coordinator';
  private timers: { at: number; run: () => void }[] = [];

  constructor(seed = 1) {
    let state = seed >>> 0;
    // mulberry32
    this.random = () => {
      state = (state + 0x6d2b79f5) | 0;
      let t = Math.imul(state ^ (state >>> 15), 1 | state);
      t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
      return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
    };
    this.coordinator.now = this.now;
  }

  member(id: string, options: BeatOptions = {}): BeatMember {
    const member = new BeatMember(this, id, options);
    this.members.push(member);
    return member;
  }

  after(ms: number, run: () => void): void {
    this.timers.push({ at: this.now + ms, run });
  }

  /** Moves time on by `ms`, event by event. */
  advance(ms: number): void {
    const end = this.now + ms;
    for (let steps = 0; ; steps++) {
      if (steps > 200_000) throw new Error(`no end of events at ${this.now}\n${this.describe()}`);
      const next = Math.min(
        this.coordinator.nextAt(),
        ...this.members.map((member) => member.wakeAt),
        ...this.timers.map((timer) => timer.at),
      );
      if (next > end) break;
      this.now = Math.max(this.now, next);
      this.turn();
    }
    this.now = end;
    this.turn();
  }

  private turn(): void {
    const due = this.timers.filter((timer) => timer.at <= this.now);
    this.timers = this.timers.filter((timer) => timer.at > this.now);
    for (const timer of due) timer.run();
    this.coordinator.run(this.now);
    for (const member of this.members) {
      if (member.wakeAt > this.now) continue;
      if (member.polling) member.group.polled(this.now);
      member.wakeAt = Number.POSITIVE_INFINITY;
      const next = member.group.poll(this.now);
      member.wakeAt = Math.min(member.wakeAt, next);
    }
    this.check();
  }

  /** No partition is with two members that the coordinator knows. */
  private check(): void {
    const owners = new Map<string, string>();
    for (const member of this.members) {
      if (!this.coordinator.members.has(member.id) || member.group.generation() < 0) continue;
      for (const key of member.holds) {
        const other = owners.get(key);
        if (other !== undefined) throw new Error(`${key} is with ${other} and ${member.id}\n${this.describe()}`);
        owners.set(key, member.id);
      }
    }
  }

  /** Moves time on until `cond` holds; fails after `ms` of its time. */
  until(cond: () => boolean, ms = 60_000): void {
    const end = this.now + ms;
    while (!cond()) {
      if (this.now >= end) throw new Error(`not within ${ms} ms: ${cond.toString()}\n${this.describe()}`);
      this.advance(5);
    }
  }

  describe(): string {
    const rows = [...this.coordinator.members.values()].map(
      (row) => `  ${row.id} epoch ${row.epoch} assigned ${[...row.assigned]} revoking ${[...row.revoking]}`,
    );
    const lines = this.members.map(
      (each) => `${each.id}: ${each.group.state} [${each.holds}] ${each.events.slice(-8)}`,
    );
    return [`group epoch ${this.coordinator.groupEpoch}`, ...rows, ...lines].join('\n');
  }

  /** Every member has what it is to have, and the coordinator knows. */
  get stable(): boolean {
    const alive = this.members.filter((each) => each.closedAt === null && each.group.subscription() !== null);
    const rows = this.coordinator.members;
    if (rows.size !== alive.length || rows.size === 0) return false;
    return alive.every((each) => {
      const row = rows.get(each.id);
      if (row === undefined || row.epoch !== this.coordinator.groupEpoch || row.revoking.size > 0) return false;
      const same = row.assigned.size === row.target.size && row.assigned.size === each.holds.length;
      return same && each.group.state === 'steady' && each.group.generation() === row.epoch;
    });
  }
}
