import { expect, test } from 'vitest';
import { Fifo } from '../../../src/rd/fifo.ts';

test('what goes in comes out in the same order, over many wraps and doublings', () => {
  const fifo = new Fifo<number>();
  const out: number[] = [];
  let next = 0;

  for (let round = 0; round < 200; round++) {
    for (let i = 0; i < round % 37; i++) fifo.push(next++);
    for (let i = 0; i < round % 29 && fifo.size > 0; i++) out.push(fifo.shift() as number);
  }
  while (fifo.size > 0) out.push(fifo.shift() as number);

  expect(out).toEqual(Array.from({ length: next }, (_, i) => i));
});

test('an empty one gives undefined', () => {
  const fifo = new Fifo<string>();
  fifo.push('a');
  fifo.shift();

  expect([fifo.shift(), fifo.peek(), fifo.at(0), fifo.size]).toEqual([undefined, undefined, undefined, 0]);
});

test('at() counts from the front and knows no more than there is', () => {
  const fifo = new Fifo<string>();
  for (const item of ['x', 'a', 'b']) fifo.push(item);
  fifo.shift();

  expect([fifo.at(0), fifo.at(1), fifo.at(2), fifo.at(-1)]).toEqual(['a', 'b', undefined, undefined]);
});

test('it is walked from the front on, and keeps what it has', () => {
  const fifo = new Fifo<number>();
  for (let i = 0; i < 15; i++) fifo.push(i);
  for (let i = 0; i < 10; i++) fifo.shift();
  for (let i = 15; i < 20; i++) fifo.push(i);

  expect([[...fifo], fifo.size]).toEqual([[10, 11, 12, 13, 14, 15, 16, 17, 18, 19], 10]);
});

test('remove() takes out what is picked and keeps both orders', () => {
  const fifo = new Fifo<number>();
  for (let i = 0; i < 40; i++) fifo.push(i);

  const odd = fifo.remove((item) => item % 2 === 1);

  expect(odd).toEqual(Array.from({ length: 20 }, (_, i) => 2 * i + 1));
  expect(Array.from({ length: fifo.size }, () => fifo.shift())).toEqual(Array.from({ length: 20 }, (_, i) => 2 * i));
});
