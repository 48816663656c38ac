// What was handled is stored: with an app thread whose ops the test posts.
import { expect, test } from 'vitest';
import { APP_STORES, ASKS_APP } from '../../../src/ops/head_page.ts';
import { ConsumerScene as Scene } from '../../kit/consumer_scene.ts';

const PULL = { stop: () => Promise.resolve() };
const INVALID = -1001;

test('what was handed out before counts as stored, what is handed out from there on does not', () => {
  const scene = new Scene();
  const cell = scene.assigned(0, 1);
  scene.fetched(1, 0, 1, 0, 4);
  scene.take(2);

  scene.queue.pulls.begin('messages', PULL, false);
  scene.take(2);

  expect(cell.stored.offset).toBe(2);
  expect(cell.position).toBe(4);
  expect([APP_STORES, ASKS_APP].map((word) => Atomics.load(scene.memory.head, word))).toEqual([1, 1]);
});

test('what is handled after its partition went is stored nowhere, though its cell is of another one by then', () => {
  const scene = new Scene();
  const old = scene.assigned(0, 1);
  const { pulls, assigned } = scene.queue;
  const part = assigned.get(old.id)!;
  pulls.begin('each', PULL, true);
  scene.queue.route({ type: 'revoked', cells: [old.id] });
  const cell = scene.assigned(3, 2, -1, 0);

  pulls.handled(part, 100, 0);

  expect(cell.id).toBe(old.id);
  expect(cell.stored.offset).toBe(INVALID);
});

test('with enable.auto.offset.store=false messages stores nothing, each does', () => {
  for (const [always, offset] of [
    [false, INVALID],
    [true, 7],
  ] as const) {
    const scene = new Scene({ 'enable.auto.offset.store': false });
    const cell = scene.assigned(0, 1);
    scene.queue.pulls.begin('messages', PULL, always);

    scene.queue.pulls.handled(scene.queue.assigned.get(cell.id)!, 7, 0);

    expect(cell.stored.offset).toBe(offset);
  }
});

test('a poll while a pull is on changes nothing; the first one after its end does', () => {
  const scene = new Scene();
  const { pulls } = scene.queue;
  const stores = (): number => Atomics.load(scene.memory.head, APP_STORES);
  pulls.begin('messages', PULL, false);
  pulls.polled();
  expect(stores()).toBe(1);

  pulls.end(PULL);
  expect(stores()).toBe(1);
  pulls.polled();

  expect(stores()).toBe(0);
});
