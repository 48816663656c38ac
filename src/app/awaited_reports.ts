// The messages of a handle whose reports go to promises: those that wait for room in the order of their calls, and what
// settles them.
// @thread app
//
// A report is settled by the event loop and by calls that block, before callbacks are served, and needs none of these:
// resolving a promise runs no user code.

import * as E from '../defs/enums.ts';
import type { HeaderList } from '../defs/headers.ts';
import { type KafkaError, kafkaErrorOf } from '../defs/kafka_error.ts';
import { Fifo } from '../rd/fifo.ts';
import type { RecordHeaders } from '../records/record_writer.ts';
import type { Awaited, Report } from './awaited.ts';
import type { Handle } from './handle.ts';
import { enqueue } from './produce.ts';
import { dropSettled } from './serve.ts';
import { now } from './thread.ts';
import type { Topic } from './topic.ts';

/** What produce takes; bytes of a message that waits are copies (those of headers never change). */
export interface Outgoing {
  readonly topic: Topic;
  readonly partition: number;
  readonly key: Uint8Array | string | null;
  readonly value: Uint8Array | string | null;
  readonly headers: RecordHeaders | null;
  /** The caller's own list, which the message takes over. */
  readonly owner: HeaderList | null;
  readonly timestamp: number;
}

interface Waiting {
  readonly outgoing: Outgoing;
  readonly awaited: Awaited;
  /** Takes the listener of its signal away. */
  readonly unlisten: (() => void) | null;
  gone: boolean;
}

/** Of one handle, from its first produce_async on. */
export class AwaitedReports {
  private readonly rk: Handle;
  private readonly waiting: Fifo<Waiting>;
  /** Those in `waiting` that were given up. */
  private gone: number;
  /** Accepted, and not reported. */
  private pending: number;
  private held: boolean;
  private admitting: boolean;

  constructor(rk: Handle) {
    this.rk = rk;
    this.waiting = new Fifo();
    this.gone = 0;
    this.pending = 0;
    this.held = false;
    this.admitting = false;
  }

  /** Some promise is not settled. */
  get any(): boolean {
    return this.pending > 0 || this.waitingCount > 0;
  }

  /** Messages that wait for room. */
  get waitingCount(): number {
    return this.waiting.size - this.gone;
  }

  /** Accepts the message, or lets it wait behind those that wait; rejects what is refused for good. */
  send(outgoing: Outgoing, awaited: Awaited, signal: AbortSignal | undefined): void {
    this.admit();
    if (this.admitting || this.waitingCount > 0 || !this.accept(outgoing, awaited))
      this.wait(outgoing, awaited, signal);
    this.keepProcess();
  }

  /** False when there is no room now. */
  private accept(outgoing: Outgoing, awaited: Awaited): boolean {
    const { rk } = this;
    const refusal = this.refusal();
    if (refusal !== null) {
      awaited.reject(withStatus(refusal, E.RD_KAFKA_MSG_STATUS_NOT_PERSISTED));
      return true;
    }
    const { topic, partition, key, value, headers, timestamp } = outgoing;
    let err: number;
    try {
      err = enqueue(topic, partition, key, value, headers, timestamp, awaited);
      // Without a callback nobody polls for what producev sent: its reports make room here.
      if (err === E.RD_KAFKA_RESP_ERR__QUEUE_FULL && !rk.callbacks.reports) {
        dropSettled(rk);
        err = enqueue(topic, partition, key, value, headers, timestamp, awaited);
      }
    } catch (error) {
      // Of the caller's partitioner or order: nothing is queued.
      awaited.reject(error);
      return true;
    }
    if (err === E.RD_KAFKA_RESP_ERR__QUEUE_FULL && awaited.valueBytes <= rk.limits!.maxBytes) return false;
    if (err === 0) {
      this.pending++;
      outgoing.owner?.takeOver();
    } else awaited.reject(withStatus(kafkaErrorOf(err), E.RD_KAFKA_MSG_STATUS_NOT_PERSISTED));
    return true;
  }

  /** Why nothing is accepted any more; null while something may be. */
  private refusal(): KafkaError | null {
    const { fatal, closing } = this.rk;
    if (fatal !== null) return kafkaErrorOf(fatal.err, fatal.text, { fatal: true });
    return closing ? kafkaErrorOf(E.RD_KAFKA_RESP_ERR__DESTROY) : null;
  }

  private wait(outgoing: Outgoing, awaited: Awaited, signal: AbortSignal | undefined): void {
    const { key, value, headers } = outgoing;
    const list = headers === null ? null : [...headers];
    const copy = { ...outgoing, key: copyOf(key), value: copyOf(value), headers: list };
    const aborted = (): void => {
      this.gone++;
      waiting.gone = true;
      awaited.reject(signal!.reason);
    };
    const unlisten = signal === undefined ? null : this.rk.thread.aborts.add(signal, aborted);
    const waiting: Waiting = { outgoing: copy, awaited, unlisten, gone: false };
    this.waiting.push(waiting);
  }

  /** Lets in what there is room for now; runs partitioners, which may produce too: that waits behind. */
  admit(): void {
    if (this.admitting) return;
    this.admitting = true;
    for (let first = this.waiting.peek(); first !== undefined; first = this.waiting.peek()) {
      if (first.gone) this.gone--;
      else if (!this.accept(first.outgoing, first.awaited)) break;
      else first.unlisten?.();
      this.waiting.shift();
    }
    this.admitting = false;
  }

  /** Ends all that wait for room. */
  failWaiting(error: KafkaError): void {
    for (let first = this.waiting.shift(); first !== undefined; first = this.waiting.shift()) {
      if (first.gone) this.gone--;
      else {
        first.unlisten?.();
        this.rk.reports!.failed++;
        first.awaited.reject(withStatus(error, E.RD_KAFKA_MSG_STATUS_NOT_PERSISTED));
      }
    }
  }

  /** A record came back; `offset` null when nobody tells, `timestamp` negative when it is the record's own. */
  settle(
    awaited: Awaited,
    err: number,
    text: string | null,
    topic: string,
    partition: number,
    offset: number | null,
    timestamp: number,
    status: number,
    broker: number,
  ): void {
    this.pending--;
    this.rk.took(1, awaited.valueBytes);
    if (err !== 0) {
      this.rk.reports!.failed++;
      awaited.reject(withStatus(this.errorOf(err, text), status));
    } else {
      const report: Report = {
        topic,
        partition,
        offset,
        timestamp: timestamp >= 0 ? timestamp : awaited.timestamp,
        status: status as E.rd_kafka_msg_status_t,
        broker_id: broker,
        latency_us: Math.max(1, Math.round((now() - awaited.calledAt) * 1000)),
        opaque: awaited.opaque,
      };
      awaited.resolve(report);
    }
    // Nothing is armed any more that would look at what holds the process.
    if (this.held && !this.any) this.rk.thread.turnSoon();
  }

  private errorOf(err: number, text: string | null): KafkaError {
    const { fatal } = this.rk;
    if (err === E.RD_KAFKA_RESP_ERR__FATAL && fatal !== null) return kafkaErrorOf(err, fatal.text, { fatal: true });
    return kafkaErrorOf(err, text);
  }

  /** The process lives as long as a promise is not settled. */
  private keepProcess(): void {
    if (this.held || !this.any) return;
    this.held = true;
    this.rk.thread.hold(this.rk.port, () => {
      this.held = this.any;
      return this.held;
    });
  }
}

/** What a report would say besides: whether the message may be stored all the same. */
function withStatus(error: KafkaError, status: number): KafkaError {
  return Object.assign(error, { status });
}

function copyOf(bytes: Uint8Array | string | null): Buffer | string | null {
  return bytes === null || typeof bytes === 'string' ? bytes : Buffer.from(bytes);
}
