// The reply queue of a handle (rk_rep): reports, errors, commit results, logs. rd_kafka_poll serves it.
// @thread app

import * as E from '../defs/enums.ts';
import type { ErrorOp, LogOp, PartitionOffset, StalledOp, ThrottleOp } from '../ops/ops.ts';
import { QueueEvent } from './event.ts';
import type { Handle } from './handle.ts';

/** Errors and throttle times that nobody has polled: each kind towards the app is bounded. */
const MOST_ENTRIES = 1000;

type Entry =
  | { readonly kind: 'error'; readonly err: number; readonly text: string }
  | { readonly kind: 'throttle'; readonly op: ThrottleOp }
  | { readonly kind: 'stalled'; readonly op: StalledOp }
  | { readonly kind: 'offset_commit'; readonly err: number; readonly offsets: readonly PartitionOffset[] };

export class ReplyQueue {
  private readonly rk: Handle;
  private entries: Entry[];

  constructor(rk: Handle) {
    this.rk = rk;
    this.entries = [];
  }

  get length(): number {
    return this.entries.length;
  }

  /** True when a call of poll would do something. */
  get ready(): boolean {
    const { logs, reports } = this.rk;
    if (this.entries.length > 0 || logs.pending > 0) return true;
    return reports !== null && (reports.pending > 0 || reports.unsettled > 0);
  }

  /** What any thread of the handle has to say. */
  tell(op: LogOp | ErrorOp | ThrottleOp): void {
    if (op.type === 'log') this.rk.logs.add(op.level, op.fac, op.text, op.thread);
    else if (op.type === 'throttle') this.throttle(op);
    else if (op.fatal) this.rk.setFatal(op.err, op.text);
    else this.error(op.err, op.text);
  }

  error(err: number, text: string): void {
    const wanted = (this.rk.settings.enabled_events & E.RD_KAFKA_EVENT_ERROR) !== 0;
    if (!wanted && this.rk.callbacks.conf.error_cb === null) {
      this.rk.logs.add(3, 'ERROR', `${this.rk.name}: ${text}`);
      return;
    }
    if (this.entries.length < MOST_ENTRIES) this.entries.push({ kind: 'error', err, text });
  }

  private throttle(op: ThrottleOp): void {
    if (this.rk.callbacks.conf.throttle_cb !== null && this.entries.length < MOST_ENTRIES)
      this.entries.push({ kind: 'throttle', op });
  }

  stalled(op: StalledOp): void {
    const hook = this.rk.consuming?.rebalances.hooks?.on_stalled ?? null;
    if (hook !== null && this.entries.length < MOST_ENTRIES) this.entries.push({ kind: 'stalled', op });
  }

  /** A producer's goes to error_cb, a group consumer's to the consumer queue. */
  fatalError(text: string): void {
    const { rk } = this;
    if (rk.callbacks.conf.error_cb !== null) rk.logs.add(0, 'FATAL', `Fatal error: ${text}`);
    if (rk.consumer !== null) rk.consumer.fatal(text);
    else this.error(E.RD_KAFKA_RESP_ERR__FATAL, text);
    rk.held.purge(E.RD_KAFKA_RESP_ERR__PURGE_QUEUE);
    if (rk.producer) rk.requests.post('purge', -1, [true, false]);
  }

  offsetCommit(err: number, offsets: readonly PartitionOffset[]): void {
    const wanted = (this.rk.settings.enabled_events & E.RD_KAFKA_EVENT_OFFSET_COMMIT) !== 0;
    if (wanted || this.rk.callbacks.conf.offset_commit_cb !== null)
      this.entries.push({ kind: 'offset_commit', err, offsets });
  }

  /** Serves what is there, at most `most` things; gives how many. Reports come one by one, in order. */
  serve(most: number): number {
    const { rk } = this;
    rk.yielded = false;
    this.settleAll();
    rk.held.serve();
    let served = rk.logs.serve();
    while (this.entries.length > 0 && served < most && !rk.stops) {
      const entry = this.entries.shift()!;
      served++;
      if (entry.kind === 'error') this.tellError(entry.err, entry.text);
      else if (entry.kind === 'throttle') rk.callbacks.throttle(entry.op.name, entry.op.broker, entry.op.ms);
      else if (entry.kind === 'stalled') rk.callbacks.stalled(entry.op);
      else rk.callbacks.offsetCommit(entry.err, entry.offsets);
    }
    if (rk.reports !== null && !rk.stops) served += rk.reports.serve(most - served);
    return served;
  }

  /** For queue_poll: errors and results of commits as events, everything else by its callback. Null when nothing is left. */
  nextEvent(): QueueEvent | null {
    const { rk } = this;
    this.settleAll();
    rk.held.serve();
    rk.logs.serve();
    while (this.entries.length > 0 && !rk.stops) {
      const entry = this.entries.shift()!;
      if (entry.kind === 'error') return QueueEvent.error(entry.err, entry.text);
      if (entry.kind === 'offset_commit') return QueueEvent.offsetCommit({ ...entry, opaque: null });
      if (entry.kind === 'stalled') rk.callbacks.stalled(entry.op);
      else rk.callbacks.throttle(entry.op.name, entry.op.broker, entry.op.ms);
    }
    if (!rk.stops) rk.reports?.serve(Number.POSITIVE_INFINITY);
    return null;
  }

  /** Without error_cb only the event was wanted, but somebody polls for callbacks. */
  tellError(err: number, text: string): void {
    if (this.rk.callbacks.conf.error_cb === null) this.rk.logs.add(3, 'ERROR', `${this.rk.name}: ${text}`);
    else this.rk.callbacks.error(err, text);
  }

  /** Where no turn of the event loop may come, or none will, promises are not settled by shares. */
  private settleAll(): void {
    const { reports, thread, closing } = this.rk;
    if (reports !== null && (thread.isBlocked || closing)) reports.settle(Number.POSITIVE_INFINITY);
  }

  serveLogs(): void {
    this.rk.logs.serve();
  }
}
