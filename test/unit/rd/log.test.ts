import { expect, test } from 'vitest';
import { LogSink, type WriteFn } from '../../../src/rd/log.ts';
import { FakeClock } from '../../kit/fake_clock.ts';

const error = (code: string) => Object.assign(new Error(code), { code });

/** A sink into `lines`; `full()` tells whether the pipe takes nothing now, `napped` the ms slept so far. */
function aSink(full: () => boolean, most: () => number = () => Number.POSITIVE_INFINITY) {
  const clock = new FakeClock();
  const out = { text: '', napped: 0 };
  const write: WriteFn = (bytes, from) => {
    if (full()) throw error('EAGAIN');
    const part = bytes.subarray(from, from + most());
    out.text += Buffer.from(part).toString();
    return part.length;
  };
  const nap = (ms: number) => {
    out.napped += ms;
    clock.advance(ms);
  };
  return { sink: new LogSink({ clock, write, nap }), clock, out };
}

test('a line is written with its newline', () => {
  const { sink, out } = aSink(() => false);

  sink.logLine('über');

  expect(out.text).toBe('über\n');
});

test('a pipe that is full for a moment delays the line', () => {
  let refusals = 3;
  const { sink, out } = aSink(() => refusals-- > 0);

  sink.logLine('late');

  expect(out).toEqual({ text: 'late\n', napped: 6 });
});

test('a pipe that takes a few bytes at a time gets the whole line', () => {
  const { sink, out } = aSink(
    () => false,
    () => 3,
  );

  sink.logLine('a longer line');

  expect(out.text).toBe('a longer line\n');
});

test('a thousand lines into a full pipe wait 50 ms in one second, all together', () => {
  const { sink, out } = aSink(() => true);

  for (let i = 0; i < 1000; i++) sink.logLine(`line ${i}`);

  expect(out.napped).toBe(50);
});

test('the wait is granted anew in the next second', () => {
  const { sink, clock, out } = aSink(() => true);
  sink.logLine('one');

  clock.advance(1000);
  sink.logLine('two');

  expect(out.napped).toBe(100);
});

test('dropped lines are counted and told before the next one that gets through', () => {
  let full = true;
  const { sink, out } = aSink(() => full);
  for (const line of ['a', 'b', 'c']) sink.logLine(line);

  full = false;
  sink.logLine('d');
  sink.logLine('e');

  expect(out.text).toBe('3 lines dropped\nd\ne\n');
});

test('a line that was cut off is ended before the next one', () => {
  let room = 4;
  const { sink, out } = aSink(
    () => room === 0,
    () => {
      const most = room;
      room = 0;
      return most;
    },
  );
  sink.logLine('torn off');

  room = 1000;
  sink.logLine('whole');

  expect(out.text).toBe('torn\n1 line dropped\nwhole\n');
});

test('nothing is thrown and nothing waited for when the descriptor is closed, or napping is impossible', () => {
  const clock = new FakeClock();
  const closed = new LogSink({
    clock,
    write: () => {
      throw error('EBADF');
    },
  });
  const sleepless = new LogSink({
    clock,
    write: () => {
      throw error('EAGAIN');
    },
    nap: () => {
      throw new Error('no napping in this thread');
    },
  });

  closed.logLine('x');
  sleepless.logLine('x');

  expect([closed.dropped, sleepless.dropped]).toEqual([1, 1]);
});
