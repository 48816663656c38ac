import { expect, test } from 'vitest';
import { Heap, type HeapEntry } from '../../../src/rd/heap.ts';

/** The same numbers in each run: a linear congruential generator. */
function numbers(count: number, below: number): number[] {
  let seed = 12345;
  return Array.from({ length: count }, () => (seed = (seed * 1103515245 + 12345) % 2 ** 31) % below);
}

const entry = (at: number): HeapEntry => ({ at, heapIndex: -1, heapOrder: 0 });

function drain(heap: Heap<HeapEntry>): number[] {
  const out: number[] = [];
  for (let first = heap.shift(); first !== undefined; first = heap.shift()) out.push(first.at);
  return out;
}

test('entries come out by number', () => {
  const heap = new Heap<HeapEntry>();
  const all = numbers(1000, 500);

  for (const at of all) heap.add(entry(at));

  expect(drain(heap)).toEqual([...all].sort((a, b) => a - b));
});

test('of entries with the same number the one added first comes out first', () => {
  const heap = new Heap<HeapEntry & { id: number }>();
  const ids: number[] = [];

  for (let id = 0; id < 50; id++) heap.add({ ...entry(7), id });
  for (let first = heap.shift(); first !== undefined; first = heap.shift()) ids.push(first.id);

  expect(ids).toEqual(Array.from({ length: 50 }, (_, id) => id));
});

test('entries can be taken anywhere and moved, and the rest stays in order', () => {
  const heap = new Heap<HeapEntry>();
  const all = numbers(1000, 5000).map(entry);
  for (const one of all) heap.add(one);

  for (let i = 0; i < all.length; i += 3) heap.remove(all[i] as HeapEntry);
  for (let i = 1; i < all.length; i += 3) heap.move(all[i] as HeapEntry, 5000 - (all[i] as HeapEntry).at);

  const left = all.filter((_, i) => i % 3 !== 0).map((one) => one.at);
  expect(drain(heap)).toEqual(left.sort((a, b) => a - b));
});

test('an entry that is outside is left alone', () => {
  const heap = new Heap<HeapEntry>();
  const inside = entry(1);
  const outside = entry(2);
  heap.add(inside);

  expect([heap.remove(outside), heap.remove(inside), heap.remove(inside), heap.size]).toEqual([false, true, false, 0]);
});

test('moving an entry that is outside adds it', () => {
  const heap = new Heap<HeapEntry>();
  const one = entry(0);

  heap.move(one, 7);

  expect([heap.peek()?.at, heap.size]).toEqual([7, 1]);
});
