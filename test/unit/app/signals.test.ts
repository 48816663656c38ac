import { performance } from 'node:perf_hooks';
import { afterEach, expect, test } from 'vitest';
import { LoopWatch, MainSignals } from '../../../src/app/signals.ts';
import { BELL, newThreadPage, ring } from '../../../src/ops/thread_page.ts';

const nothing = (): void => {};
const turn = (): Promise<void> => new Promise((done) => setImmediate(done));

/** How often the guard took the listeners of SIGINT away, which is how vm does it. */
let guarded = 0;
const count = (name: string | symbol): void => {
  if (name === 'SIGINT') guarded++;
};

afterEach(() => {
  process.off('removeListener', count);
  process.off('SIGINT', nothing).off('SIGTERM', nothing);
});

function listening(): void {
  guarded = 0;
  process.on('SIGINT', nothing);
  process.on('removeListener', count);
}

test('a wait of more than 1 ms is guarded while the process listens for SIGINT', () => {
  listening();
  const started = performance.now();

  new MainSignals().nap(newThreadPage(), 0, 20);

  expect(performance.now() - started).toBeGreaterThan(15);
  expect(guarded).toBe(1);
  expect(process.listeners('SIGINT')).toContain(nothing);
});

test('a short wait, one that is over, and one without a listener are not guarded', () => {
  listening();
  const page = newThreadPage();
  const signals = new MainSignals();
  ring(page);

  signals.nap(page, Atomics.load(page, BELL), 1);
  signals.nap(page, Atomics.load(page, BELL) - 1, 60_000);
  process.off('removeListener', count);
  process.off('SIGINT', nothing);
  process.on('removeListener', count);
  signals.nap(page, Atomics.load(page, BELL), 5);

  expect(guarded).toBe(0);
  expect(signals.pending).toBe(false);
});

/** A watch whose clock stands until it is moved, and what it has said. */
function watching(): { at: (ms: number) => void; look: () => void; said: string[] } {
  const said: string[] = [];
  let now = 0;
  const watch = new LoopWatch(
    () => now,
    (text) => said.push(text),
  );
  return { at: (ms) => (now = ms), look: () => watch.look(), said };
}

test('calls for 5 s without a turn of the event loop are told once, where signals are listened for', () => {
  process.on('SIGTERM', nothing);
  const { at, look, said } = watching();

  for (let ms = 0; ms <= 20_000; ms += 500) {
    at(ms);
    look();
    expect(said.length).toBe(ms < 5000 ? 0 : 1);
  }
  expect(said[0]).toContain('rdkafka-ts/program');
});

test('a turn of the event loop begins the 5 s anew', async () => {
  process.on('SIGTERM', nothing);
  const { at, look, said } = watching();

  for (let ms = 0; ms <= 20_000; ms += 4000) {
    at(ms);
    look();
    await turn();
  }

  expect(said).toEqual([]);
});

test('a thread without listeners is not watched', () => {
  const { at, look, said } = watching();

  for (let ms = 0; ms <= 20_000; ms += 1000) {
    at(ms);
    look();
  }

  expect(said).toEqual([]);
});
