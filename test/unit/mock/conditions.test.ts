// Faults that are tied to what a request is about.
import { expect, test } from 'vitest';
import { Conditions, type Mentioning, type Where } from '../../../src/mock/conditions.ts';
import { NO_FAULT } from '../../../src/mock/faults.ts';

const ANY: Where = { broker: null, topic: null, partition: null };
const FAULT = { ...NO_FAULT, error: 7 };
const nameOf = (id: string): string | undefined => (id === 'ID' ? 't' : undefined);

/** Whether a fault of `where` hits the request. */
function hits(where: Partial<Where>, request: Mentioning, broker = 1): boolean {
  const conditions = new Conditions();
  conditions.add(0, { ...ANY, ...where }, FAULT, 1);
  return conditions.next(0, broker, request, nameOf) === FAULT;
}

test.each<[string, Mentioning]>([
  ['Produce, by name', { topicData: [{ name: 't', partitionData: [{ index: 1 }] }] }],
  ['Produce, by id', { topicData: [{ name: '', topicId: 'ID', partitionData: [{ index: 1 }] }] }],
  ['Fetch, by id', { topics: [{ topic: '', topicId: 'ID', partitions: [{ partition: 1 }] }] }],
  ['ListOffsets', { topics: [{ name: 't', partitions: [{ partitionIndex: 1 }] }] }],
  ['OffsetFetch of one group', { topics: [{ name: 't', partitionIndexes: [1] }], groups: [] }],
  [
    'OffsetFetch of several',
    { topics: [], groups: [{ topics: [] }, { topics: [{ name: 't', partitionIndexes: [1] }] }] },
  ],
  ['OffsetFetch of all that a group has', { topics: [], groups: [{ topics: null }] }],
  ['Metadata of all topics', { topics: null }],
])('%s is about the topic and the partition that it names', (_what, request) => {
  expect(hits({ topic: 't' }, request)).toBe(true);
  expect(hits({ topic: 't', partition: 1 }, request)).toBe(true);
});

test.each<[string, Mentioning]>([
  ['Produce', { topicData: [{ name: 't', partitionData: [{ index: 1 }] }] }],
  ['OffsetFetch', { topics: [], groups: [{ topics: [{ name: 't', partitionIndexes: [1] }] }] }],
  ['DeleteTopics', { topics: [], topicNames: ['t'] }],
  ['a request of nothing', {}],
])('%s is not about others', (_what, request) => {
  expect(hits({ topic: 'u' }, request)).toBe(false);
  expect(hits({ topic: 'u', partition: 1 }, request)).toBe(false);
});

test('a topic that is named with another partition is not meant', () => {
  expect(hits({ topic: 't', partition: 0 }, { topicData: [{ name: 't', partitionData: [{ index: 1 }] }] })).toBe(false);
});

test('DeleteTopics names topics without partitions', () => {
  expect(hits({ topic: 't' }, { topics: [], topicNames: ['u', 't'] })).toBe(true);
});

test('a broker is the one that was asked', () => {
  expect([hits({ broker: 2 }, {}, 2), hits({ broker: 2 }, {}, 1)]).toEqual([true, false]);
});

test('a fault counts down, and one without end does not', () => {
  const conditions = new Conditions();
  conditions.add(0, ANY, FAULT, 2);
  conditions.add(1, ANY, FAULT, Number.POSITIVE_INFINITY);

  const counted = [1, 2, 3].map(() => conditions.next(0, 1, {}, nameOf));
  const endless = Array.from({ length: 100 }, () => conditions.next(1, 1, {}, nameOf));

  expect(counted).toEqual([FAULT, FAULT, undefined]);
  expect(new Set(endless)).toEqual(new Set([FAULT]));
  conditions.reset();
  expect(conditions.empty).toBe(true);
});
