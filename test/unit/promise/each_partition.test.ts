import { expect, test } from 'vitest';
import type { Consumed } from '../../../src/app/consumer.ts';
import { EachPartition, HandlerContext, type Ticket } from '../../../src/promise/each_partition.ts';
import { SeededRandom } from '../../kit/random_message.ts';

function partition(): EachPartition {
  return new EachPartition({ topic: 't', number: 0 } as Consumed, 0);
}

test('what is done before the lowest unfinished one moves nothing', () => {
  const part = partition();
  const tickets = [10, 11, 12].map((offset) => part.take(offset, 5));

  expect([part.finish(tickets[1]!), part.finish(tickets[2]!)]).toEqual([null, null]);
  expect(part.lowest).toBe(10);
  expect(part.ahead).toBe(3);
});

test('the lowest one that is done brings all that are done behind it', () => {
  const part = partition();
  const tickets = [10, 11, 12, 13].map((offset) => part.take(offset, 5));
  part.finish(tickets[1]!);
  part.finish(tickets[3]!);

  expect(part.finish(tickets[0]!)).toMatchObject({ offset: 11, leaderEpoch: 5 });
  expect(part.lowest).toBe(12);
  expect(part.ahead).toBe(2);
  expect(part.finish(tickets[2]!)).toMatchObject({ offset: 13 });
  expect(part.lowest).toBeNull();
});

test('offsets may have gaps', () => {
  const part = partition();
  const tickets = [3, 70, 71].map((offset) => part.take(offset, -1));

  expect(tickets.map((ticket) => part.finish(ticket)?.offset)).toEqual([3, 70, 71]);
});

test('in whatever order they end, what is told is the last of those below the lowest unfinished one', () => {
  const seed = Math.floor(Math.random() * 0x7fffffff);
  const random = new SeededRandom(seed);
  for (let round = 0; round < 200; round++) {
    const part = partition();
    const open: Ticket[] = [];
    const done = new Set<number>();
    let next = 0;
    let told = -1;
    while (next < 40 || open.length > 0) {
      if (next < 40 && (open.length === 0 || random.below(2) === 0)) open.push(part.take(next++, 0));
      else {
        const [ticket] = open.splice(random.below(open.length), 1);
        done.add(ticket!.offset);
        told = part.finish(ticket!)?.offset ?? told;
      }
      let lowest = 0;
      while (done.has(lowest)) lowest++;
      expect(told, `seed ${seed}`).toBe(lowest - 1);
      expect(part.lowest, `seed ${seed}`).toBe(lowest < next ? lowest : null);
    }
  }
});

test('each handler has a signal of its own, aborted with all of its partition, and by the first reason', () => {
  const part = partition();
  const [one, other, ended] = [new HandlerContext(part), new HandlerContext(part), new HandlerContext(part)];
  const signals = [one, other, ended].map(({ signal }) => signal);
  ended.end();

  part.abort('first');
  part.abort('second');

  expect(new Set(signals).size).toBe(3);
  expect(one.signal).toBe(signals[0]);
  expect(signals.map(({ aborted, reason }) => [aborted, reason])).toEqual([
    [true, 'first'],
    [true, 'first'],
    [false, undefined],
  ]);
  expect(new HandlerContext(part).signal.reason).toBe('first');
});
