// each of the promise layer: a handler for every message, several at a time where order allows. @thread app
//
// One loop pulls as long as handlers are free (`pump`); a handler that ends goes on pulling at once, so that handlers that
// are quick cost no turn of the event loop. Waiting for messages and waiting for handlers are one condition, looked at
// with every turn; rebalances are answered in both.

import { clearTimeout, setTimeout } from 'node:timers';
import type { ConsumedMessage } from '../app/consumed_message.ts';
import type { Consumed } from '../app/consumer.ts';
import { hold, seekSteps } from '../app/flow.ts';
import type { Handle } from '../app/handle.ts';
import { serveFirst } from '../app/serve.ts';
import { run } from '../app/steps.ts';
import {
  RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST,
  RD_KAFKA_RESP_ERR__DESTROY,
  RD_KAFKA_RESP_ERR__TIMED_OUT,
} from '../defs/enums.ts';
import { kafkaErrorOf } from '../defs/kafka_error.ts';
import { partitionKey } from '../defs/partition_key.ts';
import { PartitionList } from '../defs/partition_list.ts';
import type { rd_kafka_t } from '../defs/types.ts';
import { checkFunction, checkInt, typeError } from '../rd/check.ts';
import { fnv1a } from '../rd/fnv1a.ts';
import { isPromiseLike } from '../rd/promise_like.ts';
import { EachPartition, HandlerContext, type Ticket } from './each_partition.ts';
import { type Lane, Lanes } from './lanes.ts';
import type { Message } from './messages.ts';
import type { MaybePromise, MessagesOptions } from './options.ts';
import { checkOptions, Puller, waitFor } from './puller.ts';

/** Given beside the message. */
export interface EachContext {
  /** Of this handler: aborted when the partition is lost, when letting go of it takes too long, and when `each` ends before it. */
  readonly signal: AbortSignal;
}

export type EachHandler = (message: Message, context: EachContext) => MaybePromise<void>;
export type FailureAnswer = 'stop' | 'skip' | { readonly retry_after_ms: number };

export interface EachOptions extends MessagesOptions {
  /** Handlers at work at the same time, 1. */
  readonly concurrency?: number;
  /** What keeps its order when there are several: messages of one key (null keys: of one partition), the default; of one partition; nothing. */
  readonly order?: 'key' | 'partition' | 'none';
  /** A partition waits when it is so many messages beyond its lowest that is not done, 10000. */
  readonly max_ahead?: number;
  /** How long a partition that goes waits for its handlers (ms); half of max.poll.interval.ms, at most 60000. */
  readonly revoke_timeout_ms?: number;
  /** What to do about a message whose handler threw: `stop` (the default), `skip`, or again after a while. `attempt` is 1 for the first. */
  readonly on_failure?: (error: unknown, message: Message, attempt: number) => MaybePromise<FailureAnswer>;
}

/** A message, and where it is in work. */
interface Task {
  readonly message: ConsumedMessage;
  readonly work: EachPartition;
  readonly ticket: Ticket;
  /** null: it has no order to keep. */
  readonly lane: Lane<Task> | null;
  /** Its lane is taken by it: not before its handler turns out to take its time. */
  inLane: boolean;
  attempt: number;
  /** Of a retry that waits. */
  timer: ReturnType<typeof setTimeout> | null;
}

const ORDERS = ['key', 'partition', 'none'];
const INT32_MAX = 0x7fffffff;
const LONGEST_REVOKE_MS = 60_000;
/** Sets the hashes of one partition's keys apart from another's. */
const GOLDEN = 0x9e3779b1;
/** Taken at load: test runners fake the global ones. */
const later: typeof setTimeout = setTimeout;
const cancel: typeof clearTimeout = clearTimeout;

class Each {
  readonly result: Promise<void>;
  private readonly rk: Handle;
  private readonly puller: Puller;
  private readonly handler: EachHandler;
  private readonly onFailure: EachOptions['on_failure'];
  private readonly concurrency: number;
  private readonly order: NonNullable<EachOptions['order']>;
  private readonly maxAhead: number;
  /** Pulled, and waiting behind others of their lanes. */
  private readonly maxWaiting: number;
  private readonly revokeTimeoutMs: number;
  private readonly partitions: Map<Consumed, EachPartition>;
  private readonly lanes: Lanes<Task>;
  /** Of the hashes of keys: nobody who writes messages can know which keys would share a lane. */
  private readonly seed: number;
  private readonly retries: Set<Task>;
  /** To be begun, by the call that is at it: a lane of quick handlers is a loop, not a recursion. */
  private readonly starting: Task[];
  /** Partitions that go, and are waited for. */
  private readonly going: Set<EachPartition>;
  private partitionCount: number;
  private running: number;
  private pumping: boolean;
  private turning: boolean;
  private armed: boolean;
  /** Nothing is begun any more: why. */
  private ending: { readonly error: unknown } | 'closed' | null;
  private finished: boolean;
  private settle: { resolve: () => void; reject: (error: unknown) => void };
  /** Asked when a handler ends: revokes that wait. */
  private readonly watchers: Set<() => void>;

  constructor(rk: rd_kafka_t, handler: EachHandler, o: EachOptions) {
    const { concurrency = 1, order = 'key', max_ahead = 10_000, on_failure } = o;
    this.concurrency = checkInt('each', 'o.concurrency', concurrency, 1, INT32_MAX);
    if (!ORDERS.includes(order)) throw typeError('each', 'o.order', "'key', 'partition' or 'none'", order);
    this.maxAhead = checkInt('each', 'o.max_ahead', max_ahead, 1, INT32_MAX);
    if (o.revoke_timeout_ms !== undefined) checkInt('each', 'o.revoke_timeout_ms', o.revoke_timeout_ms, 0, INT32_MAX);
    if (on_failure !== undefined) checkFunction('each', 'o.on_failure', on_failure);
    this.handler = checkFunction('each', 'handler', handler);
    this.onFailure = on_failure;
    this.order = order;
    this.maxWaiting = Math.max(64, 16 * concurrency);
    this.partitions = new Map();
    this.lanes = new Lanes();
    this.seed = Math.floor(Math.random() * 0x7fffffff);
    this.retries = new Set();
    this.starting = [];
    this.going = new Set();
    this.partitionCount = 0;
    this.running = 0;
    this.pumping = false;
    this.turning = false;
    this.armed = false;
    this.ending = null;
    this.finished = false;
    this.watchers = new Set();
    this.settle = { resolve: () => {}, reject: () => {} };
    this.puller = new Puller('each', rk, o, true, () => this.close());
    this.rk = this.puller.rk;
    const patience = Math.min(LONGEST_REVOKE_MS, this.rk.settings['max.poll.interval.ms'] / 2);
    this.revokeTimeoutMs = o.revoke_timeout_ms ?? patience;
    this.result = new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
    });
    this.rk.consumer!.rebalances.lettingGo((list, lost) => this.letGo(list, lost));
  }

  // ---- pulling

  pump(): void {
    if (this.pumping || this.finished) return;
    this.pumping = true;
    // Handlers run in here: that is no waiting.
    this.rk.consumer!.pulls.setWaiting(false);
    try {
      while (this.mayPull() && this.pullOne());
    } catch (error) {
      this.stop({ error });
    }
    this.pumping = false;
    if (this.ending !== null && this.running === 0) this.finish();
    this.rk.consumer!.pulls.setWaiting(this.mayPull());
    this.arm();
  }

  private mayPull(): boolean {
    return (
      this.ending === null && !this.turning && this.running < this.concurrency && this.lanes.waiting < this.maxWaiting
    );
  }

  /** False when there is nothing to pull now. */
  private pullOne(): boolean {
    const { puller } = this;
    if (puller.signal?.aborted === true) throw puller.signal.reason;
    if (puller.turnIsDue()) {
      this.turning = true;
      void puller.turn().then(() => {
        this.turning = false;
        this.pump();
      });
      return false;
    }
    const message = puller.here();
    if (message !== null) this.accept(message, puller.part);
    else if (puller.gone()) this.stop('closed');
    return message !== null;
  }

  private accept(message: ConsumedMessage, part: Consumed): void {
    let work = this.partitions.get(part);
    if (work === undefined) {
      work = new EachPartition(part, this.partitionCount++);
      this.partitions.set(part, work);
    }
    const ticket = work.take(message.offset, message.leaderEpoch);
    const lane = this.laneOf(message, work);
    const task: Task = { message, work, ticket, lane, inLane: false, attempt: 1, timer: null };
    if (work.ahead >= this.maxAhead && !work.paused) this.setPaused(work, true);
    if (lane?.taken === true) this.lanes.wait(lane, task);
    else this.begin(task);
  }

  /** Keys of one hash share a lane, so that they are not at work side by side: no order needs that. */
  private laneOf({ key }: ConsumedMessage, work: EachPartition): Lane<Task> | null {
    if (this.concurrency === 1 || this.order === 'none') return null;
    if (this.order === 'partition' || key === null) return this.lanes.of(work);
    // A small integer, which a Map finds the quickest.
    return this.lanes.of(fnv1a(key, 0, key.length, this.seed ^ Math.imul(work.number, GOLDEN)) | 0);
  }

  private setPaused(work: EachPartition, paused: boolean): void {
    work.paused = paused;
    hold(this.rk, work.part, paused);
  }

  /** Waits for messages or for handlers; answers rebalances meanwhile. */
  private arm(): void {
    if (this.armed || this.turning || this.finished || this.ending !== null) return;
    this.armed = true;
    const { consumer } = this.rk;
    const ready = (): boolean => {
      if (this.finished || this.ending !== null || this.puller.gone()) return true;
      serveFirst(this.rk, consumer!.queue.target);
      const { head, items } = consumer!.queue.target;
      return this.mayPull() && (head < items.length || this.rk.fatal !== null) && !consumer!.rebalances.running;
    };
    void waitFor('each', this.rk, -1, ready, this.puller.twinOptions)
      .catch((error: unknown) => this.stop({ error }))
      .then(() => {
        this.armed = false;
        this.puller.turned();
        if (this.puller.gone()) this.stop('closed');
        this.pump();
      });
  }

  // ---- handling

  private begin(task: Task): void {
    this.running++;
    task.work.running++;
    this.starting.push(task);
    if (this.starting.length > 1) return;
    for (let first: Task | undefined = task; first !== undefined; first = this.starting[0]) {
      this.run(first);
      this.starting.shift();
    }
  }

  private run(task: Task): void {
    const context = new HandlerContext(task.work);
    let result: MaybePromise<void>;
    try {
      result = this.handler(task.message as Message, context);
    } catch (error) {
      context.end();
      this.takeLane(task);
      this.failed(task, error);
      return;
    }
    if (!isPromiseLike(result)) {
      context.end();
      this.done(task);
      return;
    }
    this.takeLane(task);
    void Promise.resolve(result).then(
      () => {
        context.end();
        this.done(task);
        this.pump();
      },
      (error: unknown) => {
        context.end();
        this.failed(task, error);
      },
    );
  }

  private takeLane(task: Task): void {
    if (task.lane === null || task.inLane) return;
    task.inLane = true;
    task.lane.taken = true;
  }

  private done(task: Task): void {
    const { work } = task;
    // Too late: it has been given up, and comes again.
    if (this.finished) return;
    const last = work.finish(task.ticket);
    if (last !== null) this.rk.consumer!.pulls.handled(work.part, last.offset + 1, last.leaderEpoch);
    if (work.paused && work.ahead <= this.maxAhead / 2 && !work.revoked) this.setPaused(work, false);
    this.leave(task);
  }

  /** No longer in work, whether it was done or not. */
  private leave({ work, lane, inLane }: Task): void {
    this.running--;
    work.running--;
    const next = inLane ? this.lanes.leave(lane!) : undefined;
    if (next !== undefined) {
      next.inLane = true;
      this.begin(next);
    }
    for (const watch of this.watchers) watch();
  }

  private failed(task: Task, error: unknown): void {
    void this.answerTo(task, error).then((answer) => {
      if (answer === 'skip') this.done(task);
      else if (answer === 'none') this.leave(task);
      else if (answer === 'stop') {
        // Before the next of its lane could be begun.
        this.stop({ error });
        this.leave(task);
      } else if (task.work.revoked || this.ending !== null) this.leave(task);
      else this.retry(task, answer.retry_after_ms);
      this.pump();
    });
  }

  /** What on_failure itself throws ends it all. A handler that was aborted may end as it likes: nobody is asked. */
  private async answerTo(task: Task, error: unknown): Promise<FailureAnswer | 'none'> {
    const { work } = task;
    if (work.aborted !== null) return 'none';
    if (this.onFailure === undefined) return 'stop';
    try {
      const answer = await this.onFailure(error, task.message as Message, task.attempt);
      if (work.aborted !== null) return 'none';
      if (answer === 'stop' || answer === 'skip') return answer;
      const after = (answer as { retry_after_ms?: unknown } | null | undefined)?.retry_after_ms;
      if (typeof after !== 'number' || !(after >= 0))
        throw typeError('each', 'the result of o.on_failure', "'stop', 'skip' or { retry_after_ms }", answer);
      return { retry_after_ms: Math.min(after, INT32_MAX) };
    } catch (thrown) {
      this.stop({ error: thrown });
      return 'none';
    }
  }

  /** It keeps its place: nothing of its lane goes on meanwhile. */
  private retry(task: Task, ms: number): void {
    task.attempt++;
    this.retries.add(task);
    task.timer = later(() => {
      this.retries.delete(task);
      this.run(task);
      this.pump();
    }, ms);
  }

  private dropRetries(gone: (task: Task) => boolean): void {
    for (const task of this.retries) {
      if (!gone(task)) continue;
      cancel(task.timer!);
      this.retries.delete(task);
      this.leave(task);
    }
  }

  // ---- letting go

  /** Before a revoke is answered: nothing of these partitions is in work afterwards, unless it takes too long. */
  private letGo(list: PartitionList, lost: boolean): Promise<void> | null {
    const works = list.elems.flatMap(({ topic, partition }) => {
      const part = this.rk.consumer!.byName.get(partitionKey(topic, partition));
      return (part && this.partitions.get(part)) ?? [];
    });
    for (const work of works) {
      work.revoked = true;
      this.partitions.delete(work.part);
    }
    this.lanes.drop(({ work }) => work.revoked);
    this.dropRetries(({ work }) => work.revoked);
    const busy = works.filter(({ running }) => running > 0);
    if (lost) for (const work of busy) work.abort(kafkaErrorOf(RD_KAFKA_RESP_ERR__ASSIGNMENT_LOST));
    return lost || busy.length === 0 ? null : this.wait(busy);
  }

  private async wait(works: readonly EachPartition[]): Promise<void> {
    for (const work of works) this.going.add(work);
    await this.whileBusy(() => works.some(({ running }) => running > 0), this.revokeTimeoutMs);
    const why = 'the partition goes to another member before its handler is done';
    for (const work of works) {
      this.going.delete(work);
      if (work.running > 0) work.abort(kafkaErrorOf(RD_KAFKA_RESP_ERR__TIMED_OUT, why));
    }
  }

  private whileBusy(busy: () => boolean, timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const end = (): void => {
        this.watchers.delete(watch);
        cancel(timer);
        resolve();
      };
      const watch = (): void => {
        if (this.finished || !busy()) end();
      };
      const timer = later(end, timeoutMs);
      this.watchers.add(watch);
    });
  }

  // ---- the end

  /** Of close_async: handlers at work are waited for, by it. */
  private close(): Promise<void> {
    this.stop('closed');
    this.pump();
    return this.result.catch(() => {});
  }

  private stop(why: { readonly error: unknown } | 'closed'): void {
    // What fails while the handle closes is told all the same.
    if (this.ending === null || (this.ending === 'closed' && !this.finished)) {
      const before = this.ending;
      this.ending = why;
      if (before === null) this.windUp(why);
    }
  }

  private windUp(why: { readonly error: unknown } | 'closed'): void {
    this.lanes.drop(() => true);
    this.dropRetries(() => true);
    if (this.running === 0) return;
    const gone = why === 'closed' && !this.rk.consumer!.pulls.stopping;
    if (why !== 'closed') this.abort(why.error);
    void this.lastHandlers(gone ? 0 : why === 'closed' ? -1 : this.revokeTimeoutMs);
  }

  /** Handlers that do not heed their signal are not waited for for ever, nor beyond the handle's end. */
  private async lastHandlers(timeoutMs: number): Promise<void> {
    await waitFor('each', this.rk, timeoutMs, () => this.finished, undefined).catch(() => {});
    this.abort(kafkaErrorOf(RD_KAFKA_RESP_ERR__DESTROY));
    this.finish();
  }

  /** What is aborted already stays so. */
  private abort(reason: unknown): void {
    for (const work of [...this.partitions.values(), ...this.going]) work.abort(reason);
  }

  private finish(): void {
    if (this.finished) return;
    this.finished = true;
    const { consumer } = this.rk;
    consumer!.rebalances.lettingGo(null);
    consumer!.pulls.setWaiting(false);
    for (const watch of this.watchers) watch();
    if (!this.puller.gone()) this.handBack();
    this.puller.end();
    if (this.ending === 'closed' || this.ending === null) this.settle.resolve();
    else this.settle.reject(this.ending.error);
  }

  /** What was begun, or only pulled, and is not done comes again, to whoever pulls next. */
  private handBack(): void {
    const list = new PartitionList();
    for (const work of this.partitions.values()) {
      if (work.paused) this.setPaused(work, false);
      if (work.lowest !== null) list.add(work.part.topic, work.part.number).offset = work.lowest;
    }
    if (list.elems.length > 0) run(this.rk.thread, seekSteps(this.rk, list.elems, 0));
  }
}

/**
 * Calls `handler` for every message of the consumer until the handle closes. With `concurrency` several run at a time, in
 * order per key (or as `order` says). A partition's offset is stored, to be committed, up to its lowest message that is
 * not done: whatever fails, hangs or is killed is handled again. (`enable.auto.commit=false`: stored, and committed by
 * your commit_async(rk).)
 *
 * A handler that throws stops it, and the promise rejects with what it threw; `on_failure` may say otherwise. When
 * partitions go, nothing more of them is begun, running handlers are waited for (`revoke_timeout_ms`, then their signal is
 * aborted), what is done is committed, and then they are let go; when they are lost, their signals are aborted at once.
 * While all handlers are at work nothing is pulled, and max.poll.interval.ms counts.
 *
 * When it ends otherwise than with the handle, what is not done comes again to whoever pulls next: each() may be called anew.
 *
 * Resolves when the handle closes (close_async waits for the handlers at work). Rejects with the handler's error, with
 * `o.signal`'s reason, with a fatal error, with what a hook threw, and with _STATE while messages(), batches() or another
 * each() is at work on the handle.
 */
export async function each(rk: rd_kafka_t, handler: EachHandler, o?: EachOptions): Promise<void> {
  const names = ['concurrency', 'order', 'max_ahead', 'revoke_timeout_ms', 'on_failure'];
  const work = new Each(rk, handler, checkOptions('each', o, names));
  work.pump();
  await work.result;
}
