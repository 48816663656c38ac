import { expect, test } from 'vitest';
import { Alarm, Deadlines } from '../../../src/wire/deadlines.ts';
import { FakeClock } from '../../kit/fake_clock.ts';

function aSet(): { clock: FakeClock; deadlines: Deadlines; fired: string[]; alarm: (name: string) => Alarm } {
  const clock = new FakeClock(0);
  const fired: string[] = [];
  const deadlines = new Deadlines(clock, () => fired.push('|'));
  return { clock, deadlines, fired, alarm: (name) => new Alarm(() => fired.push(name)) };
}

test('deadlines fall due in their order, those that are due together are told together', () => {
  const { clock, deadlines, fired, alarm } = aSet();
  deadlines.set(alarm('c'), 30);
  deadlines.set(alarm('a'), 10);
  deadlines.set(alarm('b1'), 20);
  deadlines.set(alarm('b2'), 20);

  clock.advance(30);

  expect(fired).toEqual(['a', '|', 'b1', 'b2', '|', 'c', '|']);
});

test('a cancelled deadline does not fall due', () => {
  const { clock, deadlines, fired, alarm } = aSet();
  const one = alarm('a');
  deadlines.set(one, 10);
  deadlines.set(alarm('b'), 20);

  deadlines.cancel(one);
  clock.advance(100);

  expect(fired).toEqual(['b', '|']);
});

test('a deadline that is set again counts from there', () => {
  const { clock, deadlines, fired, alarm } = aSet();
  const one = alarm('a');
  deadlines.set(one, 10);

  deadlines.set(one, 50);
  clock.advance(49);
  const before = [...fired];
  clock.advance(1);

  expect([before, fired]).toEqual([[], ['a', '|']]);
});

test('a thousand deadlines that are all met need one timer, not a thousand', () => {
  const { clock, deadlines, fired, alarm } = aSet();
  let timers = 0;
  const setTimer = clock.setTimer.bind(clock);
  clock.setTimer = (ms, fn) => {
    timers++;
    return setTimer(ms, fn);
  };

  for (let i = 0; i < 1000; i++) {
    const one = alarm(`${i}`);
    deadlines.set(one, clock.now() + 60_000);
    clock.advance(1);
    deadlines.cancel(one);
  }
  clock.advance(200_000);

  expect([timers, fired]).toEqual([1, []]);
});

test('clear() leaves no timer', () => {
  const { clock, deadlines, alarm } = aSet();
  deadlines.set(alarm('a'), 10);

  deadlines.clear();

  expect(clock.timerCount).toBe(0);
});
