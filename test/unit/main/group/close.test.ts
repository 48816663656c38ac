import { describe, expect, test } from 'vitest';
import { type MemberOptions, type TestMember, World } from '../../../kit/group_member.ts';

function aMember(options: MemberOptions = {}): [World, TestMember] {
  const world = new World();
  world.topics.set('t', 2);
  const a = world.member('a', options);
  a.group.subscribe(['t']);
  world.until(() => a.group.state === 'steady' || a.group.state === 'wait-assign-call');
  return [world, a];
}

describe('close', () => {
  test('revokes, commits, leaves, and is done', () => {
    const [world, a] = aMember({ callback: 'auto' });
    world.until(() => a.group.state === 'steady');
    a.assignment.store('t', 0, 3);
    a.events.length = 0;

    a.close();
    world.until(() => a.closedAt !== null, 100);

    expect(a.ops.map((op) => op.type === 'rebalance' && op.err)).toEqual([-175, -174]);
    expect(a.events).toEqual(['unassign', 'stopped', '> OffsetCommit', 'committed t 0@3', '> LeaveGroup']);
    expect(world.coordinator.members.size).toBe(0);
    expect(a.group.memberId()).toBe('');
  });

  test('is done at its deadline when the coordinator is gone', () => {
    const [world, a] = aMember();
    a.assignment.store('t', 0, 3);
    world.coordinator.down = true;

    const by = world.now + 2000;
    a.close(2000);
    world.advance(10_000);

    expect(a.closedAt).toBe(by);
    expect(a.holds).toEqual([]);
  });

  test('is done soon when nobody can be reached, whatever was to be committed', () => {
    const [world, a] = aMember();
    a.assignment.store('t', 0, 3);
    world.coordinator.down = true;
    world.reach = 'nobody';

    const from = world.now;
    a.close(10_000);
    world.advance(10_000);

    expect(a.closedAt! - from).toBeLessThanOrEqual(300);
    expect(a.holds).toEqual([]);
  });

  test('goes on as ever when somebody can be reached again in that time', () => {
    const [world, a] = aMember();
    a.assignment.store('t', 0, 3);
    world.reach = 'nobody';
    world.coordinator.latency = () => 400;

    a.close(10_000);
    world.advance(200);
    world.reach = 'coordinator';
    a.wakeAt = world.now;
    world.advance(5000);

    expect(a.events.slice(-2)).toEqual(['committed t 0@3', '> LeaveGroup']);
  });

  test('looks for a coordinator that has moved as long as others can be reached', () => {
    const [world, a] = aMember();
    a.assignment.store('t', 0, 3);
    world.coordinator.down = true;
    world.reach = 'others';

    a.close(10_000);
    world.advance(5000);
    world.coordinator.down = false;
    world.reach = 'coordinator';
    world.advance(4000);

    expect(world.coordinator.committed.get('t 0')).toBe(3);
    expect(a.closedAt).not.toBeNull();
  });

  test('of a handle that ends does not look for one', () => {
    const [world, a] = aMember();
    a.assignment.store('t', 0, 3);
    world.coordinator.down = true;
    world.reach = 'others';

    const from = world.now;
    a.close(10_000, true);
    world.advance(10_000);

    expect(a.closedAt! - from).toBeLessThanOrEqual(300);
  });

  test('with nothing to commit does not wait long to leave by a connection that is not there', () => {
    const [world, a] = aMember();
    world.coordinator.silent.add('LeaveGroup');
    world.reach = 'others';

    const from = world.now;
    a.close(10_000);
    world.advance(10_000);

    expect(a.events).toContain('> LeaveGroup');
    expect(a.closedAt! - from).toBeLessThan(1000);
  });

  test('does not wait for a coordinator when there is nothing to commit', () => {
    const world = new World();
    world.coordinator.down = true;
    const a = world.member('a');
    a.group.subscribe(['t']);
    world.advance(1000);

    a.close(5000);
    world.advance(10);

    expect(a.closedAt).not.toBeNull();
  });

  test('is done at its deadline when the app never answers', () => {
    const [world, a] = aMember({ callback: 'manual' });
    a.group.onAssignCall([{ topic: 't', partition: 0, offset: -1001 }]);
    world.advance(10);

    const by = world.now + 2000;
    a.close(2000);
    world.advance(2100);

    expect(a.closedAt).toBe(by);
    expect([a.holds, world.coordinator.members.size]).toEqual([[], 0]);
  });

  test('takes an assign call that comes meanwhile for an unassign', () => {
    const [world, a] = aMember({ callback: 'manual' });

    a.close();
    world.advance(100);
    a.group.onAssignCall([{ topic: 't', partition: 0, offset: -1001 }]);
    world.advance(100);

    expect(a.closedAt).not.toBeNull();
    expect(a.events.filter((each) => each.startsWith('assign'))).toEqual([]);
    expect(world.coordinator.members.size).toBe(0);
  });

  test('in the middle of a join leaves with the id it has', () => {
    const [world] = aMember();
    const b = world.member('b');
    b.group.subscribe(['t']);
    world.until(() => b.group.state === 'wait-join' && b.group.memberId() !== '');

    b.close();
    world.until(() => b.closedAt !== null, 6000);
    world.advance(10_000);

    expect(world.coordinator.members.size).toBe(1);
  });

  test('in the middle of the very first join leaves with the id that comes too late', () => {
    const world = new World();
    world.topics.set('t', 1);
    world.coordinator.maxVersions = { JoinGroup: 3 };
    world.coordinator.latency = () => 100;
    const a = world.member('a');
    a.group.subscribe(['t']);
    world.until(() => a.group.state === 'wait-join');
    world.advance(60);

    a.group.subscribe(null);
    world.advance(1000);

    expect([world.coordinator.members.size, a.events.at(-1)]).toEqual([0, '> LeaveGroup']);
  });

  test('of a static member does not leave', () => {
    const [world, a] = aMember({ settings: { 'group.instance.id': 'i' } });

    a.close();
    world.until(() => a.closedAt !== null, 100);

    expect(a.events).not.toContain('> LeaveGroup');
    expect(world.coordinator.members.size).toBe(1);
  });

  test('commits what the app has assigned by itself', () => {
    const world = new World();
    const a = world.member('a');
    a.group.onAssignCall([{ topic: 't', partition: 0, offset: 0 }]);
    world.advance(100);
    a.assignment.store('t', 0, 8);

    a.close();
    world.until(() => a.closedAt !== null, 100);

    expect(world.coordinator.committed.get('t 0')).toBe(8);
  });

  test('twice tells both', () => {
    const [world, a] = aMember();
    const told: string[] = [];

    a.group.close(world.now + 1000, () => told.push('first'));
    a.group.close(world.now + 1000, () => told.push('second'));
    world.advance(100);
    a.group.close(world.now + 1000, () => told.push('third'));
    world.advance(100);

    expect(told).toEqual(['first', 'second', 'third']);
  });

  test('is the end: nothing is sent or due afterwards', () => {
    const [world, a] = aMember();
    a.close();
    world.until(() => a.closedAt !== null);
    const before = a.events.length;

    const err = a.group.subscribe(['t']);
    a.group.metadataChanged();
    world.advance(700_000);

    expect([err, a.events.length, a.group.poll(world.now)]).toEqual([-197, before, Number.POSITIVE_INFINITY]);
  });
});

describe('abort', () => {
  test('lets everything go without a word to the coordinator', () => {
    const [world, a] = aMember({ callback: 'manual' });
    a.group.onAssignCall([{ topic: 't', partition: 0, offset: -1001 }]);
    world.advance(10);
    const ended: number[] = [];
    a.group.offsets.commit([{ topic: 't', partition: 0, offset: 1 }], (err) => ended.push(err));
    a.group.offsets.fetch([{ topic: 't', partition: 0, offset: -1001 }], -1, (err) => ended.push(err));
    a.events.length = 0;

    a.group.abort();
    world.advance(10_000);

    expect(ended).toEqual([-197, -197]);
    expect(a.events).toEqual(['unassign', 'stopped']);
  });
});

describe('unsubscribe', () => {
  test('leaves the group', () => {
    const [world, a] = aMember();

    a.group.subscribe(null);
    world.advance(50);

    expect([a.holds, a.group.memberId(), world.coordinator.members.size]).toEqual([[], '', 0]);
    expect(a.wanted.at(-1)).toBeNull();
  });

  test('and subscribe again joins as a new member', () => {
    const [world, a] = aMember();

    a.group.subscribe(null);
    a.group.subscribe(['t']);
    world.until(() => world.stable && a.holds.length === 2);

    expect(world.coordinator.members.size).toBe(1);
  });

  test('other topics in place of these: the member stays, with its id', () => {
    const [world, a] = aMember();
    world.topics.set('u', 1);
    const id = a.group.memberId();

    a.group.subscribe(['u']);
    world.until(() => world.stable && a.holds.includes('u 0'));

    expect([a.holds, a.group.memberId()]).toEqual([['u 0'], id]);
    expect(a.events).not.toContain('> LeaveGroup');
  });
});
