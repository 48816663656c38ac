// Time and timers: the only file that reads a clock. Everything else is handed a Clock. @thread any
import { performance } from 'node:perf_hooks';
import { clearTimeout, setTimeout } from 'node:timers';

/** A timer that has been set; clearing it twice, or after it fired, does nothing. */
export interface Timer {
  clear(): void;
}

/** What a part of the library knows of time. */
export interface Clock {
  /** Milliseconds, fractional, never going back, since the start of the process: the same in all of its threads. */
  now(): number;
  /** Milliseconds since 1970, as the machine believes; may jump. */
  wall(): number;
  /** Calls `fn` once, from the event loop, no sooner than after `ms` milliseconds (0 is the next turn). */
  setTimer(ms: number, fn: () => void): Timer;
}

const LONGEST_TIMER = 2 ** 31 - 1;
// Taken once, at load: a program that replaces Date.now or performance.now later does not move our deadlines.
const readMonotonic: () => number = performance.now.bind(performance);
const readWall: () => number = Date.now.bind(Date);

/** The machine's clock. Its timers keep the thread alive; one set for longer than 24.8 days fires after 24.8 days. */
export const systemClock: Clock = {
  now: readMonotonic,
  wall: readWall,
  setTimer(ms: number, fn: () => void): Timer {
    const handle = setTimeout(fn, Math.min(Math.max(ms, 0), LONGEST_TIMER));
    return { clear: () => clearTimeout(handle) };
  },
};
