// Queues of the app's: where things lie, in what order, and where they go when a queue is forwarded.
import { expect, test } from 'vitest';
import { type ErrorItem, OpQueue } from '../../../src/app/op_queue.ts';
import { ConsumerScene as Scene } from '../../kit/consumer_scene.ts';

const PARTITION_EOF = -191;

const error = (err: number): ErrorItem => ({
  kind: 'error',
  part: null,
  err,
  text: '',
  topic: null,
  partition: -1,
  offset: -1001,
});

function codes(queue: OpQueue): number[] {
  return queue.items.slice(queue.head).map((item) => (item.kind === 'error' ? item.err : 0));
}

test('what lies in a queue goes along when it is forwarded, behind what is there, and what comes later too', () => {
  const { rk } = new Scene();
  const [from, to] = [new OpQueue(rk, false), new OpQueue(rk, false)];
  from.push(error(1));
  from.push(error(2));
  from.skip();
  to.push(error(3));

  from.forwardTo(to);
  from.push(error(4));

  expect([codes(to), from.length, to.length]).toEqual([[3, 2, 4], 3, 3]);
});

test('what comes after the forwarding has ended stays, and what went stays there', () => {
  const { rk } = new Scene();
  const [from, to] = [new OpQueue(rk, false), new OpQueue(rk, false)];
  from.forwardTo(to);
  from.push(error(1));

  from.forwardTo(null);
  from.push(error(2));

  expect([codes(from), codes(to)]).toEqual([[2], [1]]);
});

test('a chain of forwarded queues ends in the last, whichever was forwarded first', () => {
  const { rk } = new Scene();
  const [a, b, c] = [new OpQueue(rk, false), new OpQueue(rk, false), new OpQueue(rk, false)];
  a.forwardTo(b);
  a.push(error(1));
  b.forwardTo(c);
  a.push(error(2));

  expect([codes(a), codes(b), codes(c)]).toEqual([[], [], [1, 2]]);
});

test('a circle is refused, and changes nothing', () => {
  const { rk } = new Scene();
  const [a, b] = [new OpQueue(rk, false), new OpQueue(rk, false)];
  a.forwardTo(b);

  const c = new OpQueue(rk, false);
  c.forwardTo(a);

  expect([b.forwardTo(a), a.forwardTo(a), a.forwardTo(c), b.forwardTo(b)]).toEqual([false, false, false, false]);
  expect([a.target, b.target, c.target]).toEqual([b, b, b]);
});

test("a queue that gets a consumer's records counts as polled for it", () => {
  const { rk } = new Scene();
  const [records, between, last] = [new OpQueue(rk, true), new OpQueue(rk, false), new OpQueue(rk, false)];
  between.forwardTo(last);

  records.forwardTo(between);

  expect([between.consumes, last.consumes]).toEqual([true, true]);
});

test('rebalances and results of commits go along before records', () => {
  const scene = new Scene();
  const own = new OpQueue(scene.rk, false);
  scene.queue.queue.pushUrgent({ kind: 'offset_commit', err: 0, offsets: [], cb: null, opaque: 1 });

  scene.queue.queue.forwardTo(own);

  expect([own.urgent.length, scene.queue.queue.urgent.length, own.empty]).toEqual([1, 0, false]);
});

test('the length counts messages, errors and the end of a partition once each, and less as they are taken', () => {
  const scene = new Scene();
  const { queue } = scene.queue;
  scene.assigned(0, 1);
  scene.fetched(1, 0, 1, 0, 4, 5);
  queue.push(error(1));
  const lengths = [queue.length];
  scene.take(2);
  lengths.push(queue.length);
  scene.take(3);
  lengths.push(queue.length);
  expect(scene.take(1)).toEqual([PARTITION_EOF]);
  lengths.push(queue.length);

  expect(lengths).toEqual([7, 5, 2, 1]);
});

test('a queue that is never empty does not grow for ever', () => {
  const { rk } = new Scene();
  const queue = new OpQueue(rk, false);
  for (let i = 0; i < 10; i++) queue.push(error(i));

  for (let i = 10; i < 5000; i++) {
    queue.push(error(i));
    queue.skip();
  }

  expect(codes(queue)).toEqual(Array.from({ length: 10 }, (_, i) => 4990 + i));
  expect(queue.items.length).toBeLessThan(600);
});

test("a partition's own queue goes to the consumer's, and what is forwarded elsewhere comes there alone", () => {
  const scene = new Scene();
  scene.assigned(0, 1);
  scene.assigned(1, 2);
  const own = new OpQueue(scene.rk, false);
  scene.fetched(1, 0, 1, 0, 0);
  const partition = scene.queue.partitionQueue('t', 0);
  scene.fetched(1, 0, 1, 1, 1);
  expect(scene.take()).toEqual([0, 1]);

  partition.forwardTo(own);
  scene.fetched(1, 0, 1, 2, 2);
  scene.fetched(1, 1, 2, 10, 10);

  expect([scene.take(100, own), scene.take()]).toEqual([[2], [10]]);
});

test("a partition's own queue that goes nowhere is polled by itself, and is asked for by name again", () => {
  const scene = new Scene();
  const own = scene.queue.partitionQueue('t', 0);
  own.forwardTo(null);
  own.byApp = true;
  scene.assigned(0, 1);
  scene.fetched(1, 0, 1, 0, 1);

  expect(scene.take()).toEqual([]);
  expect(scene.take(100, scene.queue.partitionQueue('t', 0))).toEqual([0, 1]);
});

test("a queue that consume_start has left to itself goes to the consumer's when the partition is assigned", () => {
  const scene = new Scene();
  scene.queue.partitionQueue('t', 0).forwardTo(null);
  const byApp = scene.queue.partitionQueue('t', 1);
  byApp.forwardTo(null);
  byApp.byApp = true;
  scene.assigned(0, 1);
  scene.assigned(1, 2);
  scene.fetched(1, 0, 1, 0, 0);
  scene.fetched(1, 1, 2, 10, 10);

  expect([scene.take(), scene.take(100, byApp)]).toEqual([[0], [10]]);
});

test('records in any queue go with their partition', () => {
  const scene = new Scene();
  const own = new OpQueue(scene.rk, false);
  scene.queue.queues.add(own);
  scene.queue.partitionQueue('t', 0).forwardTo(own);
  scene.assigned(0, 1);
  scene.assigned(1, 2);
  scene.fetched(1, 0, 1, 0, 4);
  scene.fetched(1, 1, 2, 10, 11);

  scene.queue.incrementalUnassign([{ topic: 't', partition: 0, offset: 0 }]);

  expect([own.length, scene.take(), scene.counts, scene.held]).toEqual([0, [10, 11], [0, 0], 0]);
});
