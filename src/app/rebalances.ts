// Rebalances as the application is told of them: by rebalance_cb, or by hooks that may take their time (consumer_new).
// @thread app

import * as E from '../defs/enums.ts';
import { kafkaErrorOf } from '../defs/kafka_error.ts';
import type { PartitionList } from '../defs/partition_list.ts';
import type { StallCause } from '../defs/stall_cause.ts';
import type { rd_kafka_topic_partition_t } from '../defs/types.ts';
import { GONE } from '../rd/check.ts';
import { isPromiseLike } from '../rd/promise_like.ts';
import type { AppConsumer } from './consumer.ts';
import { assignable } from './group.ts';
import type { Handle } from './handle.ts';
import { listOf, offsetsOf } from './offset_list.ts';
import type { RebalanceOp } from './op_queue.ts';

type Hook = (partitions: rd_kafka_topic_partition_t[]) => void | PromiseLike<void>;

/** Of consumer_new; awaited before the partitions change. */
export interface ConsumerHooks {
  readonly on_assigned: Hook | null;
  readonly on_revoked: Hook | null;
  /** null: on_revoked is told of these too. */
  readonly on_lost: Hook | null;
  readonly on_stalled: ((partition: rd_kafka_topic_partition_t, cause: StallCause) => void) | null;
}

const BLOCKED =
  'a hook of consumer_new, or a handler of each(), takes its time, and this blocking call keeps the event loop from going on: use close_async() and the other promise forms';

export class Rebalances {
  hooks: ConsumerHooks | null;
  /** What `each` does before partitions go: nothing of theirs is in work when it settles (null: nothing is now). */
  private beforeRevoke: ((partitions: PartitionList, lost: boolean) => Promise<void> | null) | null;
  /** Of close_async: when the hook is done, before the partitions go. */
  afterRevoke: (() => Promise<void>) | null;
  /** Something is awaited: nothing is handed out meanwhile, and no further rebalance begun. */
  running: boolean;
  /** What it is about. */
  private op: RebalanceOp | null;
  private failure: { readonly error: unknown } | null;
  private readonly rk: Handle;
  private readonly consumer: AppConsumer;

  constructor(rk: Handle, consumer: AppConsumer) {
    this.rk = rk;
    this.consumer = consumer;
    this.hooks = null;
    this.beforeRevoke = null;
    this.afterRevoke = null;
    this.running = false;
    this.op = null;
    this.failure = null;
  }

  /** Of `each`; null when it ends. */
  lettingGo(before: Rebalances['beforeRevoke']): void {
    this.beforeRevoke = before;
  }

  /** Throws what a hook threw that nobody has heard yet. */
  throwFailure(): void {
    const { failure } = this;
    if (failure === null) return;
    this.failure = null;
    throw failure.error;
  }

  serve(op: RebalanceOp): void {
    const { consumer } = this;
    consumer.assignmentLost = op.lost;
    if (this.hooks !== null || this.beforeRevoke !== null) this.runHooks(op);
    else this.callback(op);
  }

  private callback(op: RebalanceOp): void {
    const { version } = this.consumer;
    try {
      this.rk.callbacks.rebalance(op);
    } catch (error) {
      // The group waits for an answer: the one that an app without the callback gives.
      if (this.consumer.version === version && !this.consumer.closed) this.answer(op);
      throw error;
    }
  }

  /** As an app without a callback would. */
  answer({ err, partitions }: Pick<RebalanceOp, 'err' | 'partitions'>): void {
    const { consumer } = this;
    const assigns = err === E.RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    if (consumer.protocol !== 'COOPERATIVE') consumer.assign(assigns ? partitions : null);
    else if (assigns) consumer.incrementalAssign(partitions);
    else consumer.incrementalUnassign(partitions);
  }

  private runHooks(op: RebalanceOp): void {
    const list = listOf(op.partitions);
    const assigns = op.err === E.RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
    let pending: void | PromiseLike<void>;
    try {
      const before = assigns ? null : (this.beforeRevoke?.(list, op.lost) ?? null);
      if (before !== null) this.refuseAwaiting();
      pending = before === null ? this.call(op, list) : before.then(() => this.call(op, list));
      const after = assigns || this.rk.thread.isBlocked ? null : this.afterRevoke;
      if (after !== null) pending = Promise.resolve(pending).finally(after);
      if (isPromiseLike(pending) && this.rk.thread.isBlocked) {
        void Promise.resolve(pending).catch(() => {});
        this.refuseAwaiting();
      }
    } catch (error) {
      this.end(op, list);
      throw error;
    }
    if (!isPromiseLike(pending)) {
      this.end(op, list);
      return;
    }
    this.running = true;
    this.op = op;
    this.rk.thread.hold(this.rk.port, () => this.running);
    void Promise.resolve(pending).then(
      () => this.settled(op, list),
      (error: unknown) => {
        this.failure = { error };
        this.settled(op, list);
      },
    );
  }

  /** The same of what would be awaited. */
  private refuseAwaiting(): void {
    if (this.rk.thread.isBlocked) throw new TypeError(BLOCKED);
  }

  /** By rebalance_cb where there is one and no hook. */
  private call(op: RebalanceOp, list: PartitionList): void | PromiseLike<void> {
    const { hooks, rk } = this;
    if (hooks === null) return rk.callbacks.conf.rebalance_cb === null ? undefined : this.callback(op);
    const { on_assigned, on_revoked, on_lost } = hooks;
    const revoke = op.lost ? (on_lost ?? on_revoked) : on_revoked;
    const hook = op.err === E.RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS ? on_assigned : revoke;
    return hook === null ? undefined : rk.callbacks.hook(() => hook(list.elems));
  }

  /** In a call that blocks what is awaited would never come to its end: the group gets its answer, and the app is told. */
  giveUpAwaited(): void {
    if (this.rk.thread.isBlocked && this.abandon()) throw new TypeError(BLOCKED);
  }

  /** Gives the answer without waiting any longer; true when something was awaited. */
  abandon(): boolean {
    const { op } = this;
    if (op === null) return false;
    this.running = false;
    this.op = null;
    this.answer(op);
    return true;
  }

  private settled(op: RebalanceOp, list: PartitionList): void {
    if (this.op !== op) return;
    this.running = false;
    this.op = null;
    const { rk } = this;
    if (rk[GONE] !== '' || rk.closed || rk.dead) return;
    try {
      this.end(op, list);
    } catch (error) {
      this.failure ??= { error };
    }
    rk.thread.turnSoon();
  }

  /** The answer: with the offsets that on_assigned has set. A rebalance_cb has given its own. */
  private end(op: RebalanceOp, list: PartitionList): void {
    const { consumer } = this;
    if (this.hooks === null && this.rk.callbacks.conf.rebalance_cb !== null) return;
    const bad = list.elems.find((entry) => !assignable(entry));
    const partitions = bad === undefined ? offsetsOf(list) : op.partitions;
    if (!consumer.closed) this.answer({ err: op.err, partitions });
    if (bad !== undefined)
      throw kafkaErrorOf(
        E.RD_KAFKA_RESP_ERR__INVALID_ARG,
        `on_assigned: ${bad.topic} [${bad.partition}] can't be consumed from offset ${bad.offset}`,
      );
  }
}
