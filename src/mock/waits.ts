// What tests wait for: conditions that are looked at when a request was served, a command done, and now and then because of
// what timers do (a session that ends). @thread mock
import { setImmediate } from 'node:timers';
import type { Clock, Timer } from '../rd/clock.ts';

/** How soon what a timer has done is seen. */
const PULSE_MS = 20;

/** How it ended: the condition held, the time was up, or it can't hold any more (`text` says why). */
export type Ended<T> =
  | { readonly ended: 'held'; readonly value: T }
  | { readonly ended: 'late'; readonly text: string }
  | { readonly ended: 'over'; readonly text: string };

interface Waiting {
  /** What the condition gives once it holds, undefined before. */
  readonly look: () => unknown;
  readonly state: () => string;
  readonly end: (how: Ended<any>) => void;
  readonly fail: (error: unknown) => void;
  readonly timer: Timer | null;
}

export class Waits {
  readonly #clock: Clock;
  readonly #waiting: Map<number, Waiting> = new Map();
  #pulse: Timer | null = null;
  #looks = false;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /**
   * @param id by which it can be cancelled
   * @param timeoutMs negative: for ever
   * @param look what it gives when it holds, undefined before
   * @param state how things stand, for whoever waited in vain
   */
  until<T>(id: number, timeoutMs: number, look: () => T | undefined, state: () => string): Promise<Ended<T>> {
    const now = look();
    if (now !== undefined) return Promise.resolve({ ended: 'held', value: now });
    return new Promise<Ended<T>>((resolve, reject) => {
      const timer = timeoutMs < 0 ? null : this.#clock.setTimer(timeoutMs, () => this.#late(id));
      this.#waiting.set(id, { look, state, end: resolve, fail: reject, timer });
      this.#beat();
    });
  }

  /** Something has changed: all that waits is looked at, once a turn. */
  touched(): void {
    if (this.#looks || this.#waiting.size === 0) return;
    this.#looks = true;
    setImmediate(() => {
      this.#looks = false;
      this.#lookAll();
    });
  }

  /** Nobody waits for this one any more. */
  cancel(id: number): void {
    this.#end(id)?.end({ ended: 'over', text: 'it was cancelled' });
  }

  /** Ends all: what they wait for is gone. */
  clear(text: string): void {
    for (const id of [...this.#waiting.keys()]) this.#end(id)?.end({ ended: 'over', text });
  }

  #beat(): void {
    this.#pulse ??= this.#clock.setTimer(PULSE_MS, () => {
      this.#pulse = null;
      this.#lookAll();
      if (this.#waiting.size > 0) this.#beat();
    });
  }

  #lookAll(): void {
    for (const [id, waiting] of [...this.#waiting]) this.#settle(id, waiting);
  }

  #settle(id: number, { look, end, fail }: Waiting): boolean {
    try {
      const value = look();
      if (value === undefined) return false;
      this.#end(id);
      end({ ended: 'held', value });
    } catch (error) {
      this.#end(id);
      fail(error);
    }
    return true;
  }

  #late(id: number): void {
    const waiting = this.#waiting.get(id);
    if (waiting === undefined || this.#settle(id, waiting)) return;
    this.#end(id);
    waiting.end({ ended: 'late', text: waiting.state() });
  }

  #end(id: number): Waiting | undefined {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.timer?.clear();
    if (this.#waiting.size === 0) {
      this.#pulse?.clear();
      this.#pulse = null;
    }
    return waiting;
  }
}
