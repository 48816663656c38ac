// One pull at a time off a consumer's queue: what `messages`, `batches` and `each` stand on. @thread app
import { setImmediate } from 'node:timers';
import { checkHandle, checkSignal, promise } from '../api/check_handle.ts';
import type { ConsumedMessage, ErrorMessage } from '../app/consumed_message.ts';
import type { Consumed } from '../app/consumer.ts';
import type { Handle } from '../app/handle.ts';
import { consumerPollSteps, type Polled, pollHot, pollMore } from '../app/serve.ts';
import { asking, type Steps } from '../app/steps.ts';
import { now } from '../app/thread.ts';
import {
  RD_KAFKA_RESP_ERR__DESTROY,
  RD_KAFKA_RESP_ERR__FATAL,
  RD_KAFKA_RESP_ERR__PARTITION_EOF,
  RD_KAFKA_RESP_ERR__UNKNOWN_GROUP,
} from '../defs/enums.ts';
import { KafkaError, kafkaErrorOf } from '../defs/kafka_error.ts';
import type { rd_kafka_t } from '../defs/types.ts';
import { checkFunctionOrNull, GONE, typeError } from '../rd/check.ts';
import type { MessagesOptions, Signal } from './options.ts';

/** The event loop gets a turn at the latest after so much pulling without one. */
const TURN_MS = 2;
/** While so many pulls are this quick together, the clock is looked at once for them: a look costs a twentieth of a message. */
const PULLS_A_LOOK = 4;
const QUICK_MS = 0.1;
const ERROR = 3;
/** Taken at load: test runners fake the global one. */
const nextTurn: typeof setImmediate = setImmediate;

function* waitSteps(timeoutMs: number, ready: () => boolean): Steps<boolean> {
  return yield { timeoutMs, ready };
}

/** False when the time was up first; true when the handle has ended. */
export function waitFor(
  fn: string,
  rk: Handle,
  timeoutMs: number,
  ready: () => boolean,
  o: Signal | undefined,
): Promise<boolean> {
  return orGone(promise(fn, rk, waitSteps(timeoutMs, ready), o), true);
}

/** What `work` gives; `gone` when it is rejected since the handle has ended. */
async function orGone<T>(work: Promise<T>, gone: T): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof KafkaError && error.code === RD_KAFKA_RESP_ERR__DESTROY) return gone;
    throw error;
  }
}

/** @returns the options without those of the pull, checked. */
export function checkOptions<T extends MessagesOptions>(fn: string, o: T | undefined, names: readonly string[]): T {
  const given: T = o ?? ({} as T);
  if (typeof given !== 'object' || given === null || Array.isArray(given)) throw typeError(fn, 'o', 'an object', o);
  const known = new Set(['signal', 'on_error', 'on_eof', ...names]);
  for (const name of Object.keys(given))
    if (!known.has(name)) throw new TypeError(`${fn}: o has no ${name}, it has ${[...known].join(', ')}`);
  checkFunctionOrNull(fn, 'o.on_error', given.on_error ?? null);
  checkFunctionOrNull(fn, 'o.on_eof', given.on_eof ?? null);
  return given;
}

export class Puller {
  readonly rk: Handle;
  readonly signal: AbortSignal | undefined;
  /** The handle has closed, or the pull was ended. */
  ended: boolean;
  private readonly fn: string;
  private readonly options: MessagesOptions;
  private readonly onStop: () => Promise<void>;
  /** `signal`, as twins take it. */
  readonly twinOptions: Signal | undefined;
  private turnAt: number;
  private due: boolean;
  private lookedAt: number;
  private pullsToLook: number;

  /**
   * @param always stores what is handled whatever enable.auto.offset.store says
   * @param onStop of close_async: settles when nothing of what was handed out is in work
   */
  constructor(fn: string, rk: rd_kafka_t, o: MessagesOptions, always: boolean, onStop: () => Promise<void>) {
    const handle = checkHandle(fn, rk);
    if (handle.consumer === null) {
      if (handle.producer) throw new TypeError(`${fn}: rk must be a consumer, not a producer`);
      throw kafkaErrorOf(RD_KAFKA_RESP_ERR__UNKNOWN_GROUP, `${fn}: a consumer with group.id is needed`);
    }
    this.fn = fn;
    this.rk = handle;
    this.options = o;
    this.twinOptions = o.signal === undefined ? undefined : { signal: o.signal };
    this.signal = checkSignal(fn, this.twinOptions);
    this.onStop = onStop;
    this.ended = false;
    this.turnAt = now();
    this.due = false;
    this.lookedAt = this.turnAt;
    this.pullsToLook = 1;
    handle.consumer.pulls.begin(fn, this, always);
  }

  /** Nothing of it is waited for. */
  get finished(): boolean {
    return this.rk.consumer!.pulls.current !== this;
  }

  /** A rebalance waits. */
  get interrupted(): boolean {
    return this.rk.consumer!.queue.target.urgent.length > 0;
  }

  /** Of close_async. */
  stop(): Promise<void> {
    return this.onStop();
  }

  /** No pull comes any more, and one that waits finds the end. */
  end(): void {
    if (this.finished) return;
    this.ended = true;
    this.rk.consumer!.pulls.end(this);
    this.rk.thread.turnSoon();
  }

  /** Time for a turn of the event loop: nothing else gets one while messages keep coming. */
  turnIsDue(): boolean {
    if (this.due || --this.pullsToLook > 0) return this.due;
    const at = now();
    this.pullsToLook = at - this.lookedAt < QUICK_MS ? PULLS_A_LOOK : 1;
    this.lookedAt = at;
    this.due = at - this.turnAt >= TURN_MS;
    return this.due;
  }

  turn(): Promise<void> {
    return new Promise((resolve) => {
      nextTurn(() => {
        this.turned();
        resolve();
      });
    });
  }

  turned(): void {
    this.due = false;
    this.turnAt = now();
  }

  /** The next record that is here; null for none. Rebalances, errors and ends of partitions are told on the way. */
  here(): ConsumedMessage | null {
    const got = this.pull(pollHot);
    if (got === null) this.throwIfFatal();
    return got;
  }

  /** The same amid a batch: a rebalance is not begun. */
  more(): ConsumedMessage | null {
    return this.pull(pollMore);
  }

  private pull(poll: (rk: Handle) => Polled): ConsumedMessage | null {
    while (!this.gone()) {
      const got = poll(this.rk);
      if (got === null) return null;
      if (got.err === 0) return got as ConsumedMessage;
      this.tell(got as ErrorMessage);
    }
    return null;
  }

  /** Waits for one; null when the handle has closed, or the pull was ended. */
  async next(): Promise<ConsumedMessage | null> {
    while (!this.gone()) {
      const steps = asking(() => this.ended, consumerPollSteps(this.rk, -1));
      const got = await orGone<Polled>(promise(this.fn, this.rk, steps, this.twinOptions), null);
      this.turned();
      if (got === null) continue;
      if (got.err === 0) return got as ConsumedMessage;
      this.tell(got as ErrorMessage);
    }
    return null;
  }

  /** Amid a batch: until there may be more, or a rebalance waits, or the end has come. False when the time was up first. */
  async some(timeoutMs: number): Promise<boolean> {
    const { queue, rebalances } = this.rk.consumer!;
    const ready = (): boolean =>
      this.gone() || this.interrupted || (!rebalances.running && queue.target.head < queue.target.items.length);
    const ok = await waitFor(this.fn, this.rk, timeoutMs, ready, this.twinOptions);
    this.turned();
    return ok;
  }

  /** The handle is closed or destroyed, or close_async has begun. */
  gone(): boolean {
    const { rk } = this;
    if (rk[GONE] !== '' || rk.closing || rk.consumer!.closed || rk.consumer!.pulls.stopping) this.ended = true;
    return this.ended;
  }

  /** The partition of the message that was handed out last. */
  get part(): Consumed {
    return this.rk.consumer!.walk.part!;
  }

  /** The message was handled: its partition may be committed up to behind it. */
  handled(part: Consumed, message: ConsumedMessage): void {
    this.rk.consumer!.pulls.handled(part, message.offset + 1, message.leaderEpoch);
  }

  /** Whoever was told of it before: no message comes any more. */
  private throwIfFatal(): void {
    const { fatal } = this.rk;
    if (fatal !== null && !this.gone()) throw kafkaErrorOf(fatal.err, fatal.text, { fatal: true });
  }

  private tell(error: ErrorMessage): void {
    const { err, topic, partition, offset } = error;
    if (err === RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      this.options.on_eof?.(topic, partition, offset);
      return;
    }
    if (err === RD_KAFKA_RESP_ERR__FATAL) this.throwIfFatal();
    const text = error.errorText() ?? '';
    if (this.options.on_error) this.options.on_error(kafkaErrorOf(err, text));
    else this.rk.logs.add(ERROR, 'CONSUME', text);
  }
}
