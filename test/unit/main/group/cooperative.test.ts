import { describe, expect, test } from 'vitest';
import { alone, answer, asked, at, COOPERATIVE, join } from '../../../kit/cooperative_member.ts';
import { E } from '../../../kit/fake_coordinator.ts';
import { World } from '../../../kit/group_member.ts';

describe('a second member', () => {
  test('gets what the first gives back, which keeps the rest all the while', () => {
    const [world, a] = alone({ callback: 'auto' });
    a.events.length = 0;

    const b = join(world, 'b', { callback: 'auto' });
    world.until(() => b.holds.length === 2 && world.stable, 10_000);

    expect(a.events.filter((each) => /^(add|remove|assign|unassign)/.test(each))).toEqual(['remove t 2,t 3']);
    expect(asked(a)).toEqual(['+t0 t1 t2 t3', '-t2 t3', '+', '+']);
    expect(asked(b)).toEqual(['+', '+t2 t3']);
  });

  test('makes the first commit what it gives back before it joins again, and no more', () => {
    const [world, a] = alone();
    for (let i = 0; i < 4; i++) a.assignment.store('t', i, 10 + i);
    a.events.length = 0;

    const b = join(world, 'b');
    world.until(() => b.holds.length === 2, 10_000);

    const order = a.events.filter((each) => !each.includes('Heartbeat') && !each.includes('SyncGroup'));
    const from = order.indexOf('remove t 2,t 3');
    expect(order.slice(from, from + 5)).toEqual([
      'remove t 2,t 3',
      'stopped',
      '> OffsetCommit',
      'committed t 2@12,t 3@13',
      '> JoinGroup',
    ]);
  });

  test('tells the coordinator which partitions it has, and of which generation', () => {
    const [world, a] = alone();
    const seen: { owned: string; generation: number }[] = [];
    world.coordinator.errors['Heartbeat'] = [E.rebalance];

    world.until(() => world.coordinator.seen.filter((each) => each.name === 'JoinGroup').length === 3, 5000);

    for (const { body } of world.coordinator.seen.filter((each) => each.name === 'JoinGroup')) {
      const bytes: Uint8Array = body.protocols[0].metadata;
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      seen.push({ owned: Buffer.from(bytes).toString('latin1'), generation: view.getInt32(bytes.byteLength - 6) });
    }
    expect(a.holds).toHaveLength(4);
    expect(seen.at(-1)!.generation).toBe(1);
    expect(seen.at(0)!.generation).toBe(-1);
    expect(seen.at(-1)!.owned.length).toBeGreaterThan(seen.at(0)!.owned.length);
  });
});

describe('an app with a rebalance callback', () => {
  test('is not asked to revoke an empty set', () => {
    const world = new World();
    world.topics.set('t', 1);
    const a = join(world, 'a', { callback: 'auto' });
    const b = join(world, 'b', { callback: 'auto' });
    world.until(() => world.stable && world.coordinator.members.size === 2, 10_000);
    const idle = a.holds.length === 0 ? a : b;

    idle.close();
    world.until(() => idle.closedAt !== null, 3000);

    expect(asked(idle).filter((each) => each.includes('-'))).toEqual([]);
  });

  test('is asked of the rest only when it has given back what goes', () => {
    const [world, a] = alone({ callback: 'manual' });
    const b = join(world, 'b', { callback: 'auto' });
    world.until(() => a.group.state === 'wait-unassign-call', 10_000);
    world.advance(3000);
    expect([a.holds.length, b.holds.length]).toEqual([4, 0]);

    answer(a);
    world.until(() => a.group.state === 'wait-assign-call', 100);
    expect(a.holds).toEqual(['t 0', 't 1']);
    answer(a);
    world.advance(5);
    world.until(() => a.group.state === 'wait-assign-call', 3000);
    answer(a);
    world.until(() => world.stable, 3000);

    expect(b.holds).toEqual(['t 2', 't 3']);
  });

  test('may commit in it: that reaches the coordinator before the partitions move', () => {
    const [world, a] = alone({ callback: 'manual', settings: { 'enable.auto.commit': false } });
    const b = join(world, 'b', { callback: 'auto' });
    world.until(() => a.group.state === 'wait-unassign-call', 10_000);
    world.coordinator.errors['OffsetCommit'] = [E.loading];

    a.group.offsets.commit([{ ...at(2), offset: 7 }], null);
    answer(a);
    world.until(() => a.group.state === 'wait-assign-call', 3000);

    expect(world.coordinator.committed.get('t 2')).toBe(7);
    expect(b.holds).toEqual([]);
  });

  test('goes on heartbeating while it thinks', () => {
    const [world, a] = alone({ callback: 'manual' });
    join(world, 'b', { callback: 'auto' });
    world.until(() => a.group.state === 'wait-unassign-call', 10_000);

    world.advance(15_000);

    expect(a.group.state).toBe('wait-unassign-call');
    expect(world.coordinator.members.has(a.group.memberId())).toBe(true);
  });

  test('that takes others than it was offered has those', () => {
    const [world, a] = alone({ callback: 'manual' });
    a.group.onAssignCall([at(3)], 'remove');
    a.group.onAssignCall([{ ...at(5), offset: 9 }], 'add');
    world.advance(10);

    expect([a.holds, a.group.state]).toEqual([['t 0', 't 1', 't 2', 't 5'], 'steady']);
  });
});

describe('a member that the coordinator does not know any more', () => {
  test.each([
    ['UNKNOWN_MEMBER_ID', 'Heartbeat', E.unknownMember],
    ['ILLEGAL_GENERATION', 'Heartbeat', E.illegalGeneration],
  ])('by %s has lost all, commits none of it, and joins again with nothing', (_, api, code) => {
    const [world, a] = alone({ callback: 'auto' });
    a.assignment.store('t', 0, 5);
    a.events.length = 0;
    world.coordinator.errors[api] = [code];

    world.until(() => world.stable && world.coordinator.generation > 1, 10_000);

    expect(asked(a)).toEqual(['+t0 t1 t2 t3', '!-t0 t1 t2 t3', '+t0 t1 t2 t3']);
    const until = a.events.indexOf('> JoinGroup');
    expect(a.events.slice(0, until)).not.toContain('> OffsetCommit');
  });

  test.each([
    ['JoinGroup', E.unknownMember],
    ['JoinGroup', E.illegalGeneration],
    ['JoinGroup', E.memberIdRequired],
    ['SyncGroup', E.unknownMember],
    ['SyncGroup', E.illegalGeneration],
  ])('as it hears in %s (%i) on its way to another join', (api, code) => {
    const [world, a] = alone({ callback: 'auto' });
    world.coordinator.errors['Heartbeat'] = [E.rebalance];
    world.coordinator.errors[api] = [code];

    world.until(() => world.stable && asked(a).length === 3, 20_000);

    expect(asked(a)).toEqual(['+t0 t1 t2 t3', '!-t0 t1 t2 t3', '+t0 t1 t2 t3']);
  });

  test('keeps all when only the sync is to be done again', () => {
    const [world, a] = alone({ callback: 'auto' });
    world.coordinator.errors['Heartbeat'] = [E.rebalance];
    world.coordinator.errors['SyncGroup'] = [E.rebalance];

    world.until(() => world.stable && asked(a).length === 2, 20_000);

    expect(asked(a)).toEqual(['+t0 t1 t2 t3', '+']);
  });

  test('by a session that timed out has lost all', () => {
    const [world, a] = alone({ callback: 'auto' });
    world.coordinator.silent.add('Heartbeat');

    world.until(() => asked(a).length === 2, 10_000);

    expect(asked(a)[1]).toBe('!-t0 t1 t2 t3');
  });

  test('answers assignmentLost until the app has unassigned', () => {
    const [world, a] = alone({ callback: 'manual' });
    world.coordinator.errors['Heartbeat'] = [E.unknownMember];
    world.until(() => a.group.state === 'wait-unassign-call', 5000);
    expect(a.group.assignmentLost()).toBe(true);

    answer(a);
    world.advance(1);

    expect(a.group.assignmentLost()).toBe(false);
  });

  test('because its app has not polled has lost all, and joins when it polls', () => {
    const [world, a] = alone({ callback: 'auto' });
    a.polling = false;
    a.group.polled(world.now);
    world.until(() => a.holds.length === 0, 22_000);
    expect(asked(a)[1]).toBe('!-t0 t1 t2 t3');

    a.polling = true;
    a.group.polled(world.now);
    world.until(() => world.stable, 5000);

    expect(a.holds).toHaveLength(4);
  });

  test('fenced by another of its group.instance.id is dead', () => {
    const [world, a] = alone({ callback: 'auto', settings: { 'group.instance.id': 'i' } });
    world.coordinator.errors['Heartbeat'] = [E.fenced];

    world.advance(20_000);

    expect([a.fatal.map(([err]) => err), a.holds, a.group.state]).toEqual([[E.fenced], [], 'init']);
  });
});

describe('another subscription', () => {
  test('takes back only what is not in it', () => {
    const [world, a] = alone({ callback: 'auto' }, { t: 2, u: 2 });
    world.topics.set('v', 1);

    a.group.subscribe(['u', 'v']);
    world.until(() => world.stable && a.holds.length === 3, 5000);

    expect(asked(a)).toEqual(['+t0 t1 u0 u1', '-t0 t1', '+v0']);
  });

  test('with more topics takes back nothing', () => {
    const [world, a] = alone({ callback: 'auto' });
    world.topics.set('u', 1);

    a.group.subscribe(['t', 'u']);
    world.until(() => a.holds.length === 5, 5000);

    expect(asked(a)).toEqual(['+t0 t1 t2 t3', '+u0']);
  });

  test('with the same topics joins no more', () => {
    const [world, a] = alone({ callback: 'auto' });
    a.events.length = 0;

    a.group.subscribe(['t']);
    world.advance(100);

    expect(a.events).not.toContain('> JoinGroup');
  });

  test('in the middle of a rebalance waits for its end', () => {
    const [world, a] = alone({ callback: 'manual' }, { t: 2, u: 2 });
    world.coordinator.errors['Heartbeat'] = [E.rebalance];
    world.until(() => a.group.state === 'wait-assign-call', 5000);

    a.group.subscribe(['u']);
    world.advance(500);
    expect(asked(a)).toEqual(['+t0 t1 u0 u1', '+']);
    answer(a);
    world.until(() => a.group.state === 'wait-unassign-call', 100);

    expect(asked(a).at(-1)).toBe('-t0 t1');
  });

  test('of a leader that has to wait for its metadata makes no assignment of old members', () => {
    const [world, a] = alone({ callback: 'auto' });
    a.group.subscribe(['u']);
    world.until(() => a.group.state === 'wait-metadata', 1000);
    a.events.length = 0;

    world.topics.set('u', 1);
    a.group.metadataChanged();
    world.until(() => a.holds.length === 1, 5000);

    expect(a.events.filter((each) => each === '> JoinGroup' || each === '> SyncGroup')).toEqual([
      '> JoinGroup',
      '> SyncGroup',
    ]);
    expect(asked(a)).toEqual(['+t0 t1 t2 t3', '-t0 t1 t2 t3', '+u0']);
  });

  test('that is none revokes all, and leaves', () => {
    const [world, a] = alone({ callback: 'auto' });

    a.group.subscribe(null);
    world.until(() => world.coordinator.members.size === 0, 3000);

    expect(asked(a)).toEqual(['+t0 t1 t2 t3', '-t0 t1 t2 t3']);
    expect([a.group.state, a.holds]).toEqual(['init', []]);
  });
});

describe('topics that change', () => {
  test('get more partitions: the leader joins again, nothing is taken back', () => {
    const [world, a] = alone({ callback: 'auto' });
    world.topics.set('t', 5);

    a.group.metadataChanged();
    world.until(() => a.holds.length === 5, 5000);

    expect(asked(a)).toEqual(['+t0 t1 t2 t3', '+t4']);
  });

  test('are deleted: their partitions are lost, the others stay', () => {
    const [world, a] = alone({ callback: 'auto' }, { t: 2, u: 2 });
    world.topics.set('t', -1);

    a.group.metadataChanged();
    world.until(() => world.stable && world.coordinator.generation > 1, 5000);

    expect(asked(a)).toEqual(['+t0 t1 u0 u1', '!-t0 t1', '+']);
    expect(a.holds).toEqual(['u 0', 'u 1']);
  });

  test('are deleted under a follower: it gives them up and waits for the leader', () => {
    const [world, a] = alone({}, { t: 2, u: 2 });
    const b = join(world, 'b', { callback: 'auto' }, ['t', 'u']);
    world.until(() => world.stable && b.holds.length === 2, 10_000);
    world.coordinator.silent.add('JoinGroup');
    const follower = world.coordinator.leader === a.group.memberId() ? b : a;
    const topic = follower.holds[0]!.split(' ')[0]!;
    follower.events.length = 0;
    world.topics.set(topic, -1);

    follower.group.metadataChanged();
    world.advance(500);

    expect(follower.events).not.toContain('> JoinGroup');
    expect([follower.group.state, follower.holds.every((each) => !each.startsWith(topic))]).toEqual(['steady', true]);
  });
});

test('rebalanceProtocol is NONE before the first join, then that of the group', () => {
  const world = new World();
  world.topics.set('t', 2);
  const a = world.member('a', { settings: COOPERATIVE });
  expect(a.group.rebalanceProtocol()).toBe('NONE');

  a.group.subscribe(['t']);
  world.until(() => world.stable);

  expect(a.group.rebalanceProtocol()).toBe('COOPERATIVE');
});

test('nothing is consumed twice or left out over rebalances without faults', () => {
  const world = new World(7);
  world.topics.set('t', 6);
  const position = new Map<string, number>();
  const again: string[] = [];
  const members = ['a', 'b', 'c'].map((name) => world.member(name, { callback: 'auto', settings: COOPERATIVE }));
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
  expect(world.coordinator.generation).toBeGreaterThan(6);
});
