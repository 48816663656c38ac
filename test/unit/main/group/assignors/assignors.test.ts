import { describe, expect, test } from 'vitest';
import type { Assignments, GroupMember } from '../../../../../src/main/group/assignors/assignor.ts';
import { range } from '../../../../../src/main/group/assignors/range.ts';
import { assignorsOf } from '../../../../../src/main/group/assignors/registry.ts';
import { roundrobin } from '../../../../../src/main/group/assignors/roundrobin.ts';
import { World } from '../../../../kit/group_member.ts';
import { farAway, faults, flat, member, replicated, topics } from './given.ts';

/** The circle, spelled out: a list of all partitions, and a finger that goes round the members. */
function roundrobinOracle(members: GroupMember[], counts: Record<string, number>): Record<string, string> {
  const sorted = sort(members);
  const dealt: Record<string, string[]> = Object.fromEntries(members.map((each) => [each.memberId, []]));
  const wanted = Object.keys(counts).sort();
  const all = wanted
    .filter((topic) => members.some((each) => each.topics.includes(topic)))
    .flatMap((topic) => Array.from({ length: counts[topic]! }, (_, i) => [topic, i] as const));
  let finger = -1;
  for (const [topic, partition] of all) {
    do finger++;
    while (!sorted[finger % sorted.length]!.topics.includes(topic));
    dealt[sorted[finger % sorted.length]!.memberId]!.push(`${topic}-${partition}`);
  }
  return Object.fromEntries(Object.entries(dealt).map(([id, list]) => [id, list.join(' ')]));
}

/** Kafka's older formula: start and length of each member's piece. */
function rangeOracle(members: GroupMember[], counts: Record<string, number>): Record<string, string> {
  const got: Record<string, string[]> = Object.fromEntries(members.map((each) => [each.memberId, []]));
  for (const topic of Object.keys(counts).sort()) {
    const subscribed = sort(members.filter((each) => each.topics.includes(topic)));
    const each = Math.trunc(counts[topic]! / subscribed.length);
    const extra = counts[topic]! % subscribed.length;
    subscribed.forEach((one, i) => {
      const start = each * i + Math.min(i, extra);
      for (let n = start; n < start + each + (i < extra ? 1 : 0); n++) got[one.memberId]!.push(`${topic}-${n}`);
    });
  }
  return Object.fromEntries(Object.entries(got).map(([id, list]) => [id, list.join(' ')]));
}

function sort(members: GroupMember[]): GroupMember[] {
  const rank = (each: GroupMember): string => (each.instanceId === null ? `1${each.memberId}` : `0${each.instanceId}`);
  return [...members].sort((a, b) => (rank(a) < rank(b) ? -1 : 1));
}

function layout(seed: number): [GroupMember[], Record<string, number>] {
  const { random } = new World(seed);
  const pick = (n: number): number => Math.floor(random() * n);
  const counts = Object.fromEntries(Array.from({ length: 1 + pick(6) }, () => [`t${pick(20)}`, pick(12)]));
  const members = Array.from({ length: 1 + pick(6) }, (_, i) =>
    member(
      `m${pick(1000)}-${i}`,
      Object.keys(counts).filter(() => random() < 0.7),
      { instanceId: random() < 0.3 ? `i${pick(1000)}-${i}` : null },
    ),
  );
  return [members, counts];
}

describe('random layouts', () => {
  test('range gives what the formula gives', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const [members, counts] = layout(seed);

      const assigned = flat(range.assign(members, topics(counts)));

      expect(assigned, `seed ${seed}`).toEqual(rangeOracle(members, counts));
    }
  });

  test('roundrobin deals like the circle', () => {
    for (let seed = 1; seed <= 500; seed++) {
      const [members, counts] = layout(seed);

      const assigned = flat(roundrobin.assign(members, topics(counts)));

      const sortedOracle = Object.fromEntries(
        Object.entries(roundrobinOracle(members, counts)).map(([id, list]) => [id, list]),
      );
      expect(assigned, `seed ${seed}`).toEqual(sortedOracle);
    }
  });

  test('racks never change how many partitions of a topic a member gets', () => {
    for (let seed = 1; seed <= 300; seed++) {
      const [plain, counts] = layout(seed);
      const { random } = new World(seed + 1000);
      const rack = (): string => `r${Math.floor(random() * 3)}`;
      const members = plain.map((each) => ({ ...each, rack: random() < 0.8 ? rack() : null }));
      const racks = Object.fromEntries(
        Object.entries(counts).map(([topic, n]) => [topic, Array.from({ length: n }, () => [rack(), rack()])]),
      );

      const aware = range.assign(members, topics(counts, racks));

      const sizes = (all: Assignments, topic: string): number[] =>
        [...all.values()].map((of) => of.find((one) => one.topic === topic)?.partitions.length ?? 0).sort();
      const unaware = range.assign(plain, topics(counts));
      for (const topic of Object.keys(counts)) {
        expect(sizes(aware, topic), `seed ${seed} ${topic}`).toEqual(sizes(unaware, topic));
      }
    }
  });
});

describe("vectors of Kafka's documentation and tests", () => {
  test('range splits 3 partitions of two topics 2 and 1', () => {
    const members = [member('C0', ['t0', 't1']), member('C1', ['t0', 't1'])];

    const assigned = flat(range.assign(members, topics({ t0: 3, t1: 3 })));

    expect(assigned).toEqual({ C0: 't0-0 t0-1 t1-0 t1-1', C1: 't0-2 t1-2' });
  });

  test('roundrobin deals 3 partitions of two topics in turn', () => {
    const members = [member('C0', ['t0', 't1']), member('C1', ['t0', 't1'])];

    const assigned = flat(roundrobin.assign(members, topics({ t0: 3, t1: 3 })));

    expect(assigned).toEqual({ C0: 't0-0 t0-2 t1-1', C1: 't0-1 t1-0 t1-2' });
  });

  test('roundrobin goes past members that are not subscribed', () => {
    const members = [member('C0', ['t0']), member('C1', ['t0', 't1']), member('C2', ['t0', 't1', 't2'])];

    const assigned = flat(roundrobin.assign(members, topics({ t0: 1, t1: 2, t2: 3 })));

    expect(assigned).toEqual({ C0: 't0-0', C1: 't1-0', C2: 't1-1 t2-0 t2-1 t2-2' });
  });

  test('range with mixed subscriptions', () => {
    const members = [member('c1', ['t1']), member('c2', ['t1', 't2']), member('c3', ['t1'])];

    const assigned = flat(range.assign(members, topics({ t1: 3, t2: 2 })));

    expect(assigned).toEqual({ c1: 't1-0', c2: 't1-1 t2-0 t2-1', c3: 't1-2' });
  });

  test('static members come first, by their instance id', () => {
    const members = [
      member('a', ['t']),
      member('z', ['t'], { instanceId: 'i2' }),
      member('y', ['t'], { instanceId: 'i3' }),
    ];

    const assigned = flat(range.assign(members, topics({ t: 4 })));

    expect(assigned).toEqual({ z: 't-0 t-1', y: 't-2', a: 't-3' });
  });

  test('range prefers replicas in the rack of the member', () => {
    const members = [member('c1', ['t'], { rack: 'b' }), member('c2', ['t'], { rack: 'a' })];
    const racks = { t: [['a'], ['a'], ['b'], ['b']] };

    const assigned = flat(range.assign(members, topics({ t: 4 }, racks)));

    expect(assigned).toEqual({ c1: 't-2 t-3', c2: 't-0 t-1' });
  });

  test('topics split alike stay together even where racks pull apart', () => {
    const members = [member('c1', ['t', 'u'], { rack: 'b' }), member('c2', ['t', 'u'], { rack: 'a' })];
    const racks = { t: [['a'], ['b']], u: [['a'], ['b']] };

    const assigned = flat(range.assign(members, topics({ t: 2, u: 2 }, racks)));

    expect(assigned).toEqual({ c1: 't-1 u-1', c2: 't-0 u-0' });
  });

  test('a member without a subscription to what exists gets an empty entry', () => {
    const members = [member('c1', ['t']), member('c2', ['nowhere'])];

    expect(flat(range.assign(members, topics({ t: 1 })))).toEqual({ c1: 't-0', c2: '' });
    expect(flat(roundrobin.assign(members, topics({ t: 1 })))).toEqual({ c1: 't-0', c2: '' });
  });
});

test('the strategy names the assignors in their order', () => {
  const names = assignorsOf('roundrobin, range').map((each) => each.name);

  expect(names).toEqual(['roundrobin', 'range']);
});

describe("range and racks, from librdkafka's tests", () => {
  const three = (wanted: string[][], racks: (string | null)[] = ['a', 'b', 'c']): GroupMember[] =>
    wanted.map((each, i) => member(`consumer${i + 1}`, each, { rack: racks[i]! }));
  const assign = (members: GroupMember[], known: ReturnType<typeof topics>): [Record<string, string>, number] => {
    const given = range.assign(members, known);
    return [flat(given), farAway(members, known, given)];
  };

  const all = ['t1', 't2', 't3'];
  const uniform = { t1: 6, t2: 7, t3: 2 };
  const plain = {
    consumer1: 't1-0 t1-1 t2-0 t2-1 t2-2 t3-0',
    consumer2: 't1-2 t1-3 t2-3 t2-4 t3-1',
    consumer3: 't1-4 t1-5 t2-5 t2-6',
  };

  test.each<[string, number, number, (string | null)[]]>([
    ['brokers have none', 3, 0, ['a', 'b', 'c']],
    ['members have none', 3, 3, [null, null, null]],
    ['all partitions are in every rack', 3, 3, ['a', 'b', 'c']],
    ['all partitions are in every one of four', 4, 4, ['a', 'b', 'c']],
    ['members are elsewhere', 3, 3, ['d', 'e', 'f']],
    ['members are elsewhere or nowhere', 3, 3, ['d', 'e', null]],
  ])('racks change nothing where %s', (_, replicas, racks, own) => {
    const [given] = assign(three([all, all, all], own), replicated(uniform, replicas, racks));

    expect(given).toEqual(plain);
  });

  test('with one replica everybody gets what is near', () => {
    const [given, far] = assign(three([all, all, all]), replicated(uniform, 1, 3));

    expect(given).toEqual({
      consumer1: 't1-0 t1-3 t2-0 t2-3 t2-6',
      consumer2: 't1-1 t1-4 t2-1 t2-4 t3-0',
      consumer3: 't1-2 t1-5 t2-2 t2-5 t3-1',
    });
    expect(far).toBe(0);
  });

  test('with two replicas the first take what is near, and one partition is left far away', () => {
    const [given, far] = assign(three([all, all, all]), replicated(uniform, 2, 3));

    expect(given).toEqual({
      consumer1: 't1-0 t1-2 t2-0 t2-2 t2-3 t3-1',
      consumer2: 't1-1 t1-3 t2-1 t2-4 t3-0',
      consumer3: 't1-4 t1-5 t2-5 t2-6',
    });
    expect(far).toBe(1);
  });

  test('topics with the same subscribers and sizes are split alike before they are near', () => {
    const members = three([all, all, ['t1', 't3']]);

    const [given, far] = assign(members, replicated({ t1: 5, t2: 5, t3: 5 }, 1, 3));

    expect(given).toEqual({
      consumer1: 't1-0 t1-1 t2-0 t2-1 t2-4 t3-0 t3-1',
      consumer2: 't1-2 t1-3 t2-2 t2-3 t3-2 t3-3',
      consumer3: 't1-4 t3-4',
    });
    expect(far).toBe(9);
  });

  test('where both can be, topics are split alike and near', () => {
    const four = ['t1', 't2', 't3', 't4'];
    const members = three([four, four, four, four], ['a', 'b', 'b', 'a']);

    const [given, far] = assign(members, replicated({ t1: 6, t2: 6, t3: 2, t4: 2 }, 1, 2));

    expect(given).toEqual({
      consumer1: 't1-0 t1-2 t2-0 t2-2 t3-0 t4-0',
      consumer2: 't1-1 t1-3 t2-1 t2-3 t3-1 t4-1',
      consumer3: 't1-5 t2-5',
      consumer4: 't1-4 t2-4',
    });
    expect(far).toBe(0);
  });

  test('pairs of members with topics of their own are near as pairs', () => {
    const members = three(
      [
        ['t1', 't2'],
        ['t1', 't2'],
        ['t3', 't4'],
        ['t3', 't4'],
      ],
      ['a', 'b', 'b', 'a'],
    );

    const [given, far] = assign(members, replicated({ t1: 6, t2: 6, t3: 2, t4: 2 }, 1, 2));

    expect(given).toEqual({
      consumer1: 't1-0 t1-2 t1-4 t2-0 t2-2 t2-4',
      consumer2: 't1-1 t1-3 t1-5 t2-1 t2-3 t2-5',
      consumer3: 't3-1 t4-1',
      consumer4: 't3-0 t4-0',
    });
    expect(far).toBe(0);
  });
});

test.each(['range', 'roundrobin', 'cooperative-sticky'])('%s leaves nothing lying, whatever members want', (name) => {
  for (let seed = 1; seed <= 100; seed++) {
    const [members, counts] = layout(seed);

    const given = assignorsOf(name)[0]!.assign(members, topics(counts));

    const found = faults(members, topics(counts), given).filter((fault) => !fault.includes('could give'));
    expect(found, `seed ${seed}`).toEqual([]);
  }
});
