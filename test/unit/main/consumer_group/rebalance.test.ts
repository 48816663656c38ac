import { describe, expect, test } from 'vitest';
import { type BeatMember, type BeatOptions, BeatWorld } from '../../../kit/consumer_group_member.ts';
import { C, idOf } from '../../../kit/fake_consumer_coordinator.ts';

function aMember(options: BeatOptions = {}, partitions = 2): [BeatWorld, BeatMember] {
  const world = new BeatWorld();
  world.coordinator.topics.set('t', partitions);
  const a = world.member('a', options);
  a.group.subscribe(['t']);
  world.until(() => world.stable || a.group.state === 'wait-assign-call');
  return [world, a];
}

const at = (partition: number, offset = -1001) => ({ topic: 't', partition, offset });

describe('an app with a rebalance callback', () => {
  test('is asked, and gets nothing before it has assigned; heartbeats go on', () => {
    const [world, a] = aMember({ callback: 'manual' });

    world.advance(3000);

    expect([a.group.state, a.holds, a.rebalances]).toEqual(['wait-assign-call', [], ['+ t 0,t 1']]);
    expect(a.beats.length).toBeGreaterThanOrEqual(3);
    expect(a.beats.slice(1).every((beat) => beat.topicPartitions === null)).toBe(true);
  });

  test('chooses where to start', () => {
    const [world, a] = aMember({ callback: 'manual' });

    a.group.onAssignCall([at(0, 42), at(1)], 'add');
    world.advance(1);

    expect(a.assignment.active.get('t 0')!.offset).toBe(42);
    expect(a.group.state).toBe('steady');
  });

  test('may not assign everything anew', () => {
    const [world, a] = aMember({ callback: 'manual' });

    expect(a.group.onAssignCall([at(0)], 'assign')).toBe(-172);
    world.advance(100);

    expect([a.group.state, a.holds]).toEqual(['wait-assign-call', []]);
  });

  test('may not name a partition twice, or nothing', () => {
    const [, a] = aMember({ callback: 'manual' });

    expect(a.group.onAssignCall([at(0), at(0)], 'add')).toBe(-186);
    expect(a.group.onAssignCall(null, 'remove')).toBe(-186);
  });

  test('gives up only what others are to have, and is asked for what comes then', () => {
    const [world, a] = aMember({ callback: 'auto' });
    const b = world.member('b', { callback: 'auto' });
    b.group.subscribe(['t']);

    world.until(() => world.stable && b.holds.length > 0);

    expect(a.rebalances).toEqual(['+ t 0,t 1', '- t 1', '+ ']);
    expect(b.rebalances).toEqual(['+ t 1']);
    expect(a.events).not.toContain('- t 0,t 1');
  });

  test('that names less than was revoked gives up all of it', () => {
    const [world, a] = aMember({ callback: 'manual' }, 3);
    a.answer();
    world.until(() => world.stable);
    world.coordinator.forced = new Map([['a', ['t 0']]]);
    world.coordinator.bump();
    world.until(() => a.group.state === 'wait-unassign-call');

    a.group.onAssignCall([at(1)], 'remove');
    world.advance(100);

    expect([a.rebalances.at(-2), a.holds]).toEqual(['- t 1,t 2', ['t 0']]);
  });

  test('is not waited for when others want what it has given up', () => {
    const [world, a] = aMember({ callback: 'manual' });
    a.answer();
    world.until(() => world.stable);
    const b = world.member('b');
    b.group.subscribe(['t']);
    world.until(() => a.group.state === 'wait-unassign-call');
    a.answer();
    world.until(() => a.group.state === 'wait-assign-call');

    world.until(() => b.holds.length === 1, 3000);

    expect(a.group.state).toBe('wait-assign-call');
    a.answer();
    world.until(() => world.stable);
  });
});

describe('letting partitions go', () => {
  test('commits their final positions before the coordinator hears of it', () => {
    const [world, a] = aMember();
    a.assignment.store('t', 0, 5);
    a.assignment.store('t', 1, 10);
    a.assignment.whenStopped = (done) =>
      world.after(100, () => {
        a.assignment.store('t', 1, 11);
        done();
      });
    a.events.length = 0;
    const b = world.member('b');
    b.group.subscribe(['t']);

    world.until(() => world.stable && b.holds.length > 0);

    expect(world.coordinator.committed.get('t 1')).toBe(11);
    expect(world.coordinator.committed.has('t 0')).toBe(false);
    const order = a.events.filter((each) => each.startsWith('-') || each.startsWith('committed'));
    expect(order).toEqual(['- t 1', 'committed t 1@11']);
  });

  test('waits for commits that the app has begun', () => {
    const [world, a] = aMember({ callback: 'manual', settings: { 'enable.auto.commit': false } });
    a.answer();
    world.until(() => world.stable);
    world.coordinator.forced = new Map([['a', ['t 0']]]);
    world.coordinator.bump();
    world.until(() => a.group.state === 'wait-unassign-call');
    world.coordinator.errors['OffsetCommit'] = [C.loading, C.loading];
    a.events.length = 0;

    a.group.offsets.commit([at(1, 7)], null);
    a.answer();
    world.until(() => a.group.state === 'wait-assign-call', 3000);

    expect(world.coordinator.committed.get('t 1')).toBe(7);
  });

  test('goes on when fetchers never stop', () => {
    const [world, a] = aMember();
    a.assignment.whenStopped = () => undefined;
    world.coordinator.forced = new Map([['a', ['t 0']]]);
    world.coordinator.bump();

    world.until(() => world.stable && a.holds.length === 1, 10_000);

    expect(a.logs.some((line) => line.includes('without the last unassign'))).toBe(true);
  });

  test('goes on when the commit never ends', () => {
    const [world, a] = aMember();
    a.assignment.store('t', 1, 3);
    world.coordinator.silent.add('OffsetCommit');
    world.coordinator.forced = new Map([['a', ['t 0']]]);
    world.coordinator.bump();

    world.until(() => a.holds.length === 1, 10_000);

    expect(a.holds).toEqual(['t 0']);
  });
});

describe('a topic that was made anew', () => {
  test('is given up under its old id and taken under the new one', () => {
    const [world, a] = aMember({ callback: 'auto' }, 1);
    const id = idOf('another');
    a.ops.length = 0;

    world.coordinator.remade.set('t', id);
    world.coordinator.bump();
    world.until(() => world.stable && a.rebalances.length === 3);
    world.advance(2000);

    expect(a.rebalances).toEqual(['- t 0', '+ ', '+ t 0']);
    const told = a.beats.map(({ topicPartitions }) => topicPartitions).filter((each) => each !== null);
    expect(told.slice(-2)).toEqual([[], [{ topicId: id, partitions: [0] }]]);
  });
});

describe('many members', () => {
  test('share everything, and no partition is ever with two', () => {
    for (let seed = 1; seed <= 20; seed++) {
      const world = new BeatWorld(seed);
      world.coordinator.latency = () => 1 + world.random() * 30;
      world.coordinator.topics.set('t', 7).set('u', 5);
      const members = Array.from({ length: 5 }, (_, i) =>
        world.member(`m${i}`, { callback: i % 2 === 0 ? 'auto' : 'none' }),
      );
      for (const member of members) {
        world.after(world.random() * 3000, () => member.group.subscribe(['t', 'u']));
        if (world.random() < 0.5) world.after(3000 + world.random() * 3000, () => member.group.subscribe(['u']));
      }
      world.after(5000, () => members[4]!.close());
      world.advance(7000);

      world.until(() => world.stable);

      const all = members.flatMap(({ holds }) => holds);
      expect(new Set(all).size).toBe(all.length);
      expect(all.filter((each) => each.startsWith('u')).length).toBe(5);
    }
  });
});
