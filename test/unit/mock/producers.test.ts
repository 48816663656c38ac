import { expect, test } from 'vitest';
import { E } from '../../../src/mock/codes.ts';
import { lastSequenceOf, PartitionProducers, ProducerIds } from '../../../src/mock/producers.ts';

const MAX_SEQUENCE = 2 ** 31 - 1;

function after(...batches: [base: number, last: number][]): PartitionProducers {
  const producers = new PartitionProducers();
  batches.forEach(([base, last], i) => {
    producers.appended(1, 0, base, last, 100 + i);
  });
  return producers;
}

test('batches in sequence are appended', () => {
  expect(new PartitionProducers().check(1, 0, 0, 4)).toEqual({ kind: 'append' });
  expect(after([0, 4]).check(1, 0, 5, 5)).toEqual({ kind: 'append' });
});

test('one of the last five batches is a duplicate and keeps its offset', () => {
  const producers = after([0, 0], [1, 1], [2, 2], [3, 3], [4, 4], [5, 5]);

  expect(producers.check(1, 0, 1, 1)).toEqual({ kind: 'duplicate', baseOffset: 101 });
});

test('a batch older than those five is out of order, as in Kafka', () => {
  const producers = after([0, 0], [1, 1], [2, 2], [3, 3], [4, 4], [5, 5]);

  expect(producers.check(1, 0, 0, 0)).toEqual({ kind: 'error', errorCode: E.OUT_OF_ORDER_SEQUENCE_NUMBER });
});

test('a gap is out of order', () => {
  expect(after([0, 4]).check(1, 0, 6, 6)).toEqual({ kind: 'error', errorCode: E.OUT_OF_ORDER_SEQUENCE_NUMBER });
});

test('a producer that the partition does not know begins anywhere, as in Kafka', () => {
  expect(new PartitionProducers().check(1, 3, 7, 9)).toEqual({ kind: 'append' });
});

test('sequences wrap from 2^31 - 1 to 0', () => {
  expect(lastSequenceOf(MAX_SEQUENCE, 3)).toBe(1);
  expect(after([MAX_SEQUENCE, 1]).check(1, 0, 2, 2)).toEqual({ kind: 'append' });
  expect(after([MAX_SEQUENCE - 1, MAX_SEQUENCE]).check(1, 0, 0, 0)).toEqual({ kind: 'append' });
});

test('a newer epoch begins at 0 and fences the older one', () => {
  const producers = after([0, 4]);

  expect(producers.check(1, 1, 5, 5)).toMatchObject({ errorCode: E.OUT_OF_ORDER_SEQUENCE_NUMBER });
  expect(producers.check(1, 1, 0, 0)).toEqual({ kind: 'append' });
  producers.appended(1, 1, 0, 0, 200);
  expect(producers.check(1, 0, 5, 5)).toMatchObject({ errorCode: E.INVALID_PRODUCER_EPOCH });
});

test('each producer without a transactional id gets an id of its own', () => {
  const ids = new ProducerIds();

  const [one, two] = [ids.init(null, -1, -1), ids.init(null, -1, -1)];

  expect(one.producerId).not.toBe(two.producerId);
  expect([one.producerEpoch, two.producerEpoch]).toEqual([0, 0]);
});

test('a transactional id keeps its producer id and raises the epoch', () => {
  const ids = new ProducerIds();
  const first = ids.init('tx', -1, -1);

  const second = ids.init('tx', -1, -1);

  expect(second).toEqual({ errorCode: 0, producerId: first.producerId, producerEpoch: 1 });
  expect(ids.check('tx', first.producerId, 0)).toBe(E.INVALID_PRODUCER_EPOCH);
  expect(ids.check('tx', first.producerId, 1)).toBe(E.NONE);
});

test('an id that was never handed out is unknown to transactions only, as in Kafka', () => {
  expect(new ProducerIds().check('tx', 4711, 0)).toBe(E.UNKNOWN_PRODUCER_ID);
  expect(new ProducerIds().check(null, 4711, 0)).toBe(E.NONE);
});

test('a producer without a transactional id gets a new id whatever it had', () => {
  const { errorCode, producerId, producerEpoch } = new ProducerIds().init(null, 4711, 3);

  expect([errorCode, producerId === 4711, producerEpoch]).toEqual([0, false, 0]);
});

test('a transactional id with the wrong identity is refused', () => {
  const ids = new ProducerIds();
  const { producerId } = ids.init('tx', -1, -1);

  expect(ids.init('tx', producerId + 1, 0).errorCode).toBe(E.INVALID_PRODUCER_ID_MAPPING);
  expect(ids.init('tx', producerId, 7).errorCode).toBe(E.INVALID_PRODUCER_EPOCH);
});
