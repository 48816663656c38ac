import { expect, test } from 'vitest';
import { Aborts } from '../../../src/app/aborts.ts';

/** A signal whose listeners are counted. */
function counted() {
  const controller = new AbortController();
  const { signal } = controller;
  const listeners = new Set<unknown>();
  const add = signal.addEventListener.bind(signal);
  const remove = signal.removeEventListener.bind(signal);
  signal.addEventListener = (type: string, listener: any, options?: any) => {
    listeners.add(listener);
    add(type, listener, options);
  };
  signal.removeEventListener = (type: string, listener: any) => {
    listeners.delete(listener);
    remove(type, listener);
  };
  return { controller, signal, listeners };
}

test('many calls share one listener, which goes with the last of them', () => {
  const aborts = new Aborts();
  const { signal, listeners } = counted();

  const takers = Array.from({ length: 100 }, () => aborts.add(signal, () => {}));
  const while100 = listeners.size;
  for (const take of takers.slice(1)) take();
  const while1 = listeners.size;
  takers[0]!();
  takers[0]!();

  expect([while100, while1, listeners.size]).toEqual([1, 1, 0]);
});

test('an abort calls all that are left, once, in their order', () => {
  const aborts = new Aborts();
  const { controller, signal, listeners } = counted();
  const called: string[] = [];
  aborts.add(signal, () => called.push('a'));
  const taken = aborts.add(signal, () => called.push('b'));
  // One that takes another back, and one that adds.
  const last = aborts.add(signal, () => called.push('e'));
  aborts.add(signal, () => {
    called.push('c');
    last();
  });
  taken();

  controller.abort();

  expect(called).toEqual(['a', 'e', 'c']);
  expect(listeners.size).toBe(0);
});

test('who is taken back by one that is called before is not called', () => {
  const aborts = new Aborts();
  const { controller, signal } = counted();
  const called: string[] = [];
  let take = (): void => {};
  aborts.add(signal, () => {
    called.push('a');
    take();
  });
  take = aborts.add(signal, () => called.push('b'));

  controller.abort();

  expect(called).toEqual(['a']);
});

test('signals are apart', () => {
  const aborts = new Aborts();
  const [one, other] = [counted(), counted()];
  const called: string[] = [];
  aborts.add(one.signal, () => called.push('one'));
  aborts.add(other.signal, () => called.push('other'));

  one.controller.abort();

  expect(called).toEqual(['one']);
  expect(other.listeners.size).toBe(1);
});
