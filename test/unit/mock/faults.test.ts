import { expect, test } from 'vitest';
import { Conditions } from '../../../src/mock/conditions.ts';
import { errorFaults, FaultStacks, NO_FAULT, nextFault } from '../../../src/mock/faults.ts';

const ANY = { broker: null, topic: null, partition: null };
const nameOf = (): undefined => undefined;

test('faults come in the order in which they were pushed', () => {
  const stacks = new FaultStacks();
  stacks.push(0, errorFaults([1, 2]));
  stacks.push(0, errorFaults([3]));

  expect([1, 2, 3, 4].map(() => stacks.next(0)?.error)).toEqual([1, 2, 3, 0]);
});

test("a broker's stack hides the cluster's, also when it is empty", () => {
  const broker = new FaultStacks();
  const cluster = new FaultStacks();
  cluster.push(0, errorFaults([9]));
  broker.push(0, errorFaults([1]));

  expect([nextFault(broker, cluster, 0).error, nextFault(broker, cluster, 0).error]).toEqual([1, 0]);
  expect(cluster.count(0)).toBe(1);
});

test("the cluster's stack serves brokers that have none for this request", () => {
  const broker = new FaultStacks();
  const cluster = new FaultStacks();
  broker.push(1, errorFaults([1]));
  cluster.push(0, errorFaults([9]));

  expect(nextFault(broker, cluster, 0).error).toBe(9);
});

test('clearing empties one stack only', () => {
  const stacks = new FaultStacks();
  stacks.push(0, errorFaults([1]));
  stacks.push(1, errorFaults([2]));

  stacks.clear(0);

  expect([stacks.next(0), stacks.next(1)?.error]).toEqual([NO_FAULT, 2]);
});

test('a condition hits only requests that name its topic and partition, as often as it was told', () => {
  const conditions = new Conditions();
  const [fault] = errorFaults([5]);
  conditions.add(0, { ...ANY, topic: 'a', partition: 1 }, fault, 2);
  const request = (name: string, index: number) => ({ topicData: [{ name, partitionData: [{ index }] }] });

  const hits = [request('b', 1), request('a', 0), request('a', 1), request('a', 1), request('a', 1)].map(
    (one) => conditions.next(0, 1, one, nameOf)?.error,
  );

  expect(hits).toEqual([undefined, undefined, 5, 5, undefined]);
});

test('a condition may name a broker', () => {
  const conditions = new Conditions();
  conditions.add(3, { ...ANY, broker: 2 }, errorFaults([5])[0], 1);

  expect(conditions.next(3, 1, {}, nameOf)).toBeUndefined();
  expect(conditions.next(3, 2, {}, nameOf)?.error).toBe(5);
});

test('as many errors as one likes are pushed at once', () => {
  const stacks = new FaultStacks();

  for (let i = 0; i < 2; i++) stacks.push(0, errorFaults(new Array(300_000).fill(7)));

  expect(stacks.count(0)).toBe(600_000);
});

test('a condition knows topics that a request names by id', () => {
  const conditions = new Conditions();
  conditions.add(1, { ...ANY, topic: 'a' }, errorFaults([5])[0], 1);
  const request = { topics: [{ topic: '', topicId: 'x', partitions: [{ partition: 0 }] }] };

  expect(conditions.next(1, 1, request, (id) => (id === 'x' ? 'a' : undefined))?.error).toBe(5);
});
