import { describe, expect, test } from 'vitest';
import { E } from '../../../kit/fake_coordinator.ts';
import { type MemberOptions, type TestMember, World } from '../../../kit/group_member.ts';

function aConsumer(topics: Record<string, number> = { t: 2 }, options: MemberOptions = {}): [World, TestMember] {
  const world = new World();
  for (const [topic, count] of Object.entries(topics)) world.topics.set(topic, count);
  return [world, world.member('a', options)];
}

const sent = (member: TestMember, name: string): number => member.events.filter((each) => each === `> ${name}`).length;

const errors = (member: TestMember): [number, string | undefined][] =>
  member.ops.flatMap((op) =>
    op.type === 'consumer_error' ? [[op.err, op.topic] as [number, string | undefined]] : [],
  );

describe('a consumer that subscribes', () => {
  test('finds the coordinator, joins with the id it is given, and gets its partitions', () => {
    const [world, a] = aConsumer();

    a.group.subscribe(['t']);
    world.until(() => world.stable);

    const requests = ['> FindCoordinator', '> JoinGroup', '> JoinGroup', '> SyncGroup'];
    expect(a.events).toEqual([...requests, 'assign t 0,t 1']);
    expect([a.group.memberId(), a.group.generation(), a.group.rebalanceProtocol()]).toEqual(['m-1', 1, 'EAGER']);
  });

  test('works with the oldest versions', () => {
    const [world, a] = aConsumer();
    const old = {
      FindCoordinator: 0,
      JoinGroup: 0,
      SyncGroup: 0,
      Heartbeat: 0,
      LeaveGroup: 0,
      OffsetCommit: 1,
      OffsetFetch: 1,
    };
    world.coordinator.maxVersions = old;

    a.group.subscribe(['t']);
    world.until(() => world.stable);
    a.assignment.store('t', 0, 5);
    world.advance(2000);
    a.close();
    world.until(() => a.closedAt !== null);

    expect(world.coordinator.committed.get('t 0')).toBe(5);
    expect(world.coordinator.members.size).toBe(0);
  });

  test('works with a static identity', () => {
    const [world, a] = aConsumer({ t: 2 }, { settings: { 'group.instance.id': 'i' } });

    a.group.subscribe(['t']);
    world.until(() => world.stable);

    expect(world.coordinator.seen.find((each) => each.name === 'JoinGroup')!.body.groupInstanceId).toBe('i');
  });

  test('waits for the partition counts of its topics', () => {
    const [world, a] = aConsumer({});
    a.group.subscribe(['t']);
    world.advance(5000);
    expect([a.group.state, sent(a, 'JoinGroup')]).toEqual(['wait-metadata', 0]);

    world.topics.set('t', 1);
    a.group.metadataChanged();
    world.advance(10);

    expect(a.holds).toEqual(['t 0']);
  });

  test('hears once of a topic that does not exist, and joins with the others', () => {
    const [world, a] = aConsumer({ t: 1, nowhere: -1 });

    a.group.subscribe(['t', 'nowhere']);
    world.until(() => world.stable);
    world.advance(10_000);

    expect(errors(a)).toEqual([[3, 'nowhere']]);
    expect(a.holds).toEqual(['t 0']);
  });

  test('hears of another reason for a missing topic while it is a member', () => {
    const [world, a] = aConsumer({ t: 1, nowhere: -1 });
    a.group.subscribe(['t', 'nowhere']);
    world.until(() => world.stable);

    world.topicErrors.set('nowhere', 29);
    a.group.metadataChanged();
    world.advance(50);

    expect(errors(a)).toEqual([
      [3, 'nowhere'],
      [29, 'nowhere'],
    ]);
    expect(a.holds).toEqual(['t 0']);
  });

  test('gets a topic that appears later', () => {
    const [world, a] = aConsumer({ t: 1, late: -1 });
    a.group.subscribe(['t', 'late']);
    world.until(() => world.stable);

    world.topics.set('late', 1);
    a.group.metadataChanged();
    world.advance(50);

    expect(a.holds).toEqual(['late 0', 't 0']);
  });

  test('does not join while none of its topics exists', () => {
    const [world, a] = aConsumer({ t: -1 });
    world.topicErrors.set('t', 29);
    a.group.subscribe(['t']);
    world.advance(10_000);
    expect([sent(a, 'JoinGroup'), errors(a)]).toEqual([0, [[29, 't']]]);

    world.topics.set('t', 1);
    a.group.metadataChanged();
    world.advance(10);

    expect(a.holds).toEqual(['t 0']);
  });

  test('can change its mind before it has joined', () => {
    const [world, a] = aConsumer({ t: 1, u: 1 });
    a.group.subscribe(['t']);
    world.advance(3);

    a.group.subscribe(['u']);
    world.until(() => world.stable);

    expect(a.holds).toEqual(['u 0']);
    expect(world.coordinator.members.size).toBe(1);
  });

  test('changes its mind after the rebalance that is under way', () => {
    const [world, a] = aConsumer({ t: 1, u: 1 }, { callback: 'manual' });
    a.group.subscribe(['t']);
    world.until(() => a.group.state === 'wait-assign-call');

    a.group.subscribe(['u']);
    world.advance(100);
    expect([a.group.state, a.group.subscription()]).toEqual(['wait-assign-call', ['u']]);
    a.group.onAssignCall([{ topic: 't', partition: 0, offset: -1001 }]);
    world.advance(10);

    expect(a.ops.map((op) => op.type === 'rebalance' && op.err)).toEqual([-175, -174]);
  });
});

describe('a join that fails', () => {
  test('with NOT_COORDINATOR looks for the coordinator again', () => {
    const [world, a] = aConsumer();
    world.coordinator.errors['JoinGroup'] = [E.notCoordinator];

    a.group.subscribe(['t']);
    world.until(() => world.stable, 3000);

    expect(sent(a, 'FindCoordinator')).toBe(2);
    expect(errors(a)).toEqual([]);
  });

  test('while the group is being loaded is tried again with growing waits', () => {
    const [world, a] = aConsumer();
    world.coordinator.errors['JoinGroup'] = Array.from({ length: 6 }, () => E.loading);

    a.group.subscribe(['t']);
    world.until(() => world.stable, 10_000);

    const at = world.coordinator.seen.filter((each) => each.name === 'JoinGroup').map((each) => each.at);
    const waits = at.slice(1, 7).map((time, i) => time - at[i]!);
    expect(waits[0]).toBeGreaterThanOrEqual(80);
    expect(waits[0]).toBeLessThan(130);
    expect(waits[5]).toBeGreaterThanOrEqual(1000);
    expect(errors(a)).toEqual([]);
  });

  test('for want of authorization is told and tried once a second', () => {
    const [world, a] = aConsumer();
    world.coordinator.errors['JoinGroup'] = [E.groupAuth, E.groupAuth];

    a.group.subscribe(['t']);
    world.advance(500);
    expect(errors(a)).toEqual([[E.groupAuth, undefined]]);
    world.until(() => world.stable, 3000);

    expect(errors(a).length).toBe(2);
  });

  test('with FENCED_INSTANCE_ID is the end', () => {
    const [world, a] = aConsumer();
    world.coordinator.errors['JoinGroup'] = [E.fenced];

    a.group.subscribe(['t']);
    world.advance(20_000);

    expect(a.fatal.map(([err]) => err)).toEqual([E.fenced]);
    expect(sent(a, 'JoinGroup')).toBe(1);
    expect(a.group.subscribe(['t'])).toBe(-150);
  });

  test('for lack of an answer is tried again after max.poll.interval.ms and 3 s', () => {
    const [world, a] = aConsumer();
    world.coordinator.silent.add('JoinGroup');
    a.group.subscribe(['t']);
    world.advance(22_000);
    world.coordinator.silent.delete('JoinGroup');
    world.coordinator.cut('nobody');
    expect(sent(a, 'JoinGroup')).toBe(1);

    world.advance(2000);

    expect(sent(a, 'JoinGroup')).toBe(2);
  });

  test('again and again over its member id does not spin', () => {
    const [world, a] = aConsumer();
    world.coordinator.errors['JoinGroup'] = Array.from({ length: 1000 }, () => E.unknownMember);

    a.group.subscribe(['t']);
    world.advance(10_000);

    expect(sent(a, 'JoinGroup')).toBeLessThan(20);
  });

  test('in SyncGroup starts over without a revoke', () => {
    const [world, a] = aConsumer({ t: 1 }, { callback: 'auto' });
    world.coordinator.errors['SyncGroup'] = [E.rebalance];

    a.group.subscribe(['t']);
    world.until(() => world.stable);

    expect(a.ops.map((op) => op.type === 'rebalance' && op.err)).toEqual([-175]);
  });
});

describe('the leader', () => {
  test('waits for the partition counts of topics that only others want', () => {
    const [world, a] = aConsumer({ t: 1 });
    a.group.subscribe(['t']);
    world.until(() => world.stable);
    world.topics.set('u', 2);
    const b = world.member('b');
    b.group.subscribe(['u']);
    world.advance(20);
    world.topics.delete('u');
    world.until(() => a.group.state === 'wait-metadata');
    expect(a.wanted.at(-1)).toEqual(['t', 'u']);

    world.topics.set('u', 2);
    a.group.metadataChanged();
    world.until(() => world.stable, 100);

    expect([a.holds, b.holds]).toEqual([['t 0'], ['u 0', 'u 1']]);
  });

  test('assigns what it knows when the rest does not come, and again when it does', () => {
    const [world, a] = aConsumer({ t: 1 });
    a.group.subscribe(['t']);
    world.until(() => world.stable);
    world.topics.set('u', 2);
    const b = world.member('b');
    b.group.subscribe(['u']);
    world.advance(20);
    world.topics.delete('u');
    world.until(() => a.group.state === 'wait-metadata');

    world.until(() => world.stable, 3500);
    expect([a.holds, b.holds]).toEqual([['t 0'], []]);
    world.topics.set('u', 2);
    a.group.metadataChanged();
    world.until(() => b.holds.length === 2, 5000);

    expect(a.wanted.at(-1)).toEqual(['t', 'u']);
  });

  test('rebalances when a topic gets more partitions, and the others do not', () => {
    const [world, a] = aConsumer({ t: 2 });
    const b = world.member('b');
    a.group.subscribe(['t']);
    b.group.subscribe(['t']);
    world.until(() => world.stable && world.coordinator.members.size === 2);
    const leader = a.group.memberId() === world.coordinator.leader ? a : b;
    const other = leader === a ? b : a;
    world.topics.set('t', 4);

    other.group.metadataChanged();
    world.advance(100);
    expect(world.stable).toBe(true);
    leader.group.metadataChanged();
    world.until(() => world.stable && a.holds.length + b.holds.length === 4, 3000);

    expect([a.holds.length, b.holds.length]).toEqual([2, 2]);
  });

  test('gives nothing to a member whose subscription it cannot read, and everything to the others', () => {
    const [world, a] = aConsumer({ t: 2 });
    world.coordinator.maxVersions = { JoinGroup: 3 };
    a.group.subscribe(['t']);
    world.until(() => world.stable);
    const b = world.member('b');
    b.group.subscribe(['t']);
    world.until(() => world.coordinator.members.size === 2, 3000);
    for (const each of world.coordinator.members.values()) {
      if (each.id !== a.group.memberId()) for (const own of each.protocols) own.metadata = own.metadata.subarray(0, 5);
    }

    world.until(() => world.stable, 3000);

    expect([a.holds, b.holds]).toEqual([['t 0', 't 1'], []]);
    expect(a.logs.some((line) => line.includes('MEMBERMETA'))).toBe(true);
  });
});

test('a client with another strategy is not joined by force: the app hears of it', () => {
  const [world, a] = aConsumer({ t: 1 }, { settings: { 'partition.assignment.strategy': 'range' } });
  world.coordinator.errors['JoinGroup'] = [E.inconsistentProtocol];

  a.group.subscribe(['t']);
  world.advance(100);

  expect(errors(a)).toEqual([[E.inconsistentProtocol, undefined]]);
});
