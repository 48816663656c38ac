import { describe, expect, test } from 'vitest';
import * as api from '../../../src/api/partition_list.ts';
import type { rd_kafka_topic_partition_list_t } from '../../../src/defs/types.ts';

function aList(...entries: [string, number][]): rd_kafka_topic_partition_list_t {
  const list = api.topic_partition_list_new(2);
  for (const [topic, partition] of entries) api.topic_partition_list_add(list, topic, partition);
  return list;
}

function names(list: rd_kafka_topic_partition_list_t): string[] {
  return [...list].map(({ topic, partition }) => `${topic}[${partition}]`);
}

describe('entries', () => {
  test('a new one has no offset, no metadata, no error', () => {
    const entry = api.topic_partition_list_add(aList(), 't', 3);

    expect(entry).toMatchObject({ topic: 't', partition: 3, offset: -1001, metadata: null, metadata_size: 0, err: 0 });
    expect(api.topic_partition_get_leader_epoch(entry)).toBe(-1);
  });

  test('are live: what is written to one is in the list', () => {
    const list = aList();

    api.topic_partition_list_add(list, 't', 0).offset = 42;

    expect(list.elems[0]?.offset).toBe(42);
  });

  test('metadata is copied, a string is kept as UTF-8, its size is derived', () => {
    const [entry, bytes] = [api.topic_partition_list_add(aList(), 't', 0), new Uint8Array([1, 2])];
    entry.metadata = bytes;
    bytes[0] = 9;

    expect([entry.metadata, entry.metadata_size]).toEqual([Buffer.from([1, 2]), 2]);
    entry.metadata = 'é';
    expect([entry.metadata, entry.metadata_size]).toEqual([Buffer.from('é'), 2]);
    expect(() => Object.assign(entry, { metadata: 5 })).toThrow(TypeError);
  });

  test('keep a leader epoch', () => {
    const entry = api.topic_partition_list_add(aList(), 't', 0);

    api.topic_partition_set_leader_epoch(entry, 7);

    expect(api.topic_partition_get_leader_epoch(entry)).toBe(7);
  });
});

describe('the list', () => {
  test('cnt is its length and may only be lowered', () => {
    const list = aList(['a', 0], ['a', 1], ['a', 2]);
    list.cnt = 1;

    expect([list.cnt, list.elems.length, list.size]).toEqual([1, 1, 2]);
    expect(() => Object.assign(list, { cnt: 2 })).toThrow(RangeError);
    expect(() => Object.assign(list, { cnt: -1 })).toThrow(RangeError);
  });

  test('add_range appends both ends, and nothing when they are the wrong way round', () => {
    const list = aList();

    api.topic_partition_list_add_range(list, 't', 1, 3);
    api.topic_partition_list_add_range(list, 't', 5, 4);

    expect(names(list)).toEqual(['t[1]', 't[2]', 't[3]']);
  });

  test('del takes the first that fits', () => {
    const list = aList(['a', 0], ['b', 0], ['a', 0]);

    expect(api.topic_partition_list_del(list, 'a', 0)).toBe(1);
    expect(api.topic_partition_list_del(list, 'a', 1)).toBe(0);
    expect(names(list)).toEqual(['b[0]', 'a[0]']);
  });

  test('del_by_idx takes an index within the list', () => {
    const list = aList(['a', 0], ['b', 0]);

    expect([-1, 2, 0].map((idx) => api.topic_partition_list_del_by_idx(list, idx))).toEqual([0, 0, 1]);
    expect(names(list)).toEqual(['b[0]']);
  });

  test('find gives the live entry, set_offset reaches it', () => {
    const list = aList(['a', 0], ['b', 0]);

    expect(api.topic_partition_list_set_offset(list, 'b', 0, 9)).toBe(0);
    expect(api.topic_partition_list_set_offset(list, 'c', 0, 9)).toBe(-190);
    expect(api.topic_partition_list_find(list, 'b', 0)).toBe(list.elems[1]);
    expect(api.topic_partition_list_find(list, 'b', 0)?.offset).toBe(9);
    expect(api.topic_partition_list_find(list, 'c', 0)).toBeNull();
  });

  test('a copy has entries of its own with everything in them', () => {
    const list = aList(['a', 0]);
    Object.assign(list.elems[0] as object, { offset: 5, metadata: 'm', opaque: list, err: 3 });
    api.topic_partition_set_leader_epoch(list.elems[0] as never, 8);

    const copy = api.topic_partition_list_copy(list);
    (list.elems[0] as { offset: number }).offset = 6;

    expect(copy.elems[0]).toMatchObject({ topic: 'a', offset: 5, metadata: Buffer.from('m'), opaque: list, err: 3 });
    expect(api.topic_partition_get_leader_epoch(copy.elems[0] as never)).toBe(8);
  });

  test('a destroyed one refuses everything, but dispose is silent', () => {
    const list = aList();
    api.topic_partition_list_destroy(list);

    expect(() => api.topic_partition_list_add(list, 't', 0)).toThrow(
      expect.objectContaining({ code: 'ERR_RDKAFKA_DESTROYED' }),
    );
    expect(() => list[Symbol.dispose]()).not.toThrow();
  });
});

describe('sorting', () => {
  test('goes by topic and then partition', () => {
    const list = aList(['b', 1], ['a', 10], ['b', 0], ['a', 9]);

    api.topic_partition_list_sort(list, null, null);

    expect(names(list)).toEqual(['a[9]', 'a[10]', 'b[0]', 'b[1]']);
  });

  test('goes by the function that is given, which gets the opaque', () => {
    const list = aList(['a', 1], ['a', 3], ['a', 2]);

    api.topic_partition_list_sort(list, (a, b, sign) => sign * (a.partition - b.partition), -1);

    expect(names(list)).toEqual(['a[3]', 'a[2]', 'a[1]']);
  });

  test('a function that throws or gives no number leaves the list as it was', () => {
    const list = aList(['b', 0], ['a', 0]);
    const fails = (): number => {
      throw new Error('mine');
    };

    expect(() => api.topic_partition_list_sort(list, fails, null)).toThrow('mine');
    expect(() => api.topic_partition_list_sort(list, (async () => 1) as never, null)).toThrow(TypeError);
    expect(names(list)).toEqual(['b[0]', 'a[0]']);
  });
});

test('misuse throws and changes nothing', () => {
  const list = aList();

  expect(() => api.topic_partition_list_add(list, 't', Number.NaN)).toThrow(RangeError);
  expect(() => api.topic_partition_list_add(list, null as never, 0)).toThrow(
    'topic_partition_list_add: topic must be a string, not null',
  );
  expect(() => api.topic_partition_list_add([] as never, 't', 0)).toThrow(TypeError);
  expect(() => api.topic_partition_list_add_range(list, 't', 0, 2 ** 31)).toThrow(RangeError);

  expect(list.cnt).toBe(0);
});
