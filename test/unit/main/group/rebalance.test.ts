import { describe, expect, test } from 'vitest';
import { E } from '../../../kit/fake_coordinator.ts';
import { type MemberOptions, type TestMember, World } from '../../../kit/group_member.ts';

function aMember(options: MemberOptions = {}, partitions = 2): [World, TestMember] {
  const world = new World();
  world.topics.set('t', partitions);
  const a = world.member('a', options);
  a.group.subscribe(['t']);
  world.until(() => a.group.state === 'steady' || a.group.state === 'wait-assign-call');
  return [world, a];
}

const at = (partition: number, offset = -1001) => ({ topic: 't', partition, offset });

describe('an app with a rebalance callback', () => {
  test('is asked, and gets nothing before it has assigned', () => {
    const [world, a] = aMember({ callback: 'manual' });
    world.advance(5000);
    expect([a.group.state, a.holds]).toEqual(['wait-assign-call', []]);

    a.group.onAssignCall([at(0, 42), at(1)]);
    world.advance(1);

    expect(a.ops).toEqual([{ type: 'rebalance', err: -175, partitions: [at(0), at(1)], lost: false, generation: 1 }]);
    expect([a.group.state, a.assignment.active.get('t 0')!.offset]).toEqual(['steady', 42]);
  });

  test('that answers an assignment with unassign is a member without partitions', () => {
    const [world, a] = aMember({ callback: 'manual' });

    a.group.onAssignCall(null);
    world.advance(3000);

    expect([a.group.state, a.holds]).toEqual(['steady', []]);
    expect(world.stable).toBe(true);
  });

  test('is asked for an empty assignment too, and to give it up', () => {
    const [world] = aMember({}, 1);
    const b = world.member('b', { callback: 'auto' });
    b.group.subscribe(['t']);
    world.until(() => world.stable && world.coordinator.members.size === 2);

    world.coordinator.errors['Heartbeat'] = [E.rebalance, E.rebalance];
    world.advance(3000);

    const asked = b.ops.map((op) => op.type === 'rebalance' && [op.err, op.partitions.length]);
    expect(asked).toEqual([
      [-175, 0],
      [-174, 0],
      [-175, 0],
    ]);
  });

  test('holds up the join until it has unassigned', () => {
    const [world, a] = aMember({ callback: 'manual' });
    a.group.onAssignCall([at(0), at(1)]);
    world.advance(10);
    a.events.length = 0;
    world.coordinator.errors['Heartbeat'] = [E.rebalance];
    world.advance(10_000);
    expect(a.group.state).toBe('wait-unassign-call');
    expect(a.events).not.toContain('> JoinGroup');

    a.group.onAssignCall(null);
    world.advance(10);

    expect(a.events.filter((each) => each !== '> Heartbeat').slice(0, 3)).toEqual([
      'unassign',
      'stopped',
      '> JoinGroup',
    ]);
  });
});

describe('letting partitions go', () => {
  test('waits for the final positions before it commits', () => {
    const [world, a] = aMember();
    a.assignment.whenStopped = (done) =>
      world.after(100, () => {
        a.assignment.store('t', 0, 11);
        done();
      });
    a.assignment.store('t', 0, 10);

    world.coordinator.errors['Heartbeat'] = [E.rebalance];
    world.until(() => world.stable && world.coordinator.generation === 2, 3000);

    expect(world.coordinator.committed.get('t 0')).toBe(11);
  });

  test('waits for commits that the app has begun', () => {
    const [world, a] = aMember({ settings: { 'enable.auto.commit': false } });
    let result = 1;
    world.coordinator.errors['Heartbeat'] = [E.rebalance];
    world.coordinator.errors['OffsetCommit'] = [E.loading];
    a.assignment.whenStopped = (done) => {
      a.group.offsets.commit([at(0, 4)], (err) => {
        result = err;
      });
      done();
    };

    world.until(() => world.stable && world.coordinator.generation === 2, 3000);

    expect([result, world.coordinator.committed.get('t 0')]).toEqual([0, 4]);
  });

  test('waits for such commits of a member without partitions too', () => {
    const [world] = aMember({}, 1);
    const b = world.member('b', { callback: 'manual' });
    b.group.subscribe(['t']);
    world.until(() => b.group.state === 'wait-assign-call', 3000);
    b.group.onAssignCall([]);
    world.coordinator.errors['Heartbeat'] = [E.rebalance, E.rebalance];
    world.until(() => b.group.state === 'wait-unassign-call', 3000);
    world.coordinator.errors['OffsetCommit'] = [E.loading];
    b.events.length = 0;

    b.group.offsets.commit([at(0, 4)], null);
    b.group.onAssignCall(null);
    world.advance(2000);

    const order = b.events.filter((each) => each === '> OffsetCommit' || each === '> JoinGroup').slice(0, 3);
    expect(order).toEqual(['> OffsetCommit', '> OffsetCommit', '> JoinGroup']);
  });

  test('commits nothing without enable.auto.commit', () => {
    const [world, a] = aMember({ settings: { 'enable.auto.commit': false } });
    a.assignment.store('t', 0, 10);

    world.coordinator.errors['Heartbeat'] = [E.rebalance];
    world.until(() => world.stable && world.coordinator.generation === 2, 3000);

    expect(a.events).not.toContain('> OffsetCommit');
  });

  test('goes on when fetchers never stop', () => {
    const [world, a] = aMember();
    a.assignment.whenStopped = () => undefined;
    world.coordinator.errors['Heartbeat'] = [E.rebalance];

    world.until(() => world.stable && world.coordinator.generation === 2, 8000);

    expect(a.holds).toEqual(['t 0', 't 1']);
  });

  test('goes on when the commit never ends', () => {
    const [world, a] = aMember();
    a.assignment.store('t', 0, 10);
    world.coordinator.errors['Heartbeat'] = [E.rebalance];
    world.coordinator.errors['OffsetCommit'] = Array.from({ length: 1000 }, () => E.loading);

    world.until(() => a.group.state === 'wait-unassign-to-complete', 2000);
    world.until(() => world.stable && world.coordinator.generation >= 2, 10_000);

    expect(a.holds).toEqual(['t 0', 't 1']);
  });
});

describe('an app that assigns by itself', () => {
  function loner(settings = {}): [World, TestMember] {
    const world = new World();
    world.topics.set('t', 4);
    return [world, world.member('a', { settings })];
  }

  test('needs no subscription, and commits as nobody', () => {
    const [world, a] = loner();
    a.group.onAssignCall([at(0, 5)]);
    world.advance(10);
    a.assignment.store('t', 0, 6);

    world.advance(6000);

    const commit = world.coordinator.seen.find((each) => each.name === 'OffsetCommit')!.body;
    expect([commit.memberId, commit.generationIdOrMemberEpoch]).toEqual(['', -1]);
    expect(world.coordinator.committed.get('t 0')).toBe(6);
    expect(a.events).not.toContain('> JoinGroup');
  });

  test('gets the next assignment after the last one is committed', () => {
    const [world, a] = loner();
    a.group.onAssignCall([at(0)]);
    world.advance(10);
    a.assignment.store('t', 0, 6);
    a.events.length = 0;

    a.group.onAssignCall([at(1)]);
    world.advance(10);

    expect(a.events).toEqual(['unassign', 'stopped', '> OffsetCommit', 'committed t 0@6', 'assign t 1']);
  });

  test('gets the last of several assignments that follow each other quickly', () => {
    const [world, a] = loner();
    a.assignment.whenStopped = (done) => world.after(50, done);
    a.group.onAssignCall([at(0)]);
    world.advance(10);

    a.group.onAssignCall([at(1)]);
    a.group.onAssignCall(null);
    a.group.onAssignCall([at(2), at(3)]);
    world.advance(100);

    expect(a.holds).toEqual(['t 2', 't 3']);
  });

  test.each([
    ['a partition twice', [at(0), at(0, 4)]],
    ['an offset that is none', [at(0, -3)]],
  ])('is refused %s', (_, partitions) => {
    const [world, a] = loner();

    const err = a.group.onAssignCall(partitions);
    world.advance(10);

    expect([err, a.holds]).toEqual([-186, []]);
  });
});

test('nothing is consumed twice or left out over rebalances without faults', () => {
  const world = new World(7);
  world.topics.set('t', 6);
  const position = new Map<string, number>();
  const again: string[] = [];
  const members = ['a', 'b', 'c'].map((name) => world.member(name, { callback: 'auto' }));
  const consume = (): void => {
    for (const { assignment } of world.members) {
      for (const [key, { topic, partition }] of assignment.active) {
        const next = assignment.stored_.get(key) ?? world.coordinator.committed.get(key) ?? 0;
        if (next !== (position.get(key) ?? 0)) again.push(`${key}: ${next} and not ${position.get(key)}`);
        position.set(key, next + 1);
        assignment.store(topic, partition, next + 1);
      }
    }
  };

  for (let step = 0; step < 400; step++) {
    if (step % 60 === 0) members[(step / 60) % 3]!.group.subscribe(['t']);
    if (step % 100 === 99) members[((step / 33) % 3) | 0]!.group.subscribe(null);
    world.advance(50);
    consume();
  }

  expect(again).toEqual([]);
  expect(world.coordinator.generation).toBeGreaterThan(4);
});
