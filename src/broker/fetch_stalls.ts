// Partitions that stand still at this broker, and why: main hears of it when it has lasted a second, and when it is over
// (main/progress.ts makes something of it). @thread broker

import * as E from '../defs/enums.ts';
import type { FetchStall } from '../ops/ops.ts';
import type { FetchPartition } from './fetch_partition.ts';

export type FetchStallCause = NonNullable<FetchStall['cause']>;

/** How often the partitions are looked at, and how long a cause has to last to be told. */
const LOOK_MS = 1000;

/** On FetchPartition. */
export interface Standing {
  readonly cause: FetchStallCause;
  readonly err: number;
  readonly since: number;
  told: boolean;
}

/** What holds up all partitions of the broker: since when, Infinity for not. */
export interface Blockade {
  /** There is no room for what it would send. */
  fullSince: number;
  /** It is not connected, or owes an answer for longer than it was asked to wait. */
  silentSince: number;
}

const NO_ANSWER: ReadonlySet<number> = new Set([
  E.RD_KAFKA_RESP_ERR__TRANSPORT,
  E.RD_KAFKA_RESP_ERR__TIMED_OUT,
  E.RD_KAFKA_RESP_ERR__TIMED_OUT_QUEUE,
]);

export class FetchStalls {
  private readonly tell: (part: FetchPartition, cause: FetchStallCause | null, err: number) => void;
  private lookAt: number;

  constructor(tell: (part: FetchPartition, cause: FetchStallCause | null, err: number) => void) {
    this.tell = tell;
    this.lookAt = 0;
  }

  /** Gives when to look again. */
  serve(partitions: Iterable<FetchPartition>, now: number, blockade: Blockade): number {
    if (now < this.lookAt) return this.lookAt;
    this.lookAt = now + LOOK_MS;
    for (const part of partitions) this.look(part, now, blockade);
    return this.lookAt;
  }

  private look(part: FetchPartition, now: number, blockade: Blockade): void {
    const cause = causeOf(part, now, blockade);
    const err = cause === 'fetch_error' ? part.failing : 0;
    const before = part.standing;
    if (cause === before?.cause && err === before.err) {
      if (before.told || now - before.since < LOOK_MS) return;
      before.told = true;
      this.tell(part, cause, err);
      return;
    }
    part.standing = cause === null ? null : { cause, err, since: now, told: false };
    if (cause === null && before?.told === true) this.tell(part, null, 0);
  }
}

function causeOf(part: FetchPartition, now: number, { fullSince, silentSince }: Blockade): FetchStallCause | null {
  // Main knows that by itself.
  if (part.paused) return null;
  if (part.failing !== 0) return NO_ANSWER.has(part.failing) ? 'no_answer' : 'fetch_error';
  if (silentSince <= now || part.resolving) return 'no_answer';
  return fullSince <= now ? 'buffer_full' : null;
}
