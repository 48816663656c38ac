// A clock that stands still until the test moves it. @thread any
import type { Clock, Timer } from '../../src/rd/clock.ts';

interface Pending {
  at: number;
  order: number;
  fn: () => void;
}

/** Both clocks start at the given values; timers fire inside advance(), in order of their time, then of their setting. */
export class FakeClock implements Clock {
  private monotonic: number;
  private wallTime: number;
  private order = 0;
  private pending: Pending[] = [];

  constructor(monotonic = 1000, wall = 1_700_000_000_000) {
    this.monotonic = monotonic;
    this.wallTime = wall;
  }

  now(): number {
    return this.monotonic;
  }

  wall(): number {
    return this.wallTime;
  }

  setTimer(ms: number, fn: () => void): Timer {
    const timer: Pending = { at: this.monotonic + Math.max(ms, 0), order: this.order++, fn };
    this.pending.push(timer);
    return {
      clear: () => {
        this.pending = this.pending.filter((other) => other !== timer);
      },
    };
  }

  /** Timers set and neither fired nor cleared. */
  get timerCount(): number {
    return this.pending.length;
  }

  /** Milliseconds until the next timer, or null if none is set. */
  get nextTimerIn(): number | null {
    return this.pending.length === 0 ? null : Math.min(...this.pending.map((timer) => timer.at)) - this.monotonic;
  }

  /** Moves time on by `ms`, firing what falls due on the way, also timers that are set meanwhile. */
  advance(ms: number): void {
    const end = this.monotonic + ms;
    for (;;) {
      const due = this.pending.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at || a.order - b.order)[0];
      if (due === undefined) break;
      this.pending = this.pending.filter((other) => other !== due);
      this.move(Math.max(due.at, this.monotonic));
      due.fn();
    }
    this.move(end);
  }

  /** Sets the wall clock, as an administrator or NTP does; the monotonic one goes on undisturbed. */
  setWall(ms: number): void {
    this.wallTime = ms;
  }

  private move(to: number): void {
    this.wallTime += to - this.monotonic;
    this.monotonic = to;
  }
}
