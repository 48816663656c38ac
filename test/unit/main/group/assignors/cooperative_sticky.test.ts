// The promises of librdkafka's and Kafka's tests of the sticky assignor, as far as both make them; and what we add. Results
// are compared with Kafka's own in test/golden/assignors.test.ts.
import { describe, expect, test } from 'vitest';
import type { AssignorTopic, GroupMember } from '../../../../../src/main/group/assignors/assignor.ts';
import { cooperativeSticky } from '../../../../../src/main/group/assignors/cooperative_sticky.ts';
import { after, farAway, faults, flat, member, owned, replicated, settle, size, topics } from './given.ts';

function numbered(count: number, wanted: (i: number) => readonly string[]): GroupMember[] {
  return Array.from({ length: count }, (_, i) => member(`consumer${i + 1}`, wanted(i)));
}

function namesOf(count: number): string[] {
  return Array.from({ length: count }, (_, i) => `topic${i + 1}`);
}

/** Topic n has n partitions. */
function growing(count: number): AssignorTopic[] {
  return topics(Object.fromEntries(namesOf(count).map((name, i) => [name, i + 1])));
}

function once(members: readonly GroupMember[], known: readonly AssignorTopic[]): Record<string, string> {
  return flat(cooperativeSticky.assign(members, known));
}

function keepers(before: readonly GroupMember[], given: Record<string, string>): number {
  return before.reduce((sum, { memberId, owned: had }) => {
    const got = new Set(given[memberId]?.split(' '));
    return (
      sum + had.reduce((n, { topic, partitions }) => n + partitions.filter((p) => got.has(`${topic}-${p}`)).length, 0)
    );
  }, 0);
}

describe('a first assignment', () => {
  test.each<[string, Record<string, number>, Record<string, string[]>, Record<string, string>]>([
    ['no topic exists', {}, { c1: ['t1'] }, { c1: '' }],
    ['another topic exists', { t2: 1 }, { c1: ['t1'] }, { c1: '' }],
    ['one member, one topic', { t1: 3 }, { c1: ['t1'] }, { c1: 't1-0 t1-1 t1-2' }],
    ['topics that nobody wants', { t1: 3, t2: 3 }, { c1: ['t1'] }, { c1: 't1-0 t1-1 t1-2' }],
    ['one member, two topics', { t1: 1, t2: 2 }, { c1: ['t1', 't2'] }, { c1: 't1-0 t2-0 t2-1' }],
    ['two members, one partition', { t: 1 }, { c1: ['t'], c2: ['t'] }, { c1: 't-0', c2: '' }],
    ['two members, two partitions', { t: 2 }, { c1: ['t'], c2: ['t'] }, { c1: 't-0', c2: 't-1' }],
    [
      'mixed subscriptions',
      { t1: 3, t2: 2 },
      { c1: ['t1'], c2: ['t1', 't2'], c3: ['t1'] },
      { c1: 't1-0 t1-2', c2: 't2-0 t2-1', c3: 't1-1' },
    ],
    [
      'two members, two topics',
      { t1: 3, t2: 3 },
      { c1: ['t1', 't2'], c2: ['t1', 't2'] },
      { c1: 't1-0 t1-2 t2-1', c2: 't1-1 t2-0 t2-2' },
    ],
    [
      'what roundrobin splits unevenly',
      { t1: 2, t2: 1, t3: 2, t4: 1, t5: 2 },
      {
        c1: ['t1', 't2', 't3', 't4', 't5'],
        c2: ['t1', 't3', 't5'],
        c3: ['t1', 't3', 't5'],
        c4: ['t1', 't2', 't3', 't4', 't5'],
      },
      { c1: 't2-0 t3-0', c2: 't1-0 t3-1', c3: 't1-1 t5-0', c4: 't4-0 t5-1' },
    ],
  ])('%s', (_, counts, wanted, expected) => {
    const members = Object.entries(wanted).map(([id, of]) => member(id, of));

    const given = cooperativeSticky.assign(members, topics(counts));

    expect(flat(given)).toEqual(expected);
    expect(faults(members, topics(counts), given)).toEqual([]);
  });
});

describe('partitions that move', () => {
  test('are withheld until the member that has them has let them go', () => {
    const known = topics({ t: 3 });
    const alone = settle(cooperativeSticky, [member('c1', ['t'])], known);
    const both = [...alone.members, member('c2', ['t'])];

    const first = cooperativeSticky.assign(both, known);
    const second = cooperativeSticky.assign(after(both, first), known);

    expect(flat(first)).toEqual({ c1: 't-0 t-1', c2: '' });
    expect(flat(second)).toEqual({ c1: 't-0 t-1', c2: 't-2' });
  });

  test('are withheld where subscriptions differ too', () => {
    const known = topics({ t: 4, u: 1 });
    const members = [
      member('c1', ['t', 'u'], { owned: owned('t-0 t-1 t-2 t-3 u-0'), generation: 1 }),
      member('c2', ['t']),
    ];

    const { assignments, rounds } = settle(cooperativeSticky, members, known);

    expect(size(cooperativeSticky.assign(members, known), 'c2')).toBe(0);
    expect(size(assignments, 'c2')).toBe(2);
    expect(rounds).toBe(3);
  });

  test('go at once when their member has gone', () => {
    const known = topics({ t: 4 });
    const { members } = settle(cooperativeSticky, [member('c1', ['t']), member('c2', ['t'])], known);

    const given = once(members.slice(1), known);

    expect(given).toEqual({ c2: 't-0 t-1 t-2 t-3' });
  });
});

describe('what is kept', () => {
  test('a member that comes and one that goes: the others keep what they have', () => {
    const known = topics({ t: 6 });
    const [c1, c2, c3] = numbered(3, () => ['t']);
    const one = settle(cooperativeSticky, [c1!], known);
    const two = settle(cooperativeSticky, [...one.members, c2!], known);
    const three = settle(cooperativeSticky, [...two.members, c3!], known);
    const left = settle(cooperativeSticky, three.members.slice(1), known);

    expect(flat(two.assignments)).toEqual({ consumer1: 't-0 t-1 t-2', consumer2: 't-3 t-4 t-5' });
    expect(flat(three.assignments)).toEqual({ consumer1: 't-0 t-1', consumer2: 't-3 t-4', consumer3: 't-2 t-5' });
    expect(flat(left.assignments)).toEqual({ consumer2: 't-0 t-3 t-4', consumer3: 't-1 t-2 t-5' });
  });

  test('a topic that appears is dealt out, and one that goes takes nothing else along', () => {
    const members = numbered(2, () => ['topic1', 'topic2']);
    const one = settle(cooperativeSticky, members, topics({ topic1: 3 }));
    const both = settle(cooperativeSticky, one.members, topics({ topic1: 3, topic2: 3 }));
    const other = settle(cooperativeSticky, both.members, topics({ topic2: 3 }));

    expect(flat(one.assignments)).toEqual({ consumer1: 'topic1-0 topic1-2', consumer2: 'topic1-1' });
    expect(flat(both.assignments)).toEqual({
      consumer1: 'topic1-0 topic1-2 topic2-0',
      consumer2: 'topic1-1 topic2-1 topic2-2',
    });
    expect(flat(other.assignments)).toEqual({ consumer1: 'topic2-0', consumer2: 'topic2-1 topic2-2' });
  });

  test.each<[string, GroupMember[], AssignorTopic[], number]>([
    ['each wants one topic more than the one before', numbered(19, (i) => namesOf(i + 1)), growing(19), 9],
    ['all want all of fifteen topics', numbered(9, () => namesOf(15)), growing(15), 5],
    ['one topic of twenty partitions', numbered(9, () => ['topic1']), topics({ topic1: 20 }), 8],
  ])('when one member leaves, everybody else keeps everything: %s', (_, members, known, leaving) => {
    const before = settle(cooperativeSticky, members, known);
    const rest = before.members.filter((__, i) => i !== leaving);
    const had = rest.reduce((sum, { memberId }) => sum + size(before.assignments, memberId), 0);

    const given = cooperativeSticky.assign(rest, known);

    expect(faults(members, known, before.assignments)).toEqual([]);
    expect(faults(rest, known, given)).toEqual([]);
    expect(keepers(rest, flat(given))).toBe(had);
  });

  test('a member that comes gets its share, and nothing moves between the others', () => {
    const known = topics({ topic1: 20 });
    const [last, ...others] = numbered(9, () => ['topic1']).reverse();
    const before = settle(cooperativeSticky, others, known);

    const now = settle(cooperativeSticky, [...before.members, last!], known);

    expect(faults(now.members, known, now.assignments)).toEqual([]);
    expect(keepers(before.members, flat(now.assignments))).toBe(20 - size(now.assignments, last!.memberId));
  });

  test('200 members of which every fourth leaves', () => {
    const known = growing(40);
    const before = settle(
      cooperativeSticky,
      numbered(200, (i) => namesOf(((i + 1) * 17) % 40)),
      known,
    );
    const rest = before.members.filter((_, i) => i % 4 !== 3);

    const now = settle(cooperativeSticky, rest, known);

    expect(faults(before.members, known, before.assignments)).toEqual([]);
    expect(faults(rest, known, now.assignments)).toEqual([]);
  });

  test('a member that wants more gets some of it', () => {
    const known = growing(5);
    const members = numbered(3, (i) => namesOf(5).slice(0, i + 2));
    const before = settle(cooperativeSticky, members, known);
    const more = before.members.map((each, i) => (i === 0 ? { ...each, topics: namesOf(5) } : each));

    const now = settle(cooperativeSticky, more, known);

    expect(faults(more, known, now.assignments)).toEqual([]);
    expect(size(now.assignments, 'consumer1')).toBeGreaterThanOrEqual(size(before.assignments, 'consumer1'));
  });

  test('a member without a partition is first when one becomes free', () => {
    const known = topics({ t: 3 });
    const before = settle(
      cooperativeSticky,
      numbered(4, () => ['t']),
      known,
    );

    const now = settle(cooperativeSticky, before.members.slice(1), known);

    expect(faults(now.members, known, now.assignments)).toEqual([]);
    expect(keepers(before.members.slice(1), flat(now.assignments))).toBe(2);
  });

  test('members whose wishes overlap are made even', () => {
    const known = topics({ t1: 1, t2: 1, t3: 1, t4: 1, t5: 1, t6: 1 });
    const members = [
      member('c1', ['t1', 't2'], { owned: owned('t1-0'), generation: 1 }),
      member('c2', ['t1', 't2', 't3', 't4'], { owned: owned('t2-0 t3-0'), generation: 1 }),
      member('c3', ['t2', 't3', 't4', 't5', 't6'], { owned: owned('t4-0 t5-0 t6-0'), generation: 1 }),
    ];

    const { assignments } = settle(cooperativeSticky, members, known);

    expect(faults(members, known, assignments)).toEqual([]);
  });

  test('a deleted topic is forgotten, and with the last one everything', () => {
    const some = once(
      [member('c1', ['t1', 't2', 't3'], { owned: owned('t2-0 t1-0'), generation: 1 })],
      topics({ t1: 1, t3: 2 }),
    );
    const none = once([member('c1', ['t1'], { owned: owned('t1-0 t1-1'), generation: 1 })], []);

    expect(some).toEqual({ c1: 't1-0 t3-0 t3-1' });
    expect(none).toEqual({ c1: '' });
  });

  test('members that have their share get nothing of what the others lack', () => {
    const members = [
      member('c1', ['t'], { owned: owned('t-0 t-1'), generation: 1 }),
      member('c2', ['t'], { owned: owned('t-2'), generation: 1 }),
      member('c3', ['t']),
    ];

    expect(once(members, topics({ t: 4 }))).toEqual({ c1: 't-0 t-1', c2: 't-2', c3: 't-3' });
  });
});

describe('claims that contradict each other', () => {
  const known = topics({ t1: 3, t2: 3 });
  const both = ['t1', 't2'];

  test.each([
    ['an earlier generation', 9],
    ['no generation', -1],
  ])('a member of %s loses to one of the current one', (_, generation) => {
    const had = owned('t1-0 t1-2 t2-1');
    const members = [
      member('c1', both, { owned: had, generation: 10 }),
      member('c2', both, { owned: had, generation }),
    ];

    expect(once(members, known)).toEqual({ c1: 't1-0 t1-2 t2-1', c2: 't1-1 t2-0 t2-2' });
  });

  test('what nobody else claims stays with a member of an earlier generation', () => {
    const members = [
      member('c1', both, { owned: owned('t1-0 t2-1 t1-1'), generation: 10 }),
      member('c2', both, { owned: owned('t1-0 t2-1 t2-2'), generation: 8 }),
    ];

    expect(once(members, known)).toEqual({ c1: 't1-0 t1-1 t2-1', c2: 't1-2 t2-0 t2-2' });
  });

  test('the highest of three generations wins', () => {
    const all = ['t1', 't2', 't3'];
    const members = [
      member('c1', all, { owned: owned('t1-0 t2-0 t3-0'), generation: 10 }),
      member('c2', all, { owned: owned('t1-1 t2-1 t3-1'), generation: 9 }),
      member('c3', all, { owned: owned('t2-1 t3-0 t3-2'), generation: 8 }),
    ];

    expect(once(members, topics({ t1: 3, t2: 3, t3: 3 }))).toEqual({
      c1: 't1-0 t2-0 t3-0',
      c2: 't1-1 t2-1 t3-1',
      c3: 't1-2 t2-2 t3-2',
    });
  });

  test('a new member takes what is free and nothing else', () => {
    const all = ['t0', 't1', 't2', 't3'];
    const members = [
      member('c1', all),
      member('c2', all, { owned: owned('t0-0 t2-0 t1-0'), generation: 9 }),
      member('c3', all, { owned: owned('t3-2 t2-2 t1-1'), generation: 9 }),
      member('c4', all, { owned: owned('t3-1 t0-1 t0-2'), generation: 9 }),
    ];

    expect(once(members, topics({ t0: 3, t1: 3, t2: 3, t3: 3 }))['c1']).toBe('t1-2 t2-1 t3-0');
  });

  test.each([
    ['t-0', 't-0 t-1', 't-0 t-2', { c1: 't-1', c2: 't-2', c3: 't-0' }],
    ['t-1', 't-0 t-1', 't-1 t-2', { c1: 't-0', c2: 't-2', c3: 't-1' }],
  ])('%s, claimed twice in one generation, goes to a third, when both have let it go', (_, first, second, expected) => {
    const members = [
      member('c1', ['t'], { owned: owned(first), generation: 1 }),
      member('c2', ['t'], { owned: owned(second), generation: 1 }),
      member('c3', ['t']),
    ];

    expect(once(members, topics({ t: 3 }))).toEqual({ ...expected, c3: '' });
    expect(flat(settle(cooperativeSticky, members, topics({ t: 3 })).assignments)).toEqual(expected);
  });

  test('a member of the older protocol has its generation in the user data', () => {
    const told = cooperativeSticky.userData(['t'], 10);
    const had = owned('t-0 t-1');
    const members = [
      member('c1', ['t'], { owned: had, generation: 9 }),
      member('c2', ['t'], { owned: had, userData: told }),
    ];

    expect(once(members, topics({ t: 4 }))).toEqual({ c1: 't-2 t-3', c2: 't-0 t-1' });
  });

  test.each([
    ['nothing', null],
    ['too little', new Uint8Array(3)],
  ])('user data with %s in it is no generation', (_, userData) => {
    const had = owned('t-0 t-1');
    const members = [member('c1', ['t'], { owned: had, userData }), member('c2', ['t'], { owned: had, generation: 0 })];

    expect(once(members, topics({ t: 4 }))).toEqual({ c1: 't-2 t-3', c2: 't-0 t-1' });
  });
});

describe('racks', () => {
  const all = ['t1', 't2', 't3'];
  const counts = { t1: 6, t2: 7, t3: 2 };
  const near = {
    consumer1: 't1-0 t1-3 t2-0 t2-3 t2-6',
    consumer2: 't1-1 t1-4 t2-1 t2-4 t3-0',
    consumer3: 't1-2 t1-5 t2-2 t2-5 t3-1',
  };
  const inRacks = (members: GroupMember[], racks: (string | null)[] = ['a', 'b', 'c']): GroupMember[] =>
    members.map((each, i) => ({ ...each, rack: racks[i]! }));
  const misplaced = ['t1-0 t1-1 t1-2 t1-3 t1-4', 't1-5 t2-0 t2-1 t2-2 t2-3', 't2-4 t2-5 t2-6 t3-0 t3-1'];

  describe.each<[string, number, number, (string | null)[], number]>([
    ['brokers have none', 3, 0, ['a', 'b', 'c'], 15],
    ['members have none', 3, 3, [null, null, null], 0],
    ['all partitions are in every rack', 3, 3, ['a', 'b', 'c'], 0],
    ['all partitions are in every one of four', 4, 4, ['a', 'b', 'c'], 0],
    ['members are elsewhere', 3, 3, ['d', 'e', 'f'], 15],
    ['members are elsewhere or nowhere', 3, 3, ['d', 'e', null], 10],
    ['there is one replica', 1, 3, ['a', 'b', 'c'], 0],
    ['there are two replicas', 2, 3, ['a', 'b', 'c'], 0],
    ['one member is where no broker is', 3, 2, ['a', 'b', 'c'], 5],
  ])('%s', (_, replicas, racks, own, far) => {
    const known = replicated(counts, replicas, racks);

    test('members that want the same get what is near, and keep it', () => {
      const members = inRacks(
        numbered(3, () => all),
        own,
      );

      const { assignments, rounds } = settle(cooperativeSticky, members, known);

      expect(flat(assignments)).toEqual(near);
      expect(farAway(members, known, assignments)).toBe(far);
      expect(rounds).toBe(2);
    });

    test('members that want other topics get even shares, and keep them', () => {
      const members = inRacks(
        numbered(3, (i) => (i === 2 ? ['t1', 't3'] : all)),
        own,
      );

      const { assignments, rounds } = settle(cooperativeSticky, members, known);

      expect(faults(members, known, assignments)).toEqual([]);
      expect(rounds).toBe(2);
    });
  });

  test.each<[number, Record<string, string>, number]>([
    [
      1,
      {
        consumer1: 't1-3 t2-0 t2-2 t2-3 t2-6',
        consumer2: 't1-4 t2-1 t2-4 t2-5 t3-0',
        consumer3: 't1-0 t1-1 t1-2 t1-5 t3-1',
      },
      4,
    ],
    [
      2,
      {
        consumer1: 't1-3 t2-0 t2-2 t2-5 t2-6',
        consumer2: 't1-0 t2-1 t2-3 t2-4 t3-0',
        consumer3: 't1-1 t1-2 t1-4 t1-5 t3-1',
      },
      0,
    ],
  ])('with %i replica(s) evenness goes before nearness', (replicas, expected, far) => {
    const members = inRacks(numbered(3, (i) => (i === 2 ? ['t1', 't3'] : all)));
    const known = replicated(counts, replicas, 3);

    const { assignments } = settle(cooperativeSticky, members, known);

    expect(flat(assignments)).toEqual(expected);
    expect(farAway(members, known, assignments)).toBe(far);
  });

  test('what is owned far away moves nearer', () => {
    const members = inRacks(numbered(3, () => all)).map((each, i) => ({
      ...each,
      owned: owned(misplaced[i]!),
      generation: 1,
    }));
    const known = replicated(counts, 1, 3);

    const { assignments } = settle(cooperativeSticky, members, known);

    expect(flat(assignments)).toEqual(near);
    expect(farAway(members, known, assignments)).toBe(0);
  });

  test('what is owned near stays', () => {
    const members = inRacks(numbered(3, () => all)).map((each) => ({
      ...each,
      owned: owned(near[each.memberId as keyof typeof near]),
      generation: 1,
    }));

    for (const replicas of [1, 2, 3]) expect(once(members, replicated(counts, replicas, 3))).toEqual(near);
  });
});

describe("where Kafka's own assignor errs", () => {
  test('a member that wants nothing gets nothing', () => {
    for (const id of ['a', 'b', 'c', 'd']) {
      const idle = member(id, []);
      const [x, y] = [member('x', ['t']), member('y', ['t'])];

      for (const members of [
        [idle, x, y],
        [x, idle, y],
      ])
        expect(once(members, topics({ t: 4 }))[id]).toBe('');
    }
  });

  test('a member gets nothing back of a topic that it has turned away from', () => {
    const all = ['t6', 't7', 't9', 't11'];
    const members = [
      member('c1', all, { owned: owned('t6-0 t6-1 t6-2 t6-3 t6-4 t6-5 t6-6 t6-7'), generation: 41 }),
      member('c2', ['t7', 't9'], { owned: owned('t9-0 t11-0 t11-1 t11-2 t11-3 t11-4'), generation: 40 }),
      member('c3', ['t6', 't7']),
      member('c4', all),
    ];
    const known = topics({ t6: 8, t7: 2, t9: 1, t11: 5 });

    const given = once(members, known);

    expect(given['c2']).not.toContain('t11');
    expect(faults(members, known, settle(cooperativeSticky, members, known).assignments)).toEqual([]);
  });

  test('owned partitions that are no more are given to nobody', () => {
    const members = [
      member('c1', ['t'], { owned: owned('t-0 t-1 t-7'), generation: 5 }),
      member('c2', ['t'], { owned: [{ topic: 't', partitions: [-1, 9] }], generation: 5 }),
    ];

    expect(once(members, topics({ t: 4 }))).toEqual({ c1: 't-0 t-1', c2: 't-2 t-3' });
  });

  test('members that could pass a partition round for ever do not', () => {
    const members = [
      member('m814-0', ['t0', 't1', 't3'], { owned: owned('t0-2 t0-4 t1-0 t1-2 t3-0 t3-3'), generation: 5 }),
      member('m296-1', ['t0', 't1'], { owned: owned('t1-4'), generation: 5 }),
      member('m188-2', ['t0', 't2'], { generation: 5 }),
      member('m138-3', ['t3'], { generation: 3 }),
      member('m513-4', ['t1', 't2'], { owned: owned('t1-3'), generation: 4 }),
      member('m182-5', ['t1', 't3'], { generation: 4 }),
      member('m863-6', ['t3'], { generation: 5 }),
    ];
    const known = topics({ t0: 5, t1: 5, t2: 7, t3: 5 });

    const { members: now, assignments } = settle(cooperativeSticky, members, known);

    expect(faults(now, known, assignments)).toEqual([]);
  });

  test('no members are no work', () => {
    expect(cooperativeSticky.assign([], topics({ t: 1 })).size).toBe(0);
  });
});
