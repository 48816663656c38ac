import { describe, expect, test } from 'vitest';
import { E } from '../../../kit/fake_coordinator.ts';
import { type MemberOptions, type TestMember, World } from '../../../kit/group_member.ts';

function aConsumer(topics: Record<string, number> = {}, options: MemberOptions = {}): [World, TestMember] {
  const world = new World();
  for (const [topic, count] of Object.entries(topics)) world.topics.set(topic, count);
  return [world, world.member('a', options)];
}

const errors = (member: TestMember): [number, string | undefined][] =>
  member.ops.flatMap((op): [number, string | undefined][] =>
    op.type === 'consumer_error' ? [[op.err, op.topic]] : [],
  );

describe('a pattern', () => {
  test('gets the topics of the cluster that match, and those that come later', () => {
    const [world, a] = aConsumer({ 't-1': 1, 't-2': 1, u: 1 });
    world.allTopics = new Set(['t-1', 'u']);
    a.group.subscribe(['^t-']);
    world.until(() => world.stable);
    expect(a.holds).toEqual(['t-1 0']);

    world.allTopics = new Set(['t-1', 't-2', 'u']);
    a.group.metadataChanged();
    world.until(() => a.holds.length === 2, 3000);

    expect(a.wanted.at(-1)).toEqual(['t-1', 't-2']);
  });

  test('loses topics that are no longer listed', () => {
    const [world, a] = aConsumer({ 't-1': 1, 't-2': 1 });
    world.allTopics = new Set(['t-1', 't-2']);
    a.group.subscribe(['^t-']);
    world.until(() => world.stable);

    world.allTopics = new Set(['t-2']);
    a.group.metadataChanged();
    world.until(() => a.holds.length === 1, 3000);

    expect(a.holds).toEqual(['t-2 0']);
  });

  test('waits for the list of topics', () => {
    const [world, a] = aConsumer({ 't-1': 1 });
    a.group.subscribe(['^t-']);
    world.advance(5000);
    expect([a.group.state, errors(a)]).toEqual(['wait-metadata', []]);

    world.allTopics = new Set(['t-1']);
    a.group.metadataChanged();
    world.until(() => world.stable, 3000);

    expect(a.holds).toEqual(['t-1 0']);
  });

  test('that matches nothing is told once, and nothing is joined', () => {
    const [world, a] = aConsumer();
    world.allTopics = new Set(['u']);

    a.group.subscribe(['^t-']);
    world.advance(10_000);

    expect(errors(a)).toEqual([[3, '^t-']]);
    expect(a.events).not.toContain('> JoinGroup');
  });

  test('leaves out what topic.blacklist names, and so do names', () => {
    const [world, a] = aConsumer({ 't-1': 1, 't-2': 1, u: 1 });
    world.allTopics = new Set(['t-1', 't-2', 'u']);
    for (const topic of ['t-2', 'u']) world.ignored.add(topic);

    a.group.subscribe(['^t-', 'u']);
    world.until(() => world.stable);

    expect([a.holds, errors(a)]).toEqual([['t-1 0'], []]);
  });

  test('and a name that it matches give each topic once', () => {
    const [world, a] = aConsumer({ 't-1': 2 });
    world.allTopics = new Set(['t-1']);

    a.group.subscribe(['^t-', 't-1', '^.-1$']);
    world.until(() => world.stable);

    expect(a.holds).toEqual(['t-1 0', 't-1 1']);
  });
});

describe('a topic that nothing is known of', () => {
  test('does not hold up the others for long, and is joined for when it is known', () => {
    const [world, a] = aConsumer({ t: 1 });
    a.group.subscribe(['t', 'u']);
    world.until(() => world.stable, 1500);
    expect([a.holds, errors(a)]).toEqual([['t 0'], []]);

    world.topics.set('u', 1);
    a.group.metadataChanged();
    world.until(() => a.holds.length === 2, 3000);

    expect(a.holds).toEqual(['t 0', 'u 0']);
  });

  test('for a moment, behind the join, is no news', () => {
    const [world, a] = aConsumer({ t: 1, u: 1 });
    a.group.subscribe(['t', 'u']);
    world.until(() => world.stable);
    a.events.length = 0;

    world.topics.delete('u');
    a.group.metadataChanged();
    world.advance(100);

    expect(a.events).not.toContain('> JoinGroup');
  });

  test('gives way to another subscription, of a member too', () => {
    const [world, a] = aConsumer({ t: 1 });
    a.group.subscribe(['t']);
    world.until(() => world.stable);
    a.group.subscribe(['u']);
    world.until(() => a.group.state === 'wait-metadata', 1000);

    a.group.subscribe(['t']);
    world.until(() => world.stable && a.holds.length === 1, 3000);

    expect(world.coordinator.members.size).toBe(1);
  });
});

test.each([
  [17, 3],
  [3, 3],
  [29, 29],
])('a topic that the cluster refuses with %i is told as %i', (refusal, told) => {
  const [world, a] = aConsumer({ t: -1 });
  world.topicErrors.set('t', refusal);

  a.group.subscribe(['t']);
  world.advance(3000);

  expect(errors(a)).toEqual([[told, 't']]);
});

describe('racks', () => {
  function withRacks(rack: string | null): [World, TestMember, string[][]] {
    const [world, a] = aConsumer({ t: 2 }, { settings: { 'client.rack': rack } });
    const racks = [['r1'], ['r2']];
    world.racks = () => racks;
    a.group.subscribe(['t']);
    world.until(() => world.stable);
    return [world, a, racks];
  }

  test('that change make a member with a rack join again', () => {
    const [world, a, racks] = withRacks('r1');
    racks[0] = ['r3'];

    a.group.metadataChanged();
    world.until(() => world.stable && world.coordinator.generation === 2, 3000);

    expect(a.holds).toHaveLength(2);
  });

  test('that change are nothing to a group without', () => {
    const [world, a, racks] = withRacks(null);
    racks[0] = ['r3'];

    a.group.metadataChanged();
    world.advance(1000);

    expect([world.stable, world.coordinator.generation]).toEqual([true, 1]);
  });
});

describe('a JoinGroup that is not answered', () => {
  test('does not hold up the next one of another subscription', () => {
    const [world, a] = aConsumer({ t: 1, u: 1 });
    world.coordinator.maxVersions = { JoinGroup: 3 };
    world.coordinator.silent.add('JoinGroup');
    a.group.subscribe(['t']);
    world.until(() => a.group.state === 'wait-join', 1000);
    world.coordinator.moveTo(2);
    world.coordinator.silent.delete('JoinGroup');
    a.group.subscribe(['u']);
    world.coordinator.cut('a');

    world.until(() => world.stable, 5000);

    expect(a.holds).toEqual(['u 0']);
  });

  test('leaves no member behind when it is answered after all', () => {
    const [world, a] = aConsumer({ t: 1, u: 1 });
    world.coordinator.maxVersions = { JoinGroup: 3 };
    const b = world.member('b');
    b.group.subscribe(['t']);
    world.until(() => world.stable);
    b.polling = false;
    a.group.subscribe(['t']);
    world.advance(5);

    a.group.subscribe(['u']);
    world.until(() => world.stable && world.coordinator.members.size === 2, 40_000);

    expect(a.holds).toEqual(['u 0']);
  });
});

test('a member of another group.protocol.type says so', () => {
  const [world, a] = aConsumer({ t: 1 }, { settings: { 'group.protocol.type': 'connect' } });

  a.group.subscribe(['t']);
  world.advance(100);

  const joins = world.coordinator.seen.filter(({ name }) => name === 'JoinGroup');
  expect(joins.map(({ body }) => body.protocolType)).toContain('connect');
});

describe('a static member', () => {
  const options = { settings: { 'group.instance.id': 'i' } };

  test('names itself in all requests, and stays a member when it closes', () => {
    const [world, a] = aConsumer({ t: 1 }, options);
    a.group.subscribe(['t']);
    world.until(() => world.stable);
    world.advance(1500);

    a.close();
    world.until(() => a.closedAt !== null, 3000);

    const named = world.coordinator.seen.filter(({ name }) => /Join|Sync|Heartbeat/.test(name));
    expect(new Set(named.map(({ body }) => body.groupInstanceId))).toEqual(new Set(['i']));
    expect(a.events).not.toContain('> LeaveGroup');
  });

  test('leaves when it unsubscribes', () => {
    const [world, a] = aConsumer({ t: 1 }, options);
    a.group.subscribe(['t']);
    world.until(() => world.stable);

    a.group.subscribe(null);
    world.advance(1000);

    expect(a.events).toContain('> LeaveGroup');
  });

  test('that is fenced by a heartbeat is dead', () => {
    const [world, a] = aConsumer({ t: 1 }, options);
    a.group.subscribe(['t']);
    world.until(() => world.stable);
    world.coordinator.errors['Heartbeat'] = [E.fenced];

    world.advance(5000);

    expect([a.fatal.map(([err]) => err), a.holds]).toEqual([[E.fenced], []]);
  });
});

test('a group goes from range to cooperative-sticky as soon as the last of the old has left', () => {
  const world = new World();
  world.topics.set('t', 4);
  const member = (name: string, strategy: string): TestMember => {
    const one = world.member(name, { settings: { 'partition.assignment.strategy': strategy } });
    one.group.subscribe(['t']);
    return one;
  };
  const old = [member('a', 'range'), member('b', 'range')];
  world.until(() => world.stable && world.coordinator.members.size === 2);
  // As librdkafka: no client offers both, so those of the old strategy have to be gone first.
  for (const one of old) one.close();
  world.until(() => old.every((one) => one.closedAt !== null), 10_000);

  const fresh = [member('c', 'cooperative-sticky'), member('d', 'cooperative-sticky')];
  world.until(() => world.stable && fresh.every((one) => one.holds.length === 2), 20_000);

  expect(fresh.map((one) => one.group.rebalanceProtocol())).toEqual(['COOPERATIVE', 'COOPERATIVE']);
});
