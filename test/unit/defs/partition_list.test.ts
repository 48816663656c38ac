import { describe, expect, test } from 'vitest';
import { fillPartitions, PartitionList, partitionsFrom, partitionsToFill } from '../../../src/defs/partition_list.ts';
import type { TopicPartition } from '../../../src/defs/types.ts';

describe('the plain forms of a list', () => {
  test('a string is a topic without partition, an object may leave everything but the topic out', () => {
    const list = partitionsFrom('f', 'topics', ['a', { topic: 'b', partition: 2, offset: 5, metadata: 'm' }]);

    expect(list.elems.map(({ topic, partition, offset }) => [topic, partition, offset])).toEqual([
      ['a', -1, -1001],
      ['b', 2, 5],
    ]);
    expect(list.elems[1]?.metadata).toEqual(Buffer.from('m'));
  });

  test('a list stands for itself', () => {
    const list = new PartitionList();

    expect(partitionsFrom('f', 'topics', list)).toBe(list);
  });

  test('live entries are checked too, since the application writes to them', () => {
    const list = new PartitionList();
    list.add('t', 0).offset = Number.NaN;

    expect(() => partitionsFrom('seek_partitions', 'partitions', list)).toThrow(
      new RangeError('seek_partitions: partitions.elems[0].offset must be an integer, not NaN'),
    );
  });

  test('a destroyed list is refused with its code', () => {
    const list = new PartitionList();
    list.destroy();

    expect(() => partitionsFrom('assign', 'partitions', list)).toThrow(
      expect.objectContaining({ code: 'ERR_RDKAFKA_DESTROYED', message: 'assign: partitions has been destroyed' }),
    );
  });

  test.each([
    [null],
    ['t'],
    [{}],
    [[5]],
    [[null]],
    [[{ topic: 5 }]],
    [[{ topic: 't', partition: '0' }]],
    [[{ topic: 't', metadata: 5 }]],
  ])('%j is refused', (input) => {
    expect(() => partitionsFrom('f', 'p', input as never)).toThrow(TypeError);
  });

  test('a call that fills in refuses strings and writes into the objects', () => {
    const mine: TopicPartition[] = [{ topic: 't', partition: 0 }];
    const list = partitionsToFill('committed', 'partitions', mine);
    Object.assign(list.elems[0] as object, { offset: 42, err: -168 });

    fillPartitions(mine, list);

    expect(mine).toEqual([{ topic: 't', partition: 0, offset: 42, err: -168, metadata: null }]);
    expect(() => partitionsToFill('committed', 'partitions', ['t'] as never)).toThrow(TypeError);
  });
});

describe('a long list', () => {
  const long = (count: number): PartitionList => {
    const list = new PartitionList();
    for (let i = 0; i < count; i++) list.add(`t${i % 10}`, i);
    return list;
  };

  test('finds what is added, renamed, moved, taken out and put in, as a walk through it would', () => {
    const list = long(1000);
    const found = (topic: string, partition: number): [number, number] => [
      list.indexOf(topic, partition),
      list.elems.findIndex((each) => each.partition === partition && each.topic === topic),
    ];
    const seen = [found('t7', 77), found('t7', 78)];

    list.add('t8', 5000);
    seen.push(found('t8', 5000));
    list.elems[3]!.partition = 6000;
    seen.push(found('t3', 6000), found('t3', 3));
    list.elems.reverse();
    seen.push(found('t7', 77), found('t0', 0));
    list.elems.splice(10, 5);
    seen.push(found('t7', 77), found('t8', 5000), found('t9', 989));
    list.elems[4] = list.elems[900]!;
    seen.push(found('t0', 0));
    list.cnt = 100;
    seen.push(found('t0', 0), found('t9', 999));
    list.sort(null, null);
    seen.push(found('t9', 999), found('t8', 5000));

    expect(seen.map(([ours]) => ours)).toEqual(seen.map(([, walked]) => walked));
  });

  test('of ten thousand entries is not walked through for each of them', () => {
    const list = long(10_000);
    let reads = 0;
    for (const entry of list.elems) {
      const { partition } = entry;
      const get = (): number => {
        reads++;
        return partition;
      };
      Object.defineProperty(entry, 'partition', { get });
    }

    const all = list.elems.every((entry, i) => list.indexOf(entry.topic, i) === i);

    expect(all).toBe(true);
    expect(reads).toBeLessThan(100_000);
  });
});
