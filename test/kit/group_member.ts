// Consumers (without fetching) against the FakeCoordinator, on one clock that the test moves. @thread any
import { Group } from '../../src/main/group/group.ts';
import type {
  AppOp,
  Assignment,
  GroupEnv,
  GroupSettings,
  PartitionName,
  PartitionOffset,
  Reach,
} from '../../src/main/group_env.ts';
import { FakeCoordinator } from './fake_coordinator.ts';

export const SETTINGS: GroupSettings = {
  'client.id': 'test',
  'group.id': 'g',
  'group.instance.id': null,
  'group.protocol.type': 'consumer',
  'session.timeout.ms': 6000,
  'heartbeat.interval.ms': 1000,
  'max.poll.interval.ms': 20_000,
  'coordinator.query.interval.ms': 600_000,
  'partition.assignment.strategy': 'range,roundrobin',
  'enable.auto.commit': true,
  'auto.commit.interval.ms': 5000,
  'offset.store.method': 'broker',
  'retry.backoff.ms': 100,
  'retry.backoff.max.ms': 1000,
  'socket.timeout.ms': 60_000,
  'client.rack': null,
};

const keyOf = (each: { topic: string; partition: number }): string => `${each.topic} ${each.partition}`;

/** What is "fetched": partitions whose stored offsets the test moves. */
export class FakeAssignment implements Assignment {
  active: Map<string, PartitionOffset> = new Map();
  leaving: Map<string, PartitionOffset> | null = null;
  readonly stored_: Map<string, number> = new Map();
  readonly committed_: Map<string, number> = new Map();
  /** Generation in which each partition was taken. */
  readonly taken: Map<string, number> = new Map();
  private readonly member: TestMember;
  /** Runs the done of unassign: at once, later, or never. */
  whenStopped: (done: () => void) => void = (done) => done();

  constructor(member: TestMember) {
    this.member = member;
  }

  assign(partitions: readonly PartitionOffset[]): void {
    if (this.active.size > 0) throw new Error('assign() on an assignment that is not empty');
    this.member.events.push(`assign ${partitions.map(keyOf).join(',')}`);
    this.leaving = null;
    this.take(partitions);
  }

  private take(partitions: readonly PartitionOffset[]): void {
    for (const each of partitions) {
      this.active.set(keyOf(each), { ...each });
      this.taken.set(keyOf(each), this.member.group.generation());
      this.stored_.delete(keyOf(each));
      this.committed_.delete(keyOf(each));
    }
  }

  unassign(done: () => void): void {
    this.member.events.push('unassign');
    this.letGo([...this.active.values()], done);
  }

  incrementalAssign(partitions: readonly PartitionOffset[]): void {
    this.member.events.push(`add ${partitions.map(keyOf).join(',')}`);
    this.take(partitions.filter((each) => !this.active.has(keyOf(each))));
  }

  incrementalUnassign(partitions: readonly PartitionName[], done: () => void): void {
    this.member.events.push(`remove ${partitions.map(keyOf).join(',')}`);
    this.letGo(partitions, done);
  }

  private letGo(partitions: readonly PartitionName[], done: () => void): void {
    const leaving = partitions.flatMap((each) => this.active.get(keyOf(each)) ?? []);
    this.leaving = new Map(leaving.map((each) => [keyOf(each), each]));
    for (const each of leaving) this.active.delete(keyOf(each));
    this.whenStopped(() => {
      this.member.events.push('stopped');
      done();
      this.leaving = null;
    });
  }

  stored(onlyNew: boolean, only?: readonly PartitionName[]): PartitionOffset[] {
    const wanted = only === undefined ? null : new Set(only.map(keyOf));
    return [...this.active, ...(this.leaving ?? [])].flatMap(([key, { topic, partition }]) => {
      if (wanted !== null && !wanted.has(key)) return [];
      const offset = this.stored_.get(key);
      if (offset === undefined || (onlyNew && offset <= (this.committed_.get(key) ?? -1))) return [];
      return [{ topic, partition, offset }];
    });
  }

  committed(offsets: readonly PartitionOffset[]): void {
    for (const each of offsets) this.committed_.set(keyOf(each), each.offset);
    this.member.events.push(`committed ${offsets.map((each) => `${keyOf(each)}@${each.offset}`).join(',')}`);
  }

  partitions(): readonly PartitionOffset[] {
    return [...this.active.values()];
  }

  /** The app has handled everything up to `offset` of a partition. */
  store(topic: string, partition: number, offset: number): void {
    this.stored_.set(`${topic} ${partition}`, offset);
  }
}

export interface MemberOptions {
  settings?: Partial<GroupSettings>;
  /** A rebalance callback that answers by itself, or one that the test plays ('manual'), or none. */
  callback?: 'none' | 'auto' | 'manual';
  commitCallback?: boolean;
}

export class TestMember {
  readonly name: string;
  readonly world: World;
  readonly group: Group;
  readonly assignment: FakeAssignment;
  readonly ops: AppOp[] = [];
  /** What happened to the assignment, and requests as `> JoinGroup`. */
  readonly events: string[] = [];
  readonly logs: string[] = [];
  readonly fatal: [number, string][] = [];
  readonly wanted: (readonly string[] | null)[] = [];
  wakeAt = 0;
  polling = true;
  closedAt: number | null = null;

  constructor(world: World, name: string, options: MemberOptions) {
    this.world = world;
    this.name = name;
    this.assignment = new FakeAssignment(this);
    this.group = new Group(this.env(options));
  }

  private env(options: MemberOptions): GroupEnv {
    const { world, name } = this;
    return {
      settings: { ...SETTINGS, ...options.settings },
      requireStable: true,
      random: world.random,
      asksApp: () => (options.callback ?? 'none') !== 'none',
      hasCommitCallback: options.commitCallback === true,
      assignment: this.assignment,
      log: (level, fac, text) => this.logs.push(`${level} ${fac} ${text}`),
      send: (target, request) => {
        this.events.push(`> ${request.name}`);
        world.sent(this, request.name);
        world.coordinator.send(name, target, request);
      },
      coordinatorAddress: () => undefined,
      partitionCount: (topic) => (world.topics.has(topic) ? world.topics.get(topic)! : null),
      topicError: (topic) => world.topicErrors.get(topic) ?? 3,
      partitionRacks: (topic) => world.racks(topic),
      allTopics: () => world.allTopics,
      ignores: (topic) => world.ignored.has(topic),
      wantTopics: (topics) => this.wanted.push(topics),
      reach: () => world.reach,
      wake: () => {
        this.wakeAt = Math.min(this.wakeAt, world.now);
      },
      toApp: (op) => {
        this.ops.push(op);
        if (op.type !== 'rebalance' || options.callback !== 'auto') return;
        const assign = op.err === -175;
        world.after(world.random() * 20, () => {
          if (this.group.rebalanceProtocol() !== 'COOPERATIVE') this.group.onAssignCall(assign ? op.partitions : null);
          else this.group.onAssignCall(op.partitions, assign ? 'add' : 'remove');
        });
      },
      fatal: (err, text) => this.fatal.push([err, text]),
    };
  }

  /** Partitions held, sorted, as `t 0`. */
  get holds(): string[] {
    return [...this.assignment.active.keys()].sort();
  }

  close(afterMs = 5000, ending = false): void {
    const done = (): void => {
      this.closedAt = this.world.now;
    };
    this.group.close(this.world.now + afterMs, done, ending);
  }
}

export class World {
  now = 1000;
  readonly coordinator: FakeCoordinator = new FakeCoordinator();
  readonly members: TestMember[] = [];
  readonly topics: Map<string, number> = new Map();
  readonly topicErrors: Map<string, number> = new Map();
  /** What a full list of topics says. */
  allTopics: ReadonlySet<string> | null = null;
  readonly ignored: Set<string> = new Set();
  racks: (topic: string) => readonly (readonly string[])[] | null = () => null;
  readonly random: () => number;
  reach: Reach = 'coordinator';
  sent: (member: TestMember, name: string) => void = () => undefined;
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

  member(name: string, options: MemberOptions = {}): TestMember {
    const member = new TestMember(this, name, options);
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
      if (steps > 200_000) throw new Error(`no end of events at ${this.now}`);
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
    const lines = this.members.map(
      (each) => `${each.name}: ${each.group.state} [${each.holds}] ${each.events.slice(-8)}`,
    );
    return [`group ${this.coordinator.state} generation ${this.coordinator.generation}`, ...lines].join('\n');
  }

  /** Every member is steady in the coordinator's generation. */
  get stable(): boolean {
    const alive = this.members.filter((each) => each.closedAt === null && each.group.subscription() !== null);
    return (
      this.coordinator.state === 'Stable' &&
      alive.every((each) => each.group.state === 'steady' && each.group.generation() === this.coordinator.generation) &&
      alive.length === this.coordinator.members.size
    );
  }
}
