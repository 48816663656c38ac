// A message whose report goes to a promise (produce_async). @thread app

import type { rd_kafka_msg_status_t } from '../defs/enums.ts';
import { now } from './thread.ts';

/** What became of one message that was delivered. */
export interface Report {
  readonly topic: string;
  readonly partition: number;
  /** null where no broker tells: with acks=0, and for a batch found stored already whose place is not known. */
  readonly offset: number | null;
  /** ms since the epoch: the record's own, or the broker's with message.timestamp.type=LogAppendTime. */
  readonly timestamp: number;
  readonly status: rd_kafka_msg_status_t;
  readonly broker_id: number;
  /** From the call to the report, in microseconds. */
  readonly latency_us: number;
  readonly opaque: unknown;
}

/** The opaque of such a message, in the place of the caller's. */
export class Awaited {
  readonly opaque: unknown;
  readonly valueBytes: number;
  readonly calledAt: number;
  readonly resolve: (report: Report) => void;
  readonly reject: (error: unknown) => void;
  /** The record's, from when it is accepted. */
  timestamp: number;

  constructor(
    opaque: unknown,
    valueBytes: number,
    resolve: (report: Report) => void,
    reject: (error: unknown) => void,
  ) {
    this.opaque = opaque;
    this.valueBytes = valueBytes;
    this.calledAt = now();
    this.resolve = resolve;
    this.reject = reject;
    this.timestamp = -1;
  }
}

/** In the place of an opaque whose promise is settled. */
export const SETTLED: unique symbol = Symbol('settled');
