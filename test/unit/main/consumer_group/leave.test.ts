import { describe, expect, test } from 'vitest';
import { type BeatMember, type BeatOptions, BeatWorld } from '../../../kit/consumer_group_member.ts';
import { C } from '../../../kit/fake_consumer_coordinator.ts';

function steady(options: BeatOptions = {}): [BeatWorld, BeatMember] {
  const world = new BeatWorld();
  world.coordinator.topics.set('t', 2);
  const a = world.member('a', options);
  a.group.subscribe(['t']);
  world.until(() => world.stable || a.group.state === 'wait-assign-call');
  if (options.callback === 'manual') a.answer();
  world.until(() => world.stable);
  world.advance(10);
  a.ops.length = 0;
  a.events.length = 0;
  world.coordinator.seen.length = 0;
  return [world, a];
}

const STATIC = { 'group.instance.id': 'i1' };

describe('unsubscribe', () => {
  test('revokes, commits, and leaves', () => {
    const [world, a] = steady({ callback: 'auto' });
    a.assignment.store('t', 0, 3);

    a.group.subscribe(null);
    world.until(() => world.coordinator.members.size === 0);

    expect(a.rebalances).toEqual(['- t 0,t 1']);
    expect(a.events).toEqual(['- t 0,t 1', '> OffsetCommit', 'committed t 0@3', '> ConsumerGroupHeartbeat']);
    expect(a.beats[0]).toMatchObject({ memberEpoch: -1, memberId: 'a', topicPartitions: null });
    expect([a.group.generation(), a.group.state]).toEqual([-1, 'init']);
  });

  test('of a static member leaves for a while only', () => {
    const [world, a] = steady({ settings: STATIC });

    a.group.subscribe(null);
    world.advance(100);

    expect(a.beats[0]).toMatchObject({ memberEpoch: -2, instanceId: 'i1' });
  });

  test('before the first heartbeat is heard leaves nothing behind', () => {
    const world = new BeatWorld();
    world.coordinator.topics.set('t', 2);
    world.coordinator.latency = () => 100;
    const a = world.member('a');
    a.group.subscribe(['t']);
    world.until(() => a.events.includes('> ConsumerGroupHeartbeat'));

    a.group.subscribe(null);
    world.advance(2000);

    expect(world.coordinator.members.size).toBe(0);
    expect(a.beats.map(({ memberEpoch }) => memberEpoch)).toEqual([0, -1]);
  });

  test('and subscribe again, several times at once, ends as a member', () => {
    const [world, a] = steady({ callback: 'auto' });

    for (let i = 0; i < 5; i++) {
      a.group.subscribe(null);
      a.group.subscribe(['t']);
    }
    expect(a.group.subscription()).toEqual(['t']);
    world.until(() => world.stable && a.rebalances.length === 2);

    expect(a.rebalances).toEqual(['- t 0,t 1', '+ t 0,t 1']);
  });

  test('waits for a rebalance that the app has yet to answer', () => {
    const [world, a] = steady({ callback: 'manual' });
    world.coordinator.forced = new Map([['a', ['t 0']]]);
    world.coordinator.bump();
    world.until(() => a.group.state === 'wait-unassign-call');

    a.group.subscribe(null);
    world.advance(100);
    a.answer();
    world.advance(100);
    a.answer();
    world.until(() => world.coordinator.members.size === 0);

    expect(a.rebalances).toEqual(['- t 1', '- t 0']);
  });

  test('ends a new subscription that waits', () => {
    const [world, a] = steady();
    a.group.subscribe(null);
    a.group.subscribe(['t']);
    a.group.subscribe(null);

    world.advance(5000);

    expect([a.group.subscription(), a.group.state, world.coordinator.members.size]).toEqual([null, 'init', 0]);
  });
});

describe('a group that is gone', () => {
  test('while we leave it is no error', () => {
    const [world, a] = steady();
    world.coordinator.latency = () => 300;
    world.until(() => a.events.includes('> ConsumerGroupHeartbeat'));
    world.coordinator.errors['ConsumerGroupHeartbeat'] = [C.groupNotFound];

    a.group.subscribe(null);
    world.advance(4000);

    expect([a.fatal, a.errors]).toEqual([[], []]);
  });
});

describe('close', () => {
  test('revokes, commits, leaves, and is done', () => {
    const [world, a] = steady({ callback: 'auto' });
    a.assignment.store('t', 0, 3);

    a.close();
    world.until(() => a.closedAt !== null, 100);

    expect(a.rebalances).toEqual(['- t 0,t 1']);
    expect(a.events).toEqual(['- t 0,t 1', '> OffsetCommit', 'committed t 0@3', '> ConsumerGroupHeartbeat']);
    expect(world.coordinator.members.size).toBe(0);
  });

  test('of a static member tells that it may come back', () => {
    const [world, a] = steady({ settings: STATIC });

    a.close();
    world.until(() => a.closedAt !== null, 100);

    expect(a.beats.map(({ memberEpoch }) => memberEpoch)).toEqual([-2]);
  });

  test('is done at its deadline when the coordinator is gone', () => {
    const [world, a] = steady();
    a.assignment.store('t', 0, 3);
    world.coordinator.down = true;

    const by = world.now + 2000;
    a.close(2000);
    world.advance(10_000);

    expect([a.closedAt, a.holds]).toEqual([by, []]);
  });

  test('is done soon when nobody can be reached, whatever was to be committed', () => {
    const [world, a] = steady();
    a.assignment.store('t', 0, 3);
    world.coordinator.down = true;
    world.reach = 'nobody';

    const from = world.now;
    a.close(10_000);
    world.advance(10_000);

    expect(a.closedAt! - from).toBeLessThanOrEqual(300);
    expect(a.holds).toEqual([]);
  });

  test('waits for the app until its deadline', () => {
    const [world, a] = steady({ callback: 'manual' });

    const from = world.now;
    a.close(3000);
    world.advance(10_000);

    expect(a.closedAt! - from).toBe(3000);
    expect([a.holds, a.rebalances, world.coordinator.members.size]).toEqual([[], ['- t 0,t 1'], 0]);
  });

  test('before the app has taken anything asks it for nothing', () => {
    const world = new BeatWorld();
    world.coordinator.topics.set('t', 2);
    const a = world.member('a', { callback: 'manual' });
    a.group.subscribe(['t']);
    world.until(() => a.group.state === 'wait-assign-call');

    a.close();
    world.advance(100);
    a.answer();
    world.until(() => a.closedAt !== null, 100);

    expect([a.rebalances, a.holds, world.coordinator.members.size]).toEqual([['+ t 0,t 1'], [], 0]);
  });

  test('goes on asking for its epoch while a last commit needs it', () => {
    const [world, a] = steady();
    a.assignment.store('t', 0, 3);
    // The coordinator is an epoch ahead; the answer that says so is late.
    world.coordinator.latency = () => 50;
    world.coordinator.bump();

    a.close(5000);
    world.until(() => a.closedAt !== null);

    expect(world.coordinator.members.size).toBe(0);
    expect(a.closedAt).toBeLessThan(world.now + 5000);
  });

  test('in any state, at any moment, ends in time, with nothing left', () => {
    for (let ms = 0; ms < 60; ms++) {
      const world = new BeatWorld(ms + 1);
      world.coordinator.latency = () => 5;
      world.coordinator.topics.set('t', 4);
      const a = world.member('a', { callback: ms % 2 === 0 ? 'auto' : 'none' });
      const b = world.member('b');
      a.group.subscribe(['t']);
      world.after(20, () => b.group.subscribe(['t']));
      world.advance(ms);

      a.close(2000);
      world.until(() => a.closedAt !== null, 2100);
      world.until(() => world.stable && b.holds.length === 4);

      expect([a.holds, world.coordinator.members.has('a')]).toEqual([[], false]);
    }
  });

  test('called twice tells both', () => {
    const [world, a] = steady();
    const done: number[] = [];

    a.group.close(world.now + 1000, () => done.push(1));
    a.group.close(world.now + 1000, () => done.push(2));
    world.advance(1500);
    a.group.close(world.now + 1000, () => done.push(3));
    world.advance(1);

    expect(done).toEqual([1, 2, 3]);
  });
});

describe('abort', () => {
  test('says nothing to anybody, in any state', () => {
    for (const manual of [true, false]) {
      const [world, a] = steady({ callback: manual ? 'manual' : 'none' });
      if (manual) {
        world.coordinator.forced = new Map([['a', []]]);
        world.coordinator.bump();
        world.until(() => a.group.state === 'wait-unassign-call');
      }
      a.events.length = 0;

      a.group.abort();
      a.answerIfAny();
      world.advance(5000);

      expect([a.holds, a.events.filter((each) => each.startsWith('>'))]).toEqual([[], []]);
    }
  });
});

describe('max.poll.interval.ms', () => {
  test('exceeded leaves the group at once, and joins again at the next poll', () => {
    const [world, a] = steady({ callback: 'manual', settings: { 'max.poll.interval.ms': 3000 } });
    const b = world.member('b');
    b.group.subscribe(['t']);
    world.until(() => a.group.state === 'wait-unassign-call');
    a.answer();
    world.until(() => a.group.state === 'wait-assign-call');
    a.answer();
    world.until(() => world.stable);
    a.ops.length = 0;

    a.polling = false;
    world.until(() => b.holds.length === 2, 10_000);

    expect(a.errors).toEqual([-147]);
    expect([a.group.state, a.group.assignmentLost()]).toEqual(['wait-unassign-call', true]);
    a.polling = true;
    a.answer();
    world.until(() => a.group.state === 'wait-assign-call');
    a.answer();
    world.until(() => world.stable && a.holds.length === 1);
    expect(a.rebalances[0]).toMatch(/^lost/);
  });

  test('exceeded by an app that does nothing more stays so', () => {
    const [world, a] = steady({ settings: { 'max.poll.interval.ms': 3000 } });

    a.polling = false;
    world.advance(30_000);

    expect([a.errors, a.holds, world.coordinator.members.size]).toEqual([[-147], [], 0]);
    expect(a.beats.at(-1).memberEpoch).toBe(-1);
  });

  test('exceeded by a static member keeps its place until the session ends', () => {
    const [world, a] = steady({ settings: { 'max.poll.interval.ms': 3000, ...STATIC } });

    a.polling = false;
    world.until(() => a.errors.length > 0);
    world.advance(10);

    expect(a.beats.at(-1)).toMatchObject({ memberEpoch: -2, instanceId: 'i1' });
  });

  test('is not watched while the app waits in a poll', () => {
    const [world, a] = steady({ settings: { 'max.poll.interval.ms': 3000 } });
    a.polling = false;

    a.group.polled(world.now, true);
    world.advance(20_000);

    expect([a.errors, a.holds]).toEqual([[], ['t 0', 't 1']]);
  });

  test('exceeded in the middle of a rebalance ends what was assigned when the app comes back', () => {
    const [world, a] = steady({ callback: 'manual', settings: { 'max.poll.interval.ms': 3000 } });
    world.coordinator.forced = new Map([['a', ['t 0']]]);
    world.coordinator.bump();
    world.until(() => a.group.state === 'wait-unassign-call');
    a.polling = false;
    world.advance(10_000);
    a.polling = true;

    a.answer();
    world.advance(10);
    a.answer();
    world.until(() => a.group.state === 'wait-assign-call');
    a.answer();
    world.until(() => world.stable);

    expect(a.rebalances).toEqual(['- t 1', 'lost t 0', '+ t 0']);
    expect(a.errors).toEqual([-147]);
  });
});

describe('an app that assigns by itself', () => {
  test('commits as no member, and may assign anew', () => {
    const world = new BeatWorld();
    const a = world.member('a');
    expect(a.group.onAssignCall([{ topic: 't', partition: 0, offset: 0 }], 'assign')).toBe(0);
    world.advance(10);

    a.group.onAssignCall([{ topic: 't', partition: 1, offset: 0 }], 'assign');
    a.group.offsets.commit([{ topic: 't', partition: 1, offset: 4 }], null);
    world.advance(100);

    expect(a.holds).toEqual(['t 1']);
    const { body } = world.coordinator.seen.find(({ name }) => name === 'OffsetCommit')!;
    expect([body.memberId, body.generationIdOrMemberEpoch]).toEqual(['', -1]);
    expect([a.group.rebalanceProtocol(), a.beats.length]).toEqual(['NONE', 0]);
  });

  test('is done with close when everything is let go and committed', () => {
    const world = new BeatWorld();
    const a = world.member('a');
    a.group.onAssignCall([{ topic: 't', partition: 0, offset: 0 }], 'assign');
    world.advance(10);
    a.assignment.store('t', 0, 9);

    a.close();
    world.until(() => a.closedAt !== null, 200);

    expect([a.holds, world.coordinator.committed.get('t 0')]).toEqual([[], 9]);
  });
});
