// memory.md, part 1, 8: waiting time is added up against main's heart. All times a tenth: main beats every 25 ms, a
// slice is 100 ms, silence of 1 s is death; what `MainWorker.watch` is told is ten times what was measured.
// A main that beats is never taken for dead, whatever the app does; one that hangs is, over many short calls.

import { MainWorker } from '../../../src/app/mains.ts';
import { AppThread } from '../../../src/app/thread.ts';
import { BELL, HEARTBEAT } from '../../../src/ops/thread_page.ts';
import {
  busy,
  finish,
  type ModelStart,
  newPage,
  Problems,
  Random,
  runRole,
  startOf,
  startRole,
  viewPage,
} from './kit.ts';

const TENTH = 10;
const SLICE_MS = 100;

interface MainStart extends ModelStart {
  readonly page: SharedArrayBuffer;
  readonly hang: Int32Array;
}

function runMain(start: MainStart): void {
  const page = viewPage(start.page);
  setInterval(() => {
    Atomics.add(page, HEARTBEAT, 1);
    if (Atomics.load(start.hang, 0) === 0) return;
    Atomics.store(start.hang, 1, 1);
    for (;;) busy(1);
  }, 25);
}

class App {
  readonly thread = new AppThread();
  readonly main: MainWorker;
  readonly counts = { calls: 0, FALSE_DEATHS: 0, hangs: 0, foundAfterMs: 0, NOT_FOUND: 0 };

  constructor(page: SharedArrayBuffer) {
    // Only its page is looked at.
    this.main = new MainWorker(null as never, null as never, viewPage(page));
  }

  /** What AppThread.wait does with the hearts, ten times as fast. True: main is taken for dead. */
  poll(ms: number): boolean {
    this.counts.calls++;
    const { page } = this.thread;
    const end = performance.now() + ms;
    for (;;) {
      const seen = Atomics.load(page, BELL);
      const rest = end - performance.now();
      if (rest <= 0) return false;
      const from = performance.now();
      Atomics.wait(page, BELL, seen, Math.min(rest, SLICE_MS));
      if (!this.main.watch((performance.now() - from) * TENTH)) return true;
    }
  }
}

function run(start: ModelStart): void {
  const random = new Random(start.seed);
  const { page, memory } = newPage();
  // The order to hang, and that its last beat is behind it.
  const hang = new Int32Array(new SharedArrayBuffer(8));
  const app = new App(memory);
  const { counts } = app;
  // Before the first beat nothing is counted, however long main takes to start.
  if (app.poll(50)) counts.FALSE_DEATHS++;
  startRole('main', start, { page: memory, hang });
  while (Atomics.load(page, HEARTBEAT) === 0) Atomics.wait(hang, 0, 0, 5);
  const end = performance.now() + Math.max(1, start.seconds - 1.5) * 1000;
  while (performance.now() < end && counts.FALSE_DEATHS === 0) {
    const what = random.below(10);
    if (what < 6) {
      if (app.poll(random.below(30))) counts.FALSE_DEATHS++;
    } else if (what < 9) {
      if (app.poll(random.below(400))) counts.FALSE_DEATHS++;
    } else busy(random.below(300));
  }
  Atomics.store(hang, 0, 1);
  while (Atomics.load(hang, 1) === 0) Atomics.wait(hang, 1, 0, 5);
  const from = performance.now();
  let found = false;
  while (!found && performance.now() - from < 30_000) found = app.poll(1 + random.below(20));
  counts.hangs++;
  counts.foundAfterMs = Math.round(performance.now() - from);
  if (!found) counts.NOT_FOUND++;
  finish(start, counts, new Problems());
}

const start = startOf<ModelStart>();
runRole(() => {
  if (start.role === 'app') run(start);
  else runMain(start as MainStart);
});
