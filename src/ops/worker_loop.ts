// The loop of a worker of ours: bell, ports, then whatever is due; one timer for all that waits for time.
// @thread main, broker, mock

import type { Clock, Timer } from '../rd/clock.ts';
import { BellLoop } from './bell.ts';
import type { ThreadPage } from './thread_page.ts';

export interface LoopTask {
  /** Routes what the ports brought. */
  drain(): void;
  /** Does what is due at `now` (of the loop's clock); gives the time of the next thing, Infinity for none. */
  serve(now: number): number;
}

export class WorkerLoop {
  readonly page: ThreadPage;
  readonly clock: Clock;
  private readonly tasks: Set<LoopTask>;
  private readonly bell: BellLoop;
  private timer: Timer | null;
  private timerAt: number;
  private scheduled: boolean;

  constructor(page: ThreadPage, clock: Clock) {
    this.page = page;
    this.clock = clock;
    this.tasks = new Set();
    this.bell = new BellLoop(page, () => this.turn());
    this.timer = null;
    this.timerAt = Number.POSITIVE_INFINITY;
    this.scheduled = false;
  }

  start(): void {
    this.bell.start();
  }

  add(task: LoopTask): void {
    this.tasks.add(task);
    this.soon();
  }

  remove(task: LoopTask): void {
    this.tasks.delete(task);
  }

  get size(): number {
    return this.tasks.size;
  }

  /** Something may be due that no bell and no timer tells: an answer came, a connection changed. Runs once a turn. */
  soon(): void {
    if (this.scheduled) return;
    this.scheduled = true;
    setImmediate(() => {
      this.scheduled = false;
      this.turn();
    });
  }

  stop(): void {
    this.bell.stop();
    this.timer?.clear();
    this.timer = null;
    this.tasks.clear();
  }

  private turn(): void {
    for (const task of this.tasks) task.drain();
    let wake = Number.POSITIVE_INFINITY;
    const now = this.clock.now();
    for (const task of this.tasks) wake = Math.min(wake, task.serve(now));
    this.setTimer(wake, now);
  }

  /** A timer that is set for sooner stays: it finds nothing due and sets the next one, which is cheaper than moving it. */
  private setTimer(wake: number, now: number): void {
    if (this.timer !== null && this.timerAt <= wake) return;
    this.timer?.clear();
    this.timer = null;
    this.timerAt = wake;
    if (wake === Number.POSITIVE_INFINITY) return;
    this.timer = this.clock.setTimer(Math.max(0, wake - now), () => {
      this.timer = null;
      this.timerAt = Number.POSITIVE_INFINITY;
      this.turn();
    });
  }
}
