import { describe, expect, test } from 'vitest';
import { alone, answer, asked, at, join } from '../../../kit/cooperative_member.ts';
import { E } from '../../../kit/fake_coordinator.ts';
import { type TestMember, World } from '../../../kit/group_member.ts';

describe('close', () => {
  const closed = (world: World, member: TestMember): void => {
    member.close();
    world.until(() => member.closedAt !== null, 5000);
  };

  test('revokes all, commits, and leaves', () => {
    const [world, a] = alone({ callback: 'auto' });
    a.assignment.store('t', 0, 3);
    a.events.length = 0;

    closed(world, a);

    expect(asked(a)).toEqual(['+t0 t1 t2 t3', '-t0 t1 t2 t3']);
    const events = a.events.filter((each) => each !== '> Heartbeat');
    expect(events).toEqual(['remove t 0,t 1,t 2,t 3', 'stopped', '> OffsetCommit', 'committed t 0@3', '> LeaveGroup']);
  });

  test.each(['init', 'wait-join', 'wait-sync'])('in %s, with partitions in hand, revokes them too', (state) => {
    const [world, a] = alone({ callback: 'auto' });
    if (state === 'wait-join') world.coordinator.silent.add('JoinGroup');
    else if (state === 'wait-sync') world.coordinator.silent.add('SyncGroup');
    else world.coordinator.errors['JoinGroup'] = Array.from({ length: 100 }, () => E.loading);
    world.coordinator.errors['Heartbeat'] = [E.rebalance];
    world.until(() => a.group.state === state && a.events.at(-1) !== 'add ', 5000);

    a.close(3000);
    world.advance(3001);

    expect(a.closedAt).not.toBeNull();
    expect([asked(a), a.holds]).toEqual([['+t0 t1 t2 t3', '-t0 t1 t2 t3'], []]);
  });

  test('while the app has yet to take more revokes all that it was told of', () => {
    const world = new World();
    world.topics.set('t', 2);
    const a = join(world, 'a', { callback: 'manual' });
    world.until(() => a.group.state === 'wait-assign-call');

    a.close();
    world.advance(10);
    answer(a);
    world.advance(10);
    expect(a.group.state).toBe('wait-unassign-call');
    answer(a);
    world.until(() => a.closedAt !== null, 3000);

    expect(asked(a)).toEqual(['+t0 t1', '-t0 t1']);
    expect(a.holds).toEqual([]);
  });

  test('while the app has yet to give some back revokes the rest behind that', () => {
    const [world, a] = alone({ callback: 'manual' });
    join(world, 'b', { callback: 'auto' });
    world.until(() => a.group.state === 'wait-unassign-call', 10_000);

    a.close();
    answer(a);
    world.until(() => asked(a).length === 3, 1000);
    answer(a);
    world.until(() => a.closedAt !== null, 3000);

    expect(asked(a)).toEqual(['+t0 t1 t2 t3', '-t2 t3', '-t0 t1']);
  });

  test('of one that has left by max.poll.interval.ms amid a rebalance tells that all is lost', () => {
    const [world, a] = alone({ callback: 'manual' });
    world.coordinator.errors['Heartbeat'] = [E.rebalance];
    world.until(() => a.group.state === 'wait-assign-call', 5000);
    a.polling = false;
    world.advance(25_000);

    a.close();
    answer(a);
    world.until(() => asked(a).length === 3, 1000);
    answer(a);
    world.until(() => a.closedAt !== null, 3000);

    expect(asked(a)).toEqual(['+t0 t1 t2 t3', '+', '!-t0 t1 t2 t3']);
  });

  test('lets go of what the app has assigned beyond the group, too', () => {
    const [world, a] = alone();
    a.group.onAssignCall([at(7)], 'add');
    world.advance(10);

    closed(world, a);

    expect(a.holds).toEqual([]);
  });

  test('of an app that never answers ends at the deadline', () => {
    const [world, a] = alone({ callback: 'manual' });
    const by = world.now + 2000;

    a.close(2000);
    world.advance(5000);

    expect([a.closedAt, a.holds]).toEqual([by, []]);
  });
});

describe('incremental calls', () => {
  test.each(['add', 'remove'] as const)('with no list are refused (%s)', (how) => {
    const [, a] = alone();

    expect(a.group.onAssignCall(null, how)).toBe(-186);
  });

  test('without any group add and remove', () => {
    const world = new World();
    const a = world.member('a');

    a.group.onAssignCall([at(0), at(1)], 'add');
    a.group.onAssignCall([at(0)], 'remove');
    a.group.onAssignCall([at(2)], 'add');
    world.advance(100);

    expect(a.holds).toEqual(['t 1', 't 2']);
  });

  test('that follow each other quickly are done in their order', () => {
    const world = new World();
    const a = world.member('a');
    a.assignment.whenStopped = (done) => world.after(50, done);
    a.group.onAssignCall([at(0)]);
    world.advance(10);

    a.group.onAssignCall([at(0)], 'remove');
    a.group.onAssignCall([at(0), at(1)], 'add');
    a.group.onAssignCall([at(1)], 'remove');
    world.advance(500);

    expect(a.holds).toEqual(['t 0']);
  });

  test('end an eager member that closes as assign does', () => {
    const world = new World();
    world.topics.set('t', 2);
    const a = world.member('a', { callback: 'manual' });
    a.group.subscribe(['t']);
    world.until(() => a.group.state === 'wait-assign-call');
    a.group.onAssignCall([at(0), at(1)]);
    world.until(() => world.stable);

    a.close();
    world.advance(10);
    a.group.onAssignCall([at(0), at(1)], 'remove');
    world.until(() => a.closedAt !== null, 1000);

    expect(a.holds).toEqual([]);
  });

  test('in a group of the eager protocol change nothing', () => {
    const world = new World();
    world.topics.set('t', 2);
    const a = world.member('a');
    a.group.subscribe(['t']);
    world.until(() => world.stable);

    a.group.onAssignCall([at(0)], 'remove');
    world.advance(100);

    expect(a.holds).toEqual(['t 0', 't 1']);
    expect(a.logs.some((line) => line.startsWith('4 ASSIGN'))).toBe(true);
  });
});
