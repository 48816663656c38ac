import { describe, expect, test } from 'vitest';
import { heartbeatRemedyOf } from '../../../../src/main/consumer_group/errors.ts';
import { type BeatMember, type BeatOptions, BeatWorld } from '../../../kit/consumer_group_member.ts';
import { C, idOf } from '../../../kit/fake_consumer_coordinator.ts';

function aMember(options: BeatOptions = {}, first: number[] = []): [BeatWorld, BeatMember] {
  const world = new BeatWorld();
  world.coordinator.topics.set('t', 2);
  world.coordinator.errors['ConsumerGroupHeartbeat'] = first;
  const a = world.member('a', options);
  a.group.subscribe(['t']);
  return [world, a];
}

function steady(options: BeatOptions = {}): [BeatWorld, BeatMember] {
  const [world, a] = aMember(options);
  world.until(() => world.stable || a.group.state === 'wait-assign-call');
  if (options.callback === 'manual') a.answer();
  world.until(() => world.stable);
  world.advance(10);
  a.ops.length = 0;
  world.coordinator.seen.length = 0;
  return [world, a];
}

const FATAL = [C.invalidRequest, C.maxSize, C.unsupportedAssignor, 35, C.unreleased, C.groupAuth, C.groupNotFound, 31];

describe('a fatal error', () => {
  test.each(FATAL)('%i in the first heartbeat ends it before anything was assigned', (code) => {
    const [world, a] = aMember({ callback: 'auto' }, [code]);

    world.advance(10_000);

    expect([a.fatal, a.beats.length, a.rebalances]).toEqual([[code], 1, []]);
    expect(a.group.subscribe(['t'])).toBe(-150);
  });

  test.each(FATAL)('%i later takes everything away without a callback, and nobody is told that we leave', (code) => {
    const [world, a] = steady({ callback: 'auto' });
    a.assignment.store('t', 0, 5);
    world.coordinator.errors['ConsumerGroupHeartbeat'] = [code];

    world.advance(10_000);
    a.close();
    world.until(() => a.closedAt !== null, 100);

    expect([a.fatal, a.holds, a.rebalances, a.beats.length]).toEqual([[code], [], [], 1]);
    expect(world.coordinator.committed.size).toBe(0);
  });

  test('comes of a broker without this protocol, and of a code that nobody knows', () => {
    expect([C.unsupported, 3333].map(heartbeatRemedyOf)).toEqual(['fatal', 'fatal']);
  });

  test('is none of our own codes', () => {
    expect([C.ssl, -199, -192, -166].map(heartbeatRemedyOf)).toEqual(['retry', 'retry', 'retry', 'retry']);
  });
});

describe('an error that passes', () => {
  test.each([C.loading, C.ssl, C.timedOut])(
    '%i in the first heartbeat is not told, and the join is repeated',
    (code) => {
      const [world, a] = aMember({ callback: 'auto' }, [code]);

      world.until(() => world.stable);

      expect([a.errors, a.fatal, a.rebalances]).toEqual([[], [], ['+ t 0,t 1']]);
      expect(a.beats.slice(0, 2).map(({ memberEpoch }) => memberEpoch)).toEqual([0, 0]);
    },
  );

  test('makes the next heartbeat say everything again', () => {
    const [world, a] = steady();
    world.coordinator.errors['ConsumerGroupHeartbeat'] = [C.loading];

    world.until(() => a.beats.length === 2);

    expect(a.beats[0]).toMatchObject({ subscribedTopicNames: null, topicPartitions: null });
    expect(a.beats[1]).toMatchObject({
      subscribedTopicNames: ['t'],
      subscribedTopicRegex: '',
      rebalanceTimeoutMs: 20_000,
      topicPartitions: [{ topicId: idOf('t'), partitions: [0, 1] }],
    });
  });

  test('is followed by ever longer waits', () => {
    const [world, a] = steady();
    world.coordinator.errors['ConsumerGroupHeartbeat'] = Array(30).fill(C.loading);

    world.advance(5000);

    expect(a.beats.length).toBeGreaterThan(5);
    expect(a.beats.length).toBeLessThan(12);
  });

  test('does not keep an acknowledgement from coming', () => {
    const [world, a] = aMember({}, [0, C.loading]);

    world.until(() => world.stable);
    world.until(() => a.beats.length === 3);

    expect(a.beats.map(({ topicPartitions }) => topicPartitions?.length)).toEqual([0, 1, 1]);
  });

  test('may be an answer that never comes', () => {
    const [world, a] = steady();
    world.coordinator.sessionMs = 60_000;
    world.coordinator.silent.add('ConsumerGroupHeartbeat');
    world.until(() => a.beats.length === 1);
    world.coordinator.silent.clear();
    // The connection is given up with its request.
    world.coordinator.cut();

    world.advance(5000);

    expect(a.beats[1].topicPartitions).toHaveLength(1);
    expect(a.holds).toEqual(['t 0', 't 1']);
  });
});

describe('an epoch that is out of date', () => {
  test('after a lost answer is mended by saying what we have', () => {
    const [world, a] = steady();
    world.coordinator.topics.set('t', 3);
    // The coordinator goes on to the next epoch; we do not hear of it.
    world.coordinator.lose('ConsumerGroupHeartbeat', 1);
    world.coordinator.bump();

    world.until(() => world.stable && a.holds.length === 3);

    expect(a.group.generation()).toBe(world.coordinator.groupEpoch);
    expect(a.fatal).toEqual([]);
  });
});

describe('a coordinator that moves', () => {
  test('finds us a member still', () => {
    const [world, a] = steady({ callback: 'auto' });
    world.coordinator.moveTo(2);

    world.until(() => a.beats.length === 2);
    world.advance(5000);

    expect([a.rebalances, a.holds]).toEqual([[], ['t 0', 't 1']]);
    expect(a.beats[1].topicPartitions).toHaveLength(1);
    expect(world.coordinator.seen.at(-1)!.node).toBe(2);
  });

  test('and can not be reached for a while, costs nothing', () => {
    const [world, a] = steady({ callback: 'auto' });
    world.coordinator.down = true;
    world.advance(4000);
    world.coordinator.down = false;

    world.advance(3000);

    expect([a.rebalances, a.holds, a.errors]).toEqual([[], ['t 0', 't 1'], []]);
  });
});

describe('a member that is none any more', () => {
  test.each([C.unknownMember, C.fencedEpoch])('by %i in its first heartbeat joins again at once', (code) => {
    const [world, a] = aMember({ callback: 'auto' }, [code]);

    world.until(() => world.stable);

    expect(a.rebalances).toEqual(['+ t 0,t 1']);
    expect(a.beats.length).toBe(2);
  });

  test.each([C.unknownMember, C.fencedEpoch])('by %i loses everything, commits nothing, and joins again', (code) => {
    const [world, a] = steady({ callback: 'auto' });
    a.assignment.store('t', 0, 5);
    world.coordinator.remove('a');
    world.coordinator.errors['ConsumerGroupHeartbeat'] = [code];

    world.until(() => world.stable && a.rebalances.length === 2);

    expect(a.rebalances).toEqual(['lost t 0,t 1', '+ t 0,t 1']);
    expect(a.beats.map(({ memberId }) => memberId)).toEqual(Array(a.beats.length).fill('a'));
    expect(a.beats[1].memberEpoch).toBe(0);
    expect(world.coordinator.committed.size).toBe(0);
  });

  test('says so as long as the app has not heard of it', () => {
    const [world, a] = steady({ callback: 'manual' });
    world.coordinator.remove('a');

    world.until(() => a.group.state === 'wait-unassign-call');
    expect([a.group.assignmentLost(), a.group.generation()]).toEqual([true, -1]);
    a.answer();
    world.until(() => a.group.state === 'wait-assign-call');

    expect(a.group.assignmentLost()).toBe(false);
  });

  test('is told so in the middle of a rebalance too, and gives up the rest after it', () => {
    const [world, a] = steady({ callback: 'manual' });
    world.coordinator.forced = new Map([['a', ['t 0']]]);
    world.coordinator.bump();
    world.until(() => a.group.state === 'wait-unassign-call');
    world.coordinator.errors['ConsumerGroupHeartbeat'] = [C.fencedEpoch];
    world.advance(1500);

    a.answer();
    world.advance(10);
    a.answer();
    world.advance(10);

    expect(a.rebalances).toEqual(['- t 1', 'lost t 0', '+ t 0']);
  });

  test('joins ever more slowly when it is never one for long', () => {
    const [world, a] = aMember({}, Array(40).fill(C.unknownMember));

    world.advance(6000);

    expect(a.beats.length).toBeGreaterThan(5);
    expect(a.beats.length).toBeLessThan(15);
  });
});

describe('a topic that may not be read', () => {
  test('is told, not more often than every five seconds, and it goes on', () => {
    const [world, a] = steady();
    world.coordinator.errors['ConsumerGroupHeartbeat'] = Array(8).fill(C.topicAuth);
    world.coordinator.sessionMs = 60_000;

    world.until(() => world.coordinator.errors['ConsumerGroupHeartbeat']!.length === 0);
    world.advance(3000);

    expect(a.errors.every((err) => err === C.topicAuth)).toBe(true);
    expect(a.errors.length).toBeGreaterThanOrEqual(1);
    expect(a.errors.length).toBeLessThanOrEqual(2);
    expect([a.fatal, a.group.state]).toEqual([[], 'steady']);
  });
});

describe('another subscription', () => {
  test('is told at once, and changes only what it has to', () => {
    const world = new BeatWorld();
    world.coordinator.topics.set('t', 1).set('u', 1);
    const a = world.member('a', { callback: 'auto' });
    a.group.subscribe(['t', 'u']);
    world.until(() => world.stable);
    world.coordinator.seen.length = 0;

    a.group.subscribe(['t']);
    world.until(() => world.stable && a.holds.length === 1);

    expect(a.beats[0]).toMatchObject({ subscribedTopicNames: ['t'], rebalanceTimeoutMs: -1, serverAssignor: null });
    expect(a.rebalances).toEqual(['+ t 0,u 0', '- u 0', '+ ']);
    expect(a.group.subscription()).toEqual(['t']);
  });

  test('that comes while a heartbeat is on its way is told with the next', () => {
    const [world, a] = aMember();
    world.coordinator.topics.set('u', 1);
    world.coordinator.latency = () => 200;
    world.until(() => a.beats.length === 1);

    a.group.subscribe(['u']);
    world.until(() => world.stable && a.holds.join() === 'u 0');

    expect(a.beats.filter(({ subscribedTopicNames }) => subscribedTopicNames?.[0] === 'u')).toHaveLength(1);
    // What it had not taken yet is given back, though nothing has changed for us.
    expect(a.events.filter((each) => each.startsWith('-'))).toEqual([]);
    expect(a.beats.some(({ topicPartitions, memberEpoch }) => topicPartitions?.length === 0 && memberEpoch > 0)).toBe(
      true,
    );
  });
});

describe('a commit that is refused', () => {
  test('for its epoch makes us ask for ours at once', () => {
    const [world, a] = steady({ settings: { 'enable.auto.commit': false } });
    world.coordinator.errors['OffsetCommit'] = [];
    world.coordinator.members.get('a')!.epoch++;
    world.coordinator.groupEpoch++;
    world.coordinator.members.get('a')!.previousEpoch = a.group.generation();

    a.group.offsets.commit([{ topic: 't', partition: 0, offset: 3 }], null);
    world.advance(20);

    expect(a.beats.length).toBeGreaterThanOrEqual(1);
  });

  test('for the epoch of a membership that is over costs no heartbeat', () => {
    const [world, a] = steady({ callback: 'manual', settings: { 'enable.auto.commit': false } });
    world.coordinator.remove('a');
    world.coordinator.latency = () => 20;
    world.until(() => a.group.state === 'wait-unassign-call');
    // Its answer comes when the join is on its way.
    a.group.offsets.commit([{ topic: 't', partition: 0, offset: 3 }], null);
    a.answer();

    world.until(() => a.group.state === 'wait-assign-call');
    world.advance(100);
    a.answer();
    world.advance(100);

    expect(world.coordinator.seen.filter(({ name }) => name === 'OffsetCommit').length).toBe(1);
    // The one that is refused, the join, the acknowledgement.
    expect(a.beats.map(({ memberEpoch }) => memberEpoch > 0)).toEqual([true, false, true]);
  });
});
