// What tests wait for in the mock worker.
import { expect, test } from 'vitest';
import { Waits } from '../../../src/mock/waits.ts';
import { FakeClock } from '../../kit/fake_clock.ts';

const turn = (): Promise<void> => new Promise((done) => setImmediate(done));

function waiting(): { clock: FakeClock; waits: Waits; state: { value: number } } {
  const clock = new FakeClock();
  return { clock, waits: new Waits(clock), state: { value: 0 } };
}

const isThree =
  ({ state }: ReturnType<typeof waiting>) =>
  (): string | undefined =>
    state.value === 3 ? 'three' : undefined;

test('what holds already is told at once, and leaves no timer', async () => {
  const w = waiting();
  w.state.value = 3;

  expect(await w.waits.until(1, 100, isThree(w), () => '')).toEqual({ ended: 'held', value: 'three' });
  expect(w.clock.timerCount).toBe(0);
});

test('a condition is looked at when something has changed, once a turn', async () => {
  const w = waiting();
  let looks = 0;
  const look = (): string | undefined => {
    looks++;
    return isThree(w)();
  };
  const held = w.waits.until(1, 100, look, () => '');
  w.state.value = 3;

  w.waits.touched();
  w.waits.touched();
  await turn();

  expect(await held).toEqual({ ended: 'held', value: 'three' });
  expect(looks).toBe(2);
  expect(w.clock.timerCount).toBe(0);
});

test('a condition that no request made true is seen within 20 ms', async () => {
  const w = waiting();
  const held = w.waits.until(1, -1, isThree(w), () => '');
  w.clock.advance(200);
  w.state.value = 3;

  w.clock.advance(20);

  expect(await held).toEqual({ ended: 'held', value: 'three' });
  expect(w.clock.timerCount).toBe(0);
});

test('when time is up it says how things stand', async () => {
  const w = waiting();
  const late = w.waits.until(1, 100, isThree(w), () => `it is ${w.state.value}`);
  w.state.value = 2;

  w.clock.advance(100);

  expect(await late).toEqual({ ended: 'late', text: 'it is 2' });
  expect(w.clock.timerCount).toBe(0);
});

test('what came true in the last moment counts', async () => {
  const w = waiting();
  const held = w.waits.until(1, 5, isThree(w), () => '');
  w.state.value = 3;

  w.clock.advance(5);

  expect((await held).ended).toBe('held');
});

test('one that is cancelled ends, the others wait on', async () => {
  const w = waiting();
  const [one, other] = [w.waits.until(1, 100, isThree(w), () => ''), w.waits.until(2, 100, isThree(w), () => '')];

  w.waits.cancel(1);
  w.waits.cancel(7);
  w.state.value = 3;
  w.waits.touched();

  expect((await one).ended).toBe('over');
  expect((await other).ended).toBe('held');
});

test('all end when what they wait for is gone', async () => {
  const w = waiting();
  const both = [w.waits.until(1, -1, isThree(w), () => ''), w.waits.until(2, 100, isThree(w), () => '')];

  w.waits.clear('the cluster was reset');

  expect(await Promise.all(both)).toEqual(Array(2).fill({ ended: 'over', text: 'the cluster was reset' }));
  expect(w.clock.timerCount).toBe(0);
});

test('a condition that can not be looked at fails whoever waits for it, and nobody else', async () => {
  const w = waiting();
  let broken = false;
  const bad = w.waits.until(
    1,
    100,
    () => {
      if (broken) throw new Error('no codec');
      return undefined;
    },
    () => '',
  );
  const good = w.waits.until(2, 100, isThree(w), () => '');
  broken = true;
  w.state.value = 3;

  w.waits.touched();

  await expect(bad).rejects.toThrow('no codec');
  expect((await good).ended).toBe('held');
});
