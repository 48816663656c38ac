import { describe, expect, test } from 'vitest';
import {
  countOf,
  fromRows,
  isSubset,
  NO_PARTITIONS,
  type PartitionSets,
  toRows,
} from '../../../../src/mock/groups/partition_sets.ts';
import { type Assignor, type AssignorMember, range, uniform } from '../../../../src/mock/groups/server_assignors.ts';

function member(memberId: string, topics: string, target: PartitionSets = NO_PARTITIONS): AssignorMember {
  return { memberId, instanceId: null, topicIds: new Set(topics), target };
}

const sizes = (topics: Record<string, number>): Map<string, number> => new Map(Object.entries(topics));

/** `a:x01 y0` of each member, in order. */
function shown(assigned: ReadonlyMap<string, PartitionSets>): string[] {
  return [...assigned]
    .map(([id, sets]) => {
      const rows = toRows(sets).map(({ topicId, partitions }) => `${topicId}${partitions.join('')}`);
      return `${id}:${rows.sort().join(' ')}`;
    })
    .sort();
}

describe('range', () => {
  test('gives each member a run of every topic, the first ones one more', () => {
    const members = [member('b', 'xy'), member('a', 'xy')];

    expect(shown(range(members, sizes({ x: 3, y: 4 })))).toEqual(['a:x01 y01', 'b:x2 y23']);
  });

  test('counts static members first, by their instance id', () => {
    const members = [member('a', 'x'), { ...member('b', 'x'), instanceId: 'i' }];

    expect(shown(range(members, sizes({ x: 3 })))).toEqual(['a:x2', 'b:x01']);
  });
});

describe('uniform', () => {
  test('takes no more from a member than the new one is to have', () => {
    const members = [member('a', 'x', fromRows([{ topicId: 'x', partitions: [0, 1, 2, 3, 4] }])), member('b', 'x')];

    expect(shown(uniform(members, sizes({ x: 5 })))).toEqual(['a:x012', 'b:x34']);
  });

  test('keeps what is even', () => {
    const before = fromRows([{ topicId: 'x', partitions: [1, 2] }]);
    const members = [member('a', 'x', before), member('b', 'x')];

    const assigned = uniform(members, sizes({ x: 4 }));

    expect(isSubset(before, assigned.get('a')!)).toBe(true);
    expect(countOf(assigned.get('b')!)).toBe(2);
  });

  test('levels members with different topics as far as these allow', () => {
    const members = [member('a', 'x'), member('b', 'xy')];

    const assigned = uniform(members, sizes({ x: 4, y: 2 }));

    expect([...assigned.values()].map(countOf)).toEqual([3, 3]);
    expect([...(assigned.get('b')?.get('y') ?? [])].sort()).toEqual([0, 1]);
  });
});

describe.each([
  ['range', range],
  ['uniform', uniform],
] as [string, Assignor][])('%s', (_name, assign) => {
  test('gives every partition to exactly one member that wants it', () => {
    const topics = sizes({ x: 7, y: 3, z: 5, w: 2 });
    const members = ['xy', 'yz', 'xyz', 'z', 'x'].map((names, i) => member(`m${i}`, names));

    const assigned = assign(members, topics);

    const seen = [...assigned].flatMap(([id, sets]) =>
      toRows(sets).flatMap(({ topicId, partitions }) => {
        expect(members.find(({ memberId }) => memberId === id)?.topicIds.has(topicId)).toBe(true);
        return partitions.map((partition) => `${topicId}${partition}`);
      }),
    );
    expect(new Set(seen).size).toBe(seen.length);
    // Nobody wants w.
    expect(seen.length).toBe(7 + 3 + 5);
  });

  test('has nothing for nobody', () => {
    expect(assign([], sizes({ x: 3 })).size).toBe(0);
  });
});
