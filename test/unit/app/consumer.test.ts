// The consumer queue with ops that the test posts: which data is current, which waits, which is dropped.
import { expect, test } from 'vitest';
import { MESSAGES } from '../../../src/ops/cells.ts';
import { ConsumerScene as Scene } from '../../kit/consumer_scene.ts';

const PARTITION_EOF = -191;

test('records come in order and move the cell and the counts', () => {
  const scene = new Scene();
  const cell = scene.assigned(0, 1);
  scene.fetched(1, 0, 1, 0, 2);
  scene.fetched(1, 0, 1, 3, 4);

  expect(scene.take()).toEqual([0, 1, 2, 3, 4]);
  expect(cell.position).toBe(5);
  expect(scene.counts).toEqual([0, 0]);
  expect(Atomics.load(cell.words, cell.base + MESSAGES)).toBe(5);
  expect(scene.back).toEqual([1, 1]);
});

test('data of a home that main has not spoken of waits, and comes behind that of the old home', () => {
  const scene = new Scene();
  scene.assigned(0, 1);
  scene.fetched(2, 0, 5, 3, 4);
  scene.unread.set(1, [() => scene.fetched(1, 0, 1, 0, 2)]);
  expect(scene.take()).toEqual([]);

  scene.moved(0, 5, 1);

  expect(scene.take()).toEqual([0, 1, 2, 3, 4]);
});

test('a partition that moves twice before anybody looks keeps its order', () => {
  const scene = new Scene();
  scene.assigned(0, 1);
  scene.fetched(3, 0, 9, 6, 7);
  scene.fetched(2, 0, 5, 3, 5);
  scene.unread.set(1, [() => scene.fetched(1, 0, 1, 0, 2)]);

  scene.moved(0, 5, 1);
  scene.moved(0, 9, 2);

  expect(scene.take()).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
});

test('data of an older home than its partition has is dropped, off the counts and given back', () => {
  const scene = new Scene();
  scene.assigned(0, 1);
  scene.moved(0, 2, 1);
  scene.fetched(1, 0, 1, 0, 2);

  expect([scene.take(), scene.counts, scene.back.length]).toEqual([[], [0, 0], 1]);
});

test('after assign nothing of the old assignment comes, half of it handed out or on its way', () => {
  const scene = new Scene();
  scene.assigned(0, 1);
  scene.fetched(1, 0, 1, 0, 2);
  expect(scene.take(1)).toEqual([0]);
  scene.queue.assign([{ topic: 't', partition: 1, offset: 0 }]);
  scene.fetched(1, 0, 1, 3, 5);

  expect([scene.take(), scene.counts]).toEqual([[], [0, 0]]);
});

test('partitions of an assign call that another has overtaken are not taken up', () => {
  const scene = new Scene();
  scene.queue.assign([{ topic: 't', partition: 0, offset: 0 }]);
  scene.queue.assign([{ topic: 't', partition: 1, offset: 0 }]);
  scene.assigned(0, 1, 1);
  scene.fetched(1, 0, 1, 0, 2);
  expect(scene.take()).toEqual([]);
  scene.assigned(1, 2, 2);
  scene.fetched(1, 1, 2, 7, 7);

  expect(scene.take()).toEqual([7]);
  expect(scene.queue.position('t', 0)).toBeNull();
});

test('nothing comes behind a position that main has closed, and it is not moved', () => {
  const scene = new Scene();
  const cell = scene.assigned(0, 1);
  scene.fetched(1, 0, 1, 0, 2);
  expect(scene.take(1)).toEqual([0]);
  cell.close();

  expect(scene.take()).toEqual([]);
  expect(cell.position).toBe(1);
});

test('revoked cells are given back to main when their data is gone', () => {
  const scene = new Scene();
  scene.assigned(0, 1);
  scene.fetched(1, 0, 1, 0, 2);
  scene.queue.route({ type: 'revoked', cells: [scene.cell(0)] });

  expect(scene.toMain).toEqual([{ type: 'cells_done', cells: [scene.cell(0)] }]);
  expect([scene.take(), scene.counts, scene.back.length]).toEqual([[], [0, 0], 1]);
});

test('the end of a partition is not told twice for one offset, also not by another broker', () => {
  const scene = new Scene();
  scene.assigned(0, 1);
  scene.fetched(1, 0, 1, 0, 1, 2);
  scene.moved(0, 2, 1);
  scene.fetched(2, 0, 2, 2, 1, 2);

  expect(scene.take()).toEqual([0, 1, PARTITION_EOF]);
});

test("position is invalid, not unknown, between assign and main's word of it", () => {
  const scene = new Scene();
  scene.queue.assign([{ topic: 't', partition: 1, offset: 0 }]);

  expect([scene.queue.position('t', 1), scene.queue.position('t', 2)]).toEqual([-1001, null]);
});
