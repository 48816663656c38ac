// The only file that calls functions of the application's, but for handlers of signals (signals.ts).
// @thread app: in the call that serves them, or from its event loop (api.md rule 26)
//
// Before each call the cursor that led here has moved on, so that whatever the function does, a throw included, the
// next thing served is the next one.

import type { Callbacks as ConfCallbacks } from '../conf/callbacks.ts';
import { RD_KAFKA_OFFSET_INVALID } from '../defs/enums.ts';
import type { ConsumeCb, MsgOrderCmp, PartitionerCb, rd_kafka_message_t } from '../defs/types.ts';
import type { PartitionOffset, StalledOp } from '../ops/ops.ts';
import { isPromiseLike } from '../rd/promise_like.ts';
import type { Handle } from './handle.ts';
import type { HeldRecord } from './held_record.ts';
import { listOf } from './offset_list.ts';
import type { CommitResult, RebalanceOp } from './op_queue.ts';
import type { ReportMessage } from './report_message.ts';
import type { Topic } from './topic.ts';

export class Callbacks {
  conf: ConfCallbacks;
  /** Somebody wants reports. */
  readonly reports: boolean;
  private readonly rk: Handle;
  private readonly onlyErrors: boolean;

  constructor(rk: Handle, conf: ConfCallbacks) {
    this.rk = rk;
    this.conf = conf;
    this.reports = conf.dr_msg_cb !== null || conf.dr_cb !== null;
    this.onlyErrors = rk.settings['delivery.report.only.error'];
  }

  /** rd_kafka_set_logger. */
  setLogCb(log_cb: ConfCallbacks['log_cb']): void {
    this.conf = { ...this.conf, log_cb };
  }

  report(message: ReportMessage): void {
    const { rk, conf } = this;
    if (this.onlyErrors && message.err === 0) return;
    rk.inCallback++;
    try {
      if (conf.dr_msg_cb !== null) this.check('dr_msg_cb', conf.dr_msg_cb(rk, message, conf.opaque));
      else this.check('dr_cb', conf.dr_cb!(rk, message.payload, message.err, conf.opaque, message._private));
    } finally {
      message.expire();
      rk.inCallback--;
    }
  }

  /** partitioner_cb, in produce or where a record's partitions become known. */
  partition(
    partitioner: PartitionerCb,
    topic: Topic,
    key: Buffer | null,
    count: number,
    opaque: any,
    own: any,
  ): number {
    this.rk.inCallback++;
    try {
      const partition = partitioner(topic, key, count, opaque, own);
      if (!Number.isInteger(partition))
        throw new TypeError(
          `partitioner_cb must return the number of a partition, or RD_KAFKA_PARTITION_UA for none now`,
        );
      return partition;
    } finally {
      this.rk.inCallback--;
    }
  }

  /** msg_order_cmp. */
  order(compare: MsgOrderCmp, a: HeldRecord, b: HeldRecord): number {
    this.rk.inCallback++;
    try {
      return compare(a, b);
    } finally {
      this.rk.inCallback--;
    }
  }

  error(err: number, text: string): void {
    this.run('error_cb', () => this.conf.error_cb!(this.rk, err, text, this.conf.opaque));
  }

  throttle(name: string, broker: number, ms: number): void {
    this.run('throttle_cb', () => this.conf.throttle_cb!(this.rk, name, broker, ms, this.conf.opaque));
  }

  log(level: number, fac: string, text: string): void {
    const { log_cb } = this.conf;
    if (typeof log_cb === 'function') this.run('log_cb', () => log_cb(this.rk, level, fac, text));
  }

  offsetCommit(err: number, offsets: readonly PartitionOffset[]): void {
    const { offset_commit_cb } = this.conf;
    if (offset_commit_cb !== null)
      this.run('offset_commit_cb', () => offset_commit_cb(this.rk, err, listOf(offsets), this.conf.opaque));
  }

  /** consume_cb, and the function given to rd_kafka_consume_callback. */
  consumed(consume_cb: ConsumeCb, message: rd_kafka_message_t, opaque: any): void {
    this.run('consume_cb', () => consume_cb(message, opaque));
  }

  /** A result of rd_kafka_commit_queue. */
  commitResult({ err, offsets, cb, opaque }: CommitResult): void {
    if (cb !== null) this.run('the callback of commit_queue', () => cb(this.rk, err, listOf(offsets), opaque));
  }

  /** Without one (only the event was wanted, and nobody took it) the group gets the answer that it needs to go on. */
  rebalance(op: RebalanceOp): void {
    const { rebalance_cb } = this.conf;
    if (rebalance_cb === null) this.rk.consuming!.rebalances.answer(op);
    else this.run('rebalance_cb', () => rebalance_cb(this.rk, op.err, listOf(op.partitions), this.conf.opaque));
  }

  /** A hook of consumer_new, which may give a promise: only what it does before that runs in here. */
  hook<T>(call: () => T): T {
    this.enter();
    try {
      return call();
    } finally {
      this.leave();
    }
  }

  /** on_stalled. */
  stalled({ topic, partition, cause }: StalledOp): void {
    const { hooks } = this.rk.consuming!.rebalances;
    const [entry] = listOf([{ topic, partition, offset: RD_KAFKA_OFFSET_INVALID }]).elems;
    this.run('on_stalled', () => hooks?.on_stalled?.(entry!, cause));
  }

  /** Set by app/close, which may not be imported from here. */
  destroyHandle: () => void = () => {};
  closeHandle: () => Promise<unknown> = () => Promise.resolve();
  unwindHandle: () => void = () => {};

  private run(name: string, call: () => unknown): void {
    this.enter();
    try {
      this.check(name, call());
    } finally {
      this.leave();
    }
  }

  /** A promise would be forgotten, and its rejection with it. */
  private check(name: string, result: unknown): void {
    if (result === undefined) return;
    if (isPromiseLike(result)) {
      void Promise.resolve(result).catch(() => {});
      throw new TypeError(`${name} returned a promise: it runs inside the call that serves it and can't be awaited`);
    }
  }

  private enter(): void {
    this.rk.inCallback++;
  }

  private leave(): void {
    this.rk.inCallback--;
  }
}
