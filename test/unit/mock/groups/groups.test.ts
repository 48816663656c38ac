import { expect, test } from 'vitest';
import { Groups } from '../../../../src/mock/groups/groups.ts';
import { FakeClock } from '../../../kit/fake_clock.ts';

function someGroups(): { clock: FakeClock; groups: Groups } {
  const clock = new FakeClock();
  const groups = new Groups({
    clock,
    log: () => {},
    newMemberId: () => 'm',
    newUuid: () => 'u',
    topics: { version: 0, get: () => undefined, byId: () => undefined, names: () => [] },
    sessionTimeoutMs: () => 1000,
    heartbeatIntervalMs: () => 100,
    initialRebalanceDelayMs: () => 0,
    maxMembers: 10,
    offsetsRetentionMs: 1000,
  });
  return { clock, groups };
}

function commit({ clock, groups }: ReturnType<typeof someGroups>, topic: string): void {
  const committedAt = clock.now();
  groups.get('g').offsets.commit(topic, 0, { offset: 7, leaderEpoch: 3, metadata: Buffer.from('m'), committedAt });
}

test('a committed offset is found with its metadata', () => {
  const setup = someGroups();

  commit(setup, 't');

  expect(setup.groups.find('g')?.offsets.find('t', 0)).toMatchObject({
    offset: 7,
    leaderEpoch: 3,
    metadata: Buffer.from('m'),
  });
});

test('offsets of a group without members go when they are old, and the group with the last of them', () => {
  const setup = someGroups();
  commit(setup, 'old');
  setup.clock.advance(600);
  commit(setup, 'young');

  setup.clock.advance(500);
  const left = setup.groups
    .find('g')
    ?.offsets.all()
    .map((t) => t.topic);
  setup.clock.advance(600);

  expect(left).toEqual(['young']);
  expect(setup.groups.find('g')).toBeUndefined();
});

test('offsets of a topic go with the topic', () => {
  const setup = someGroups();
  commit(setup, 't');

  setup.groups.topicDeleted('t');

  expect(setup.groups.get('g').offsets.find('t', 0)).toBeUndefined();
});

test('a group without members and offsets is forgotten', () => {
  const { clock, groups } = someGroups();
  groups.get('g');
  expect(groups.find('g')).toBeDefined();

  clock.advance(1001);

  expect(groups.find('g')).toBeUndefined();
});

test('groups that nobody asks about are forgotten, too', () => {
  const { clock, groups } = someGroups();
  for (let i = 0; i < 100; i++) groups.get(`g${i}`);
  clock.advance(600_001);

  groups.get('new');

  expect(groups.count).toBe(1);
});

test('a group in which somebody is awaited stays', () => {
  const { clock, groups } = someGroups();
  const request = {
    ...{ memberId: '', groupInstanceId: null, clientId: 'c', clientHost: '/h', sessionTimeoutMs: 5000 },
    ...{ rebalanceTimeoutMs: 5000, protocolType: 'consumer', protocols: [{ name: 'r', metadata: new Uint8Array(0) }] },
    ...{ knowsMemberIdRequired: true, knowsSkipAssignment: true },
  };
  groups.join('g', request, () => {});

  clock.advance(2000);

  expect(groups.find('g')).toBeDefined();
});
