import { expect, test } from 'vitest';
import { Groups } from '../../../../src/mock/groups/groups.ts';
import { FakeClock } from '../../../kit/fake_clock.ts';

function someGroups(): { clock: FakeClock; groups: Groups } {
  const clock = new FakeClock();
  const groups = new Groups({
    clock,
    log: () => {},
    newMemberId: () => 'm',
    initialRebalanceDelayMs: () => 0,
    maxMembers: 10,
    offsetsRetentionMs: 1000,
  });
  return { clock, groups };
}

function commit({ clock, groups }: ReturnType<typeof someGroups>, topic: string): void {
  const committedAt = clock.now();
  groups.get('g').offsets.commit(topic, 0, { offset: 7, leaderEpoch: 3, metadata: 'm', committedAt });
}

test('a committed offset is found with its metadata', () => {
  const setup = someGroups();

  commit(setup, 't');

  expect(setup.groups.find('g')?.offsets.find('t', 0)).toMatchObject({ offset: 7, leaderEpoch: 3, metadata: 'm' });
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
