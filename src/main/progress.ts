// Assigned partitions that make no progress, and why: each is noticed once for each cause. @thread main
//
// Progress is a good answer of the broker's, an empty one at the end of the log as well. What the fetcher knows it says
// by an op, when it has lasted a second; leaders, pauses and the app's polls main knows by itself.

import { RD_KAFKA_RESP_ERR_NO_ERROR } from '../defs/enums.ts';
import { errorText } from '../defs/errors.ts';
import type { StallCause } from '../defs/stall_cause.ts';
import type { Assigned } from './assigned.ts';

/** How long a partition may stand still for one cause before it is told of. */
export const STALL_MS = 10_000;
const LOOK_MS = 1000;

const WARNING = 4;
const INFO = 6;

/** What is known of a partition that stands still; on `Assigned`. */
export interface Standstill {
  readonly cause: StallCause;
  readonly err: number;
  readonly since: number;
  told: boolean;
}

export interface ProgressEnv {
  partitions(): Iterable<Assigned>;
  /** It has a leader that can be fetched from. */
  placed(part: Assigned): boolean;
  /** When the app polled last, or was waiting in a poll (ms since the handle's start). */
  polledAt(): number;
  log(level: number, text: string): void;
  /** Tells the app. */
  stalled(part: Assigned, cause: StallCause): void;
}

export class Progress {
  /** How often partitions have been found standing still, by cause: for statistics. */
  readonly stalls: Record<StallCause, number>;
  private readonly env: ProgressEnv;
  private lookAt: number;

  constructor(env: ProgressEnv) {
    this.env = env;
    this.lookAt = 0;
    this.stalls = { no_leader: 0, fetch_error: 0, buffer_full: 0, paused: 0, no_answer: 0, not_polled: 0 };
  }

  /** Looks at all partitions once a second. Returns when to be polled next. */
  poll(now: number): number {
    if (now < this.lookAt) return this.lookAt;
    let any = false;
    for (const part of this.env.partitions()) {
      any = true;
      this.look(part, now);
    }
    this.lookAt = now + LOOK_MS;
    return any ? this.lookAt : Number.POSITIVE_INFINITY;
  }

  private look(part: Assigned, now: number): void {
    const cause = this.causeOf(part, now);
    const before = part.standstill;
    if (cause === null) {
      part.standstill = null;
      if (before?.told === true) this.env.log(INFO, `${nameOf(part)}: goes on`);
      return;
    }
    const err = cause === 'fetch_error' ? (part.stall?.err ?? 0) : RD_KAFKA_RESP_ERR_NO_ERROR;
    if (before === null || before.cause !== cause || before.err !== err) {
      part.standstill = { cause, err, since: now, told: false };
      return;
    }
    if (before.told || now - before.since < STALL_MS) return;
    before.told = true;
    this.stalls[cause]++;
    this.env.stalled(part, cause);
    const level = cause === 'paused' ? INFO : WARNING;
    this.env.log(level, `${nameOf(part)}: no progress for ${STALL_MS / 1000} s: ${textOf(cause, err)}`);
  }

  private causeOf(part: Assigned, now: number): StallCause | null {
    if (part.paused) return 'paused';
    if (!this.env.placed(part)) return 'no_leader';
    const { stall } = part;
    // The committed offset is still asked for.
    if (part.state === 'offset') return 'no_answer';
    if (stall === null) return null;
    if (stall.cause !== 'buffer_full') return stall.cause;
    return now - this.env.polledAt() > LOOK_MS ? 'not_polled' : 'buffer_full';
  }
}

function nameOf({ topic, number }: Assigned): string {
  return `${topic} [${number}]`;
}

const TEXTS: Readonly<Record<StallCause, string>> = {
  no_leader: 'it has no leader that can be reached',
  fetch_error: 'its leader answers with an error',
  buffer_full: 'as much as the queue limits allow waits for the application (queued.max.messages.kbytes)',
  paused: 'it is paused',
  no_answer: 'the broker does not answer',
  not_polled: 'the application does not poll, and the queue limits are reached',
};

function textOf(cause: StallCause, err: number): string {
  return err === 0 ? TEXTS[cause] : `${TEXTS[cause]}: ${errorText(err)}`;
}
