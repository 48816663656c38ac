// Waiting times after failures: between connection attempts, and between attempts of one request. @thread any

/** Gives a number in [0, 1), like Math.random; passed in so that tests choose it. */
export type Random = () => number;

/**
 * When to connect next. The wait doubles with each attempt from `base` to `max` ms, with a jitter of -25% to +50%;
 * it starts over when the last planned attempt lies more than `max` ms back.
 */
export class ReconnectBackoff {
  private readonly base: number;
  private readonly max: number;
  private readonly random: Random;
  /** The wait after the present attempt, and after the next one; without jitter. */
  private wait: number;
  private nextWait: number;
  private nextAt: number;

  constructor(base: number, max: number, random: Random) {
    this.base = base;
    this.max = max;
    this.random = random;
    this.wait = base;
    this.nextWait = base;
    this.nextAt = Number.NEGATIVE_INFINITY;
  }

  /** An attempt starts at `now` (monotonic ms): the next one is due after the current wait, which then doubles. */
  attempt(now: number): void {
    if (this.nextAt + this.max < now) this.nextWait = this.base;
    this.wait = this.nextWait;
    this.nextWait = Math.min(this.wait * 2, this.max);
    this.postpone(now);
  }

  /** The attempt has failed at `now`: the wait that follows it counts from here. */
  postpone(now: number): void {
    const jittered = Math.floor(this.wait * (0.75 + 0.75 * this.random()));
    this.nextAt = now + Math.min(jittered, this.max);
  }

  /** Milliseconds from `now` until the next attempt may start, 0 if it may at once. */
  remaining(now: number): number {
    return Math.max(0, this.nextAt - now);
  }
}

/**
 * Milliseconds to wait before retry number `retry` (1 for the first): `base` * 2^(retry-1), times a jitter of 0.8 to
 * 1.2, no more than `max`.
 */
export function retryBackoff(retry: number, base: number, max: number, random: Random): number {
  const doubled = base * 2 ** Math.max(0, retry - 1);
  return Math.min(max, doubled * (0.8 + 0.4 * random()));
}
