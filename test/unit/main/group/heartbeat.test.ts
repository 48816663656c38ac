import { describe, expect, test } from 'vitest';
import { E } from '../../../kit/fake_coordinator.ts';
import { type MemberOptions, type TestMember, World } from '../../../kit/group_member.ts';

function aMember(options: MemberOptions = {}): [World, TestMember] {
  const world = new World();
  world.topics.set('t', 2);
  const a = world.member('a', options);
  a.group.subscribe(['t']);
  world.until(() => a.group.state === 'steady' || a.group.state === 'wait-assign-call');
  return [world, a];
}

const rebalances = (member: TestMember): [number, boolean][] =>
  member.ops.flatMap((op) => (op.type === 'rebalance' ? [[op.err, op.lost] as [number, boolean]] : []));

const errors = (member: TestMember): number[] =>
  member.ops.flatMap((op) => (op.type === 'consumer_error' ? [op.err] : []));

const heartbeats = (world: World): number => world.coordinator.seen.filter((each) => each.name === 'Heartbeat').length;

test('heartbeats go out once an interval', () => {
  const [world] = aMember();

  world.advance(10_100);

  expect(heartbeats(world)).toBe(10);
});

test('heartbeats go on while the app has yet to answer a rebalance', () => {
  const [world, a] = aMember({ callback: 'manual' });

  world.advance(10_100);

  expect([a.group.state, heartbeats(world)]).toEqual(['wait-assign-call', 10]);
});

describe('REBALANCE_IN_PROGRESS', () => {
  test('makes the member commit, then join again', () => {
    const [world, a] = aMember();
    a.assignment.store('t', 1, 7);
    a.events.length = 0;
    world.coordinator.errors['Heartbeat'] = [E.rebalance];

    world.advance(1100);

    const order = [
      '> Heartbeat',
      'unassign',
      'stopped',
      '> OffsetCommit',
      'committed t 1@7',
      '> JoinGroup',
      '> SyncGroup',
    ];
    expect(a.events.slice(0, 7)).toEqual(order);
    expect(world.coordinator.committed.get('t 1')).toBe(7);
  });
});

describe('a membership that the coordinator has ended', () => {
  test.each([
    ['UNKNOWN_MEMBER_ID', E.unknownMember],
    ['ILLEGAL_GENERATION', E.illegalGeneration],
  ])('by %s is lost: revoked without a commit, and joined anew', (_, code) => {
    const [world, a] = aMember({ callback: 'auto' });
    world.until(() => a.group.state === 'steady');
    a.assignment.store('t', 1, 7);
    world.coordinator.errors['Heartbeat'] = [code];

    world.until(() => rebalances(a).length === 2, 3000);
    expect(a.group.assignmentLost()).toBe(true);
    world.until(() => world.stable, 8000);

    expect(rebalances(a)).toEqual([
      [-175, false],
      [-174, true],
      [-175, false],
    ]);
    expect(a.events).not.toContain('> OffsetCommit');
    expect(a.group.assignmentLost()).toBe(false);
  });

  test('is lost too when a commit is the first to hear of it', () => {
    const [world, a] = aMember({ callback: 'auto' });
    world.until(() => a.group.state === 'steady');
    world.coordinator.errors['OffsetCommit'] = [E.unknownMember];

    a.group.offsets.commit([{ topic: 't', partition: 0, offset: 3 }], null);
    world.advance(50);

    expect(rebalances(a).slice(0, 2)).toEqual([
      [-175, false],
      [-174, true],
    ]);
  });

  test('by silence times out, is lost, and starts over as a new member', () => {
    const [world, a] = aMember();
    const { memberId } = a.group.identity();
    world.coordinator.silent.add('Heartbeat');

    world.advance(6500);
    expect(a.logs.filter((line) => line.startsWith('4 SESSTMOUT')).length).toBe(1);
    expect(a.holds).toEqual([]);
    world.coordinator.silent.clear();
    world.coordinator.cut('a');
    const joins = world.coordinator.seen.length;
    world.until(() => world.stable, 10_000);

    expect(a.group.memberId()).not.toBe(memberId);
    expect(world.coordinator.seen.slice(joins).find((each) => each.name === 'JoinGroup')!.body.memberId).toBe('');
    expect(a.holds).toEqual(['t 0', 't 1']);
  });

  test('by FENCED_INSTANCE_ID is fatal, and everything is let go', () => {
    const [world, a] = aMember({ callback: 'auto', settings: { 'group.instance.id': 'i' } });
    world.until(() => a.group.state === 'steady');
    world.coordinator.errors['Heartbeat'] = [E.fenced];

    world.advance(10_000);

    expect(a.fatal.length).toBe(1);
    expect([a.holds, a.group.state]).toEqual([[], 'init']);
  });
});

describe('a coordinator that changes', () => {
  test('keeps its members: nothing is revoked', () => {
    const [world, a] = aMember();
    world.coordinator.moveTo(2);
    a.events.length = 0;

    world.advance(5000);

    expect(a.events).not.toContain('unassign');
    expect(world.coordinator.seen.at(-1)).toMatchObject({ name: 'Heartbeat', node: 2 });
  });

  test('may be away for less than the session', () => {
    const [world, a] = aMember();
    a.events.length = 0;
    world.coordinator.down = true;
    world.advance(4500);
    world.coordinator.down = false;
    for (const each of world.coordinator.members.values()) each.seenAt = world.now;

    world.advance(10_000);

    expect(a.events).not.toContain('unassign');
  });
});

describe('max.poll.interval.ms', () => {
  test('passed without a poll: one error, a leave, a lost assignment, and no join before the next poll', () => {
    const [world, a] = aMember({ callback: 'auto' });
    world.until(() => a.group.state === 'steady');
    a.assignment.store('t', 0, 9);
    world.advance(5500);
    expect(world.coordinator.committed.get('t 0')).toBe(9);
    a.polling = false;
    world.advance(60_000);
    expect(errors(a)).toEqual([-147]);
    expect(rebalances(a).at(-1)).toEqual([-174, true]);
    expect([a.group.state, world.coordinator.members.size]).toEqual(['init', 0]);

    a.polling = true;
    a.group.polled(world.now);
    world.until(() => world.stable, 3000);

    expect(a.holds).toEqual(['t 0', 't 1']);
  });

  test('does not count while the app is blocked in a poll', () => {
    const [world, a] = aMember();
    a.polling = false;
    a.group.polled(world.now, true);

    world.advance(100_000);

    expect(errors(a)).toEqual([]);
    expect(world.stable).toBe(true);
  });

  test('makes others get the partitions at once', () => {
    const [world, a] = aMember();
    const b = world.member('b');
    b.group.subscribe(['t']);
    world.until(() => world.stable && b.holds.length === 1, 5000);
    a.polling = false;

    world.until(() => b.holds.length === 2, 25_000);

    expect(a.holds).toEqual([]);
  });

  test('does not make a static member leave', () => {
    const [world, a] = aMember({ settings: { 'group.instance.id': 'i' } });
    a.polling = false;

    world.advance(25_000);

    expect(a.events).not.toContain('> LeaveGroup');
    expect(errors(a)).toEqual([-147]);
  });
});
