// Groups of several members under random faults, on a clock of their own: what must hold whatever happens.
import { describe, expect, test } from 'vitest';
import { E } from '../../../kit/fake_coordinator.ts';
import { type TestMember, World } from '../../../kit/group_member.ts';

const CODES = [
  E.transport,
  E.notCoordinator,
  E.notAvailable,
  E.loading,
  E.rebalance,
  E.illegalGeneration,
  E.unknownMember,
  -185,
];
const APIS = ['JoinGroup', 'SyncGroup', 'Heartbeat', 'OffsetCommit', 'OffsetFetch', 'LeaveGroup', 'FindCoordinator'];
const TOPICS = ['apples', 'pears', 'plums'];

/** The same partition is not held by two members that got it in the same generation. */
function twoOwners(world: World): string | null {
  const owners = new Map<string, string>();
  for (const { name, assignment } of world.members) {
    for (const partition of assignment.active.keys()) {
      const generation = assignment.taken.get(partition)!;
      if (generation < 0) continue;
      const key = `${partition} in generation ${generation}`;
      if (owners.has(key)) return `${key}: ${owners.get(key)} and ${name}`;
      owners.set(key, name);
    }
  }
  return null;
}

/** Every partition of every subscribed topic has one owner among the members subscribed to it. */
function wronglyOwned(world: World): string[] {
  const wrong: string[] = [];
  for (const [topic, count] of world.topics) {
    const subscribed = world.members.filter(
      (each) => each.closedAt === null && each.group.subscription()?.includes(topic),
    );
    for (let partition = 0; partition < count; partition++) {
      const owners = world.members.filter((each) => each.assignment.active.has(`${topic} ${partition}`));
      const good =
        subscribed.length === 0 ? owners.length === 0 : owners.length === 1 && subscribed.includes(owners[0]!);
      if (!good) wrong.push(`${topic} ${partition}: ${owners.map((each) => each.name)}`);
    }
  }
  return wrong;
}

/** The same partition is held by two that the coordinator counts on, both settled in its generation. */
function twoHolders(world: World): string | null {
  const { coordinator } = world;
  const owners = new Map<string, string>();
  for (const { name, assignment, group } of world.members) {
    const settled = group.state === 'steady' && group.generation() === coordinator.generation;
    if (!settled || !coordinator.members.has(group.memberId())) continue;
    for (const partition of assignment.active.keys()) {
      if (owners.has(partition)) return `${partition}: ${owners.get(partition)} and ${name}`;
      owners.set(partition, name);
    }
  }
  return null;
}

class Chaos {
  readonly world: World;
  readonly strategy: string;
  readonly broken: string[] = [];
  readonly closing: { member: TestMember; by: number }[] = [];
  private names = 0;

  constructor(seed: number, strategy: string = 'range,roundrobin') {
    this.world = new World(seed);
    this.strategy = strategy;
    for (const topic of TOPICS) this.world.topics.set(topic, 1 + this.pick(6));
    this.world.sent = (member, name) => {
      if (name !== 'JoinGroup' || this.cooperative) return;
      if (member.assignment.active.size > 0) this.broken.push(`${member.name} joins while it holds ${member.holds}`);
    };
    for (let i = 0; i < 2 + this.pick(2); i++) this.join();
  }

  get cooperative(): boolean {
    return this.strategy === 'cooperative-sticky';
  }

  pick(n: number): number {
    return Math.floor(this.world.random() * n);
  }

  some<T>(list: readonly T[]): T {
    return list[this.pick(list.length)]!;
  }

  topics(): string[] {
    return TOPICS.filter((_, i) => i === this.pick(TOPICS.length) || this.world.random() < 0.6);
  }

  join(): void {
    const settings = { 'partition.assignment.strategy': this.strategy };
    const callback = this.world.random() < 0.5 ? 'auto' : 'none';
    const member = this.world.member(`c${this.names++}`, { callback, settings });
    const slow = this.world.random() < 0.5;
    member.assignment.whenStopped = (done) => (slow ? this.world.after(this.pick(300), done) : done());
    const topics = this.topics();
    member.group.subscribe(topics.length > 0 ? topics : ['apples']);
  }

  alive(): TestMember[] {
    return this.world.members.filter((each) => !this.closing.some(({ member }) => member === each));
  }

  fault(): void {
    const { world } = this;
    const { coordinator } = world;
    const member = this.some(this.alive());
    const kind = this.pick(12);
    if (kind === 0) coordinator.cut(member.name);
    else if (kind === 1) {
      coordinator.down = true;
      world.after(this.pick(8000), () => {
        coordinator.down = false;
      });
    } else if (kind === 2) coordinator.moveTo(1 + this.pick(3));
    else if (kind <= 5) (coordinator.errors[this.some(APIS)] ??= []).push(this.some(CODES));
    else if (kind === 6) coordinator.remove(member.group.memberId());
    else if (kind === 7 && this.alive().length < 5) this.join();
    else if (kind === 8 && this.alive().length > 1) {
      const wait = 500 + this.pick(5000);
      this.closing.push({ member, by: world.now + wait });
      member.close(wait);
    } else if (kind === 9) {
      const topics = this.topics();
      member.group.subscribe(topics.length > 0 ? topics : null);
    } else if (kind === 10) {
      const topic = this.some(TOPICS);
      world.topics.set(topic, world.topics.get(topic)! + 1);
      for (const each of world.members) each.group.metadataChanged();
    } else if (kind === 11) {
      member.polling = false;
      world.after(this.pick(40_000), () => {
        member.polling = true;
        member.group.polled(world.now);
      });
    }
  }

  consume(): void {
    for (const { assignment } of this.world.members) {
      for (const { topic, partition } of assignment.active.values()) {
        assignment.store(topic, partition, (assignment.stored_.get(`${topic} ${partition}`) ?? 0) + 1);
      }
    }
  }

  check(): void {
    const two = twoOwners(this.world);
    if (two !== null) this.broken.push(two);
    const held = twoHolders(this.world);
    if (held !== null) this.broken.push(held);
    for (const { member, by } of this.closing) {
      if (this.world.now > by + 1 && member.closedAt === null)
        this.broken.push(`${member.name} has not closed by ${by}`);
    }
  }

  run(): void {
    for (let i = 0; i < 150; i++) {
      if (this.world.random() < 0.25) this.fault();
      this.world.coordinator.latency = () => this.world.random() * 20;
      this.world.advance(this.pick(400));
      this.consume();
      this.check();
    }
  }

  heal(): void {
    const { world } = this;
    world.advance(60_000);
    for (const name of Object.keys(world.coordinator.errors)) world.coordinator.errors[name] = [];
    const left = this.alive();
    if (left.every((each) => each.group.subscription() === null)) left[0]!.group.subscribe(['apples']);
    world.advance(10);
    world.until(() => world.stable, 120_000);
  }
}

/** Calls assign and unassign whenever it likes, whatever it was asked. */
function odd(chaos: Chaos, member: TestMember): void {
  const { world } = chaos;
  const partitions = Array.from({ length: chaos.pick(3) }, (_, partition) => ({
    topic: 'apples',
    partition,
    offset: -1001,
  }));
  if (chaos.cooperative && world.random() < 0.8)
    member.group.onAssignCall(partitions, world.random() < 0.5 ? 'add' : 'remove');
  else member.group.onAssignCall(world.random() < 0.4 ? null : partitions);
  if (world.random() < 0.1) member.group.subscribe(world.random() < 0.3 ? null : chaos.topics());
  if (world.random() < 0.3)
    member.group.offsets.commit([{ topic: 'apples', partition: 0, offset: chaos.pick(9) }], null);
}

describe.each(['range,roundrobin', 'cooperative-sticky'])(
  'an app that calls assign whenever it likes, with %s',
  (strategy) => {
    test.each(Array.from({ length: Number(process.env.GROUP_SEEDS ?? 15) }, (_, i) => i + 500))(
      'breaks nothing, and can close (seed %i)',
      (seed) => {
        const chaos = new Chaos(seed, strategy);
        const settings = { 'partition.assignment.strategy': strategy };
        const wild = chaos.world.member('wild', { callback: seed % 2 === 0 ? 'manual' : 'none', settings });
        wild.assignment.whenStopped = (done) => chaos.world.after(chaos.pick(200), done);
        wild.group.subscribe(['apples']);
        for (let i = 0; i < 150; i++) {
          if (chaos.world.random() < 0.2) chaos.fault();
          chaos.world.advance(chaos.pick(300));
          if (wild.closedAt === null) odd(chaos, wild);
        }

        const by = chaos.world.now + 3000;
        wild.close(3000);
        chaos.world.advance(3001);

        expect(wild.closedAt).toBeLessThanOrEqual(by);
        expect(wild.holds).toEqual([]);
      },
    );
  },
);

describe.each(['range,roundrobin', 'cooperative-sticky'])('whatever happens to several members with %s', (strategy) => {
  const seeds = Array.from({ length: Number(process.env.GROUP_SEEDS ?? 40) }, (_, i) => i + 1);

  test.each(seeds)(
    'one owner a partition, revoke before join, an end of every close, and peace in the end (seed %i)',
    (seed) => {
      const chaos = new Chaos(seed, strategy);

      chaos.run();
      chaos.heal();
      chaos.check();

      expect(chaos.broken).toEqual([]);
      expect(wronglyOwned(chaos.world)).toEqual([]);
      expect(chaos.world.members.flatMap((each) => each.fatal)).toEqual([]);
    },
  );
});
