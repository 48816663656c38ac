// memory.md, part 1, 6: an app thread (the product's AppThread) sleeps in its event loop and in blocking calls, in any
// mixture, while others ring it; with kill=1 a ringer is now and then terminated between taking MODE and posting the
// wake it then owes. Whatever was published before a ring is found, by whichever way the app sleeps.

import type { MessagePort, Worker } from 'node:worker_threads';
import { AppThread } from '../../../src/app/thread.ts';
import { Channel } from '../../../src/ops/channel.ts';
import { owesWake, ring } from '../../../src/ops/thread_page.ts';
import {
  busy,
  finish,
  type ModelStart,
  Problems,
  pair,
  Random,
  runRole,
  spin,
  startOf,
  startRole,
  timeLeft,
  viewPage,
} from './kit.ts';

const RINGERS = 2;
/** A wake that was not lost comes within that, on the slowest machine. */
const HANG_MS = 10_000;

// Shared words, 8 a ringer: what it published, what the app consumed, the order to stop before the wake, that it stops.
const PUBLISHED = 0;
const CONSUMED = 1;
const STOP_HERE = 2;
const STOPPED = 3;
const WORDS = 16;

interface RingerStart extends ModelStart {
  readonly number: number;
  readonly appPage: SharedArrayBuffer;
  readonly words: Int32Array;
  readonly toApp: MessagePort;
}

function runRinger(start: RingerStart): void {
  const { words, toApp } = start;
  const random = new Random(start.seed);
  const base = start.number * WORDS;
  const page = viewPage(start.appPage);
  const channel = new Channel<{ type: 'wake' }>(toApp, page);
  for (;;) {
    const consumed = Atomics.load(words, base + CONSUMED);
    const published = Atomics.load(words, base + PUBLISHED);
    if (published !== consumed) {
      Atomics.wait(words, base + CONSUMED, consumed, 50);
      continue;
    }
    if (random.chance(2)) spin(random.below(2000));
    if (random.chance(16)) Atomics.wait(words, base + WORDS - 1, 0, random.below(20) / 10);
    Atomics.store(words, base + PUBLISHED, published + 1);
    if (Atomics.load(words, base + STOP_HERE) === 0) channel.ring();
    else {
      // The same as `channel.ring()`, with the place to die in its middle.
      ring(page);
      if (owesWake(page)) {
        Atomics.store(words, base + STOPPED, 1);
        Atomics.wait(words, base + WORDS - 1, 0, 5000);
        toApp.postMessage({ type: 'wake' });
      }
    }
  }
}

class App {
  readonly start: ModelStart;
  readonly random: Random;
  readonly thread = new AppThread();
  readonly words = new Int32Array(new SharedArrayBuffer(4 * WORDS * RINGERS));
  readonly ringers: Worker[] = [];
  readonly busy: boolean[] = [];
  readonly counts = { turns: 0, items: 0, HANGS: 0, kills: 0, closes: 0, polls: 0 };
  readonly problems = new Problems();
  pending = false;
  fresh = 0;
  done = false;

  /** One alone: a second one's rings would hide that its wake was lost. */
  get ringing(): number {
    return this.start.options['kill'] === 1 ? RINGERS : 1;
  }

  constructor(start: ModelStart) {
    this.start = start;
    this.random = new Random(start.seed);
    // The look at the hearts that a pending promise takes every second would find what no wake came for.
    Object.assign(this.thread, { startPulse: () => {} });
    this.thread.members.add({
      drain: () => this.drain(),
      serveFromLoop: () => {},
      armed: false,
      dueAt: Number.POSITIVE_INFINITY,
    });
    for (let number = 0; number < this.ringing; number++) this.startRinger(number);
  }

  startRinger(number: number): void {
    const [mine, toApp] = pair();
    const base = number * WORDS;
    Atomics.store(this.words, base + STOP_HERE, 0);
    Atomics.store(this.words, base + STOPPED, 0);
    this.busy[number] = false;
    this.thread.reader(
      mine,
      () => {},
      () => void this.counts.closes++,
    );
    const more: Omit<RingerStart, keyof ModelStart> = {
      number,
      appPage: this.thread.page.buffer as unknown as SharedArrayBuffer,
      words: this.words,
      toApp,
    };
    this.ringers[number] = startRole('ringer', this.start, { ...more, seed: this.random.next() | 0 }, [toApp]);
  }

  drain(): void {
    for (let number = 0; number < RINGERS; number++) {
      const base = number * WORDS;
      const published = Atomics.load(this.words, base + PUBLISHED);
      const fresh = published - Atomics.load(this.words, base + CONSUMED);
      if (fresh <= 0) continue;
      this.fresh += fresh;
      this.counts.items += fresh;
      Atomics.store(this.words, base + CONSUMED, published);
      Atomics.notify(this.words, base + CONSUMED);
    }
  }

  take(): boolean {
    const any = this.fresh > 0;
    this.fresh = 0;
    return any;
  }

  get waiting(): boolean {
    for (let at = 0; at < this.words.length; at += WORDS)
      if (Atomics.load(this.words, at + PUBLISHED) !== Atomics.load(this.words, at + CONSUMED)) return true;
    return false;
  }

  /** Something is published, a promise is pending, nobody wakes it. */
  watch(): () => void {
    let last = 0;
    let since = performance.now();
    const timer = setInterval(() => {
      const now = performance.now();
      if (this.counts.items !== last || !this.pending || !this.waiting) {
        last = this.counts.items;
        since = now;
      } else if (now - since > HANG_MS) {
        this.counts.HANGS++;
        since = now;
        this.thread.woken();
      }
    }, 20);
    return () => clearInterval(timer);
  }

  kill(number: number): void {
    const base = number * WORDS;
    this.busy[number] = true;
    Atomics.store(this.words, base + STOP_HERE, 1);
    const from = performance.now();
    const timer = setInterval(() => {
      if (Atomics.load(this.words, base + STOPPED) === 0 && performance.now() - from < 30) return;
      clearInterval(timer);
      this.counts.kills++;
      void this.ringers[number]!.terminate().then(() => {
        // Long enough for what it published to need the close of its port.
        setTimeout(() => {
          if (!this.done) this.startRinger(number);
        }, 2);
      });
    }, 1);
  }

  blocking(ms: number): void {
    if (this.done) return;
    this.counts.polls++;
    this.thread.wait(ms, () => this.take());
  }

  async run(): Promise<void> {
    const { random, counts, thread } = this;
    const kill = this.start.options['kill'] === 1;
    const goesOn = timeLeft(
      this.start,
      () => counts.items * counts.polls * (kill ? counts.kills * counts.closes : 1) > 0,
    );
    const stopWatch = this.watch();
    const alive = setInterval(() => {}, 1000);
    while (goesOn() && counts.HANGS === 0) {
      counts.turns++;
      this.pending = true;
      const promise = thread.waitAsync(-1, () => this.take(), null);
      if (random.chance(4)) setImmediate(() => this.blocking(0));
      if (random.chance(64)) setTimeout(() => this.blocking(random.below(3)), 1);
      await promise;
      this.pending = false;
      if (random.chance(8)) busy(random.below(50) / 1000);
      if (random.chance(32)) await new Promise((resolve) => setImmediate(resolve));
      const number = random.below(this.ringing);
      if (kill && random.chance(50) && this.busy[number] === false && !this.busy.includes(true)) this.kill(number);
    }
    this.done = true;
    clearInterval(alive);
    stopWatch();
    for (const ringer of this.ringers) void ringer.terminate();
    finish(this.start, { ...counts, waiters: thread.pendingPromises }, this.problems);
  }
}

const start = startOf<ModelStart>();
runRole(() => {
  if (start.role === 'app') void new App(start).run();
  else runRinger(start as RingerStart);
});
