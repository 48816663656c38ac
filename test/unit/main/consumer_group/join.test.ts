import { describe, expect, test } from 'vitest';
import { newMemberId } from '../../../../src/defs/member_id.ts';
import { type BeatMember, type BeatOptions, BeatWorld } from '../../../kit/consumer_group_member.ts';
import { C, idOf } from '../../../kit/fake_consumer_coordinator.ts';

function aMember(options: BeatOptions = {}, topics: Record<string, number> = { t: 2 }): [BeatWorld, BeatMember] {
  const world = new BeatWorld();
  for (const [topic, count] of Object.entries(topics)) world.coordinator.topics.set(topic, count);
  const a = world.member('a', options);
  a.group.subscribe(Object.keys(topics));
  return [world, a];
}

describe('a member id', () => {
  test('is a random uuid in 22 characters that never begin with a dash', () => {
    const ids = Array.from({ length: 500 }, newMemberId);

    expect(new Set(ids).size).toBe(500);
    expect(ids.every((id) => /^[A-Za-z0-9_][A-Za-z0-9_-]{21}$/.test(id))).toBe(true);
  });

  test('is there before the first heartbeat', () => {
    const world = new BeatWorld();

    expect(world.member('own-id').group.memberId()).toBe('own-id');
  });
});

describe('joining', () => {
  test('says everything, with epoch 0 and no partitions', () => {
    const settings = {
      'client.rack': 'r1',
      'group.instance.id': 'i1',
      'group.remote.assignor': 'range',
      'max.poll.interval.ms': 12_345,
    };
    const [world, a] = aMember({ settings });

    world.until(() => a.beats.length > 0);

    expect(a.beats[0]).toMatchObject({
      groupId: 'g',
      memberId: 'a',
      memberEpoch: 0,
      instanceId: 'i1',
      rackId: 'r1',
      rebalanceTimeoutMs: 12_345,
      subscribedTopicNames: ['t'],
      subscribedTopicRegex: '',
      serverAssignor: 'range',
      topicPartitions: [],
    });
  });

  test('takes what the group gives, and tells it so', () => {
    const [world, a] = aMember();

    world.until(() => a.beats.length === 2);

    expect(a.holds).toEqual(['t 0', 't 1']);
    expect(a.beats[1]).toMatchObject({
      memberEpoch: 2,
      rackId: null,
      rebalanceTimeoutMs: -1,
      subscribedTopicNames: null,
      topicPartitions: [{ topicId: idOf('t'), partitions: [0, 1] }],
    });
    expect([a.group.state, a.group.generation(), a.group.rebalanceProtocol()]).toEqual(['steady', 2, 'COOPERATIVE']);
  });

  test('waits for the coordinator, wherever it is', () => {
    const [world, a] = aMember();
    world.coordinator.errors['FindCoordinator'] = [C.notAvailable, C.notAvailable];

    world.until(() => world.stable);

    expect(a.holds).toEqual(['t 0', 't 1']);
  });

  test('of a member that gets nothing calls nobody', () => {
    const [world, a] = aMember({ callback: 'auto' }, { t: 0 });

    world.advance(3500);

    expect([a.group.state, a.rebalances]).toEqual(['steady', []]);
    // Told once, then just alive.
    expect(a.beats.map((beat) => beat.subscribedTopicNames)).toEqual([['t'], null, null, null]);
  });

  test('sends patterns as one, beside the names', () => {
    const [world, a] = aMember({}, { t: 1, 'x-1': 1, 'y-1': 1, z: 1 });
    a.group.subscribe(['t', '^x-.*', '^y-.*']);

    world.until(() => world.stable);

    expect(a.beats[0]).toMatchObject({ subscribedTopicNames: ['t'], subscribedTopicRegex: '(^x-.*)|(^y-.*)' });
    expect(a.holds).toEqual(['t 0', 'x-1 0', 'y-1 0']);
  });

  test('keeps to the interval that the coordinator wants', () => {
    const [world, a] = aMember();
    world.until(() => world.stable);

    const before = a.beats.length;
    world.advance(5000);

    expect(a.beats.length - before).toBe(5);
    expect(a.beats.slice(before).every((beat) => beat.topicPartitions === null)).toBe(true);
  });
});

describe('topic ids without a name', () => {
  test('hold up the partitions of their topic, and no others', () => {
    const [world, a] = aMember({}, { t: 1, u: 1 });
    world.coordinator.nameless.add('u');

    world.until(() => a.holds.length > 0);

    expect(a.holds).toEqual(['t 0']);
    world.until(() => a.beats.length === 2);
    expect(a.beats[1].topicPartitions).toEqual([{ topicId: idOf('t'), partitions: [0] }]);
  });

  test('are asked for again, and their partitions are taken then', () => {
    const [world, a] = aMember({ callback: 'auto' }, { t: 1, u: 1 });
    world.coordinator.nameless.add('u');
    world.advance(3000);
    world.coordinator.nameless.clear();

    world.until(() => world.stable);

    expect(a.rebalances).toEqual(['+ t 0', '+ u 0']);
    expect(a.beats.at(-1).topicPartitions).toHaveLength(2);
  });

  test('leave a member with nothing when none has a name', () => {
    const [world, a] = aMember({ callback: 'auto' });
    world.coordinator.nameless.add('t');

    world.advance(3000);

    expect([a.group.state, a.rebalances]).toEqual(['steady', []]);
  });

  test('are asked for no more when another assignment does without them', () => {
    const [world, a] = aMember({}, { t: 1, u: 1 });
    world.coordinator.nameless.add('u');
    world.advance(2000);
    a.group.subscribe(['t']);
    world.advance(2000);

    a.events.length = 0;
    world.advance(5000);

    expect(a.events).not.toContain('> Metadata');
  });
});
