// messages and batches of the promise layer: a consumer as an async iterator. @thread app
import type { ConsumedMessage } from '../app/consumed_message.ts';
import type { Consumed } from '../app/consumer.ts';
import { now } from '../app/thread.ts';
import type { rd_kafka_message_t, rd_kafka_t } from '../defs/types.ts';
import { checkInt } from '../rd/check.ts';
import type { MessagesOptions } from './options.ts';
import { checkOptions, Puller } from './puller.ts';

export type { MessagesOptions } from './options.ts';

/** A consumed record. Its Buffers are yours for as long as you hold them. */
export interface Message extends rd_kafka_message_t {
  readonly topic: string;
  readonly value: Buffer | null;
  /** ms since the epoch, -1 for none. */
  readonly timestamp: number;
  /** In order, duplicates kept. */
  readonly headers: readonly (readonly [string, Buffer | null])[];
  /** The last header of that name: undefined for none, null for one without a value. */
  header(name: string): Buffer | null | undefined;
}

/** What both iterators share: one pull after the other, whatever their callers do. */
abstract class Pulled<T> implements AsyncIterableIterator<T>, AsyncDisposable {
  protected readonly puller: Puller;
  /** Of `next`: those that wait, and when the last of them is at its end. */
  private pending: number;
  private last: Promise<unknown>;
  private stopped: (() => void) | null;

  constructor(fn: string, rk: rd_kafka_t, o: MessagesOptions) {
    this.pending = 0;
    this.last = Promise.resolve();
    this.stopped = null;
    this.puller = new Puller(fn, rk, o, false, () => this.stop());
  }

  /** What was handed out before is done. */
  protected abstract done(): void;
  /** What is here, null for nothing; runs no promise. */
  protected abstract here(): T | null;
  /** Something was handed out that is not done. */
  protected abstract readonly atWork: boolean;
  /** Waits for it; null at the end. */
  protected abstract wait(): Promise<T | null>;

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const fast = this.pending === 0 ? this.fast() : null;
    if (fast !== null) return fast;
    const result = this.slow(this.last);
    this.last = result.then(ignore, ignore);
    return result;
  }

  /** null: it has to wait. */
  private fast(): Promise<IteratorResult<T, undefined>> | null {
    const { puller } = this;
    try {
      if (puller.ended) return Promise.resolve(this.finish());
      this.done();
      puller.signal?.throwIfAborted();
      if (puller.turnIsDue()) return null;
      const value = this.here();
      return value === null ? null : Promise.resolve({ value, done: false });
    } catch (error) {
      this.finish();
      return Promise.reject(error);
    }
  }

  /** Several at once: one after the other. */
  private async slow(before: Promise<unknown>): Promise<IteratorResult<T, undefined>> {
    const { puller } = this;
    this.pending++;
    try {
      if (this.pending > 1) {
        await before;
        if (puller.ended) return this.finish();
        this.done();
      }
      if (puller.turnIsDue()) await puller.turn();
      puller.signal?.throwIfAborted();
      const value = this.here() ?? (await this.wait());
      return value === null ? this.finish() : { value, done: false };
    } catch (error) {
      this.finish();
      throw error;
    } finally {
      // Before its caller goes on, who finds the fast way again.
      this.pending--;
    }
  }

  /** What was handed out last is not taken for done: a loop that was left may have been left amid it. */
  return(): Promise<IteratorResult<T, undefined>> {
    return Promise.resolve(this.finish());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.finish();
  }

  private finish(): IteratorResult<T, undefined> {
    this.puller.end();
    this.stopped?.();
    return { value: undefined, done: true };
  }

  /** Of close_async: the pull that is waiting ends; a loop at work comes back for the next, and finds the end. */
  private stop(): Promise<void> {
    if (this.pending === 0 && !this.atWork) this.finish();
    return new Promise((resolve) => {
      if (this.puller.finished) resolve();
      else this.stopped = resolve;
    });
  }
}

function ignore(): void {}

class Messages extends Pulled<ConsumedMessage> {
  private part: Consumed | null = null;
  private message: ConsumedMessage | null = null;

  protected done(): void {
    const { part, message } = this;
    if (message === null) return;
    this.message = null;
    this.puller.handled(part!, message);
  }

  protected get atWork(): boolean {
    return this.message !== null;
  }

  protected here(): ConsumedMessage | null {
    return this.take(this.puller.here());
  }

  protected async wait(): Promise<ConsumedMessage | null> {
    return this.take(await this.puller.next());
  }

  private take(message: ConsumedMessage | null): ConsumedMessage | null {
    if (message === null) return null;
    this.message = message;
    this.part = this.puller.part;
    return message;
  }
}

export interface BatchesOptions extends MessagesOptions {
  /** Messages of one batch at most, 1000. */
  readonly max_messages?: number;
  /** A batch goes out when its keys and values have so many bytes; no bound by default. */
  readonly max_bytes?: number;
  /** How long a batch that is not full waits for more (ms), 0: what is there goes out. */
  readonly max_wait_ms?: number;
}

const INT32_MAX = 0x7fffffff;

class Batches extends Pulled<ConsumedMessage[]> {
  private readonly maxMessages: number;
  private readonly maxBytes: number;
  private readonly maxWaitMs: number;
  /** Of the batch that was handed out, by partition. */
  private readonly newest: Map<Consumed, ConsumedMessage> = new Map();
  /** Of the batch that is being filled. */
  private bytes = 0;
  /** What went wrong while there was something in the batch: it goes out first. */
  private failure: { readonly error: unknown } | null = null;

  constructor(rk: rd_kafka_t, o: BatchesOptions) {
    const { max_messages = 1000, max_bytes = Number.MAX_SAFE_INTEGER, max_wait_ms = 0 } = o;
    checkInt('batches', 'o.max_messages', max_messages, 1, INT32_MAX);
    checkInt('batches', 'o.max_bytes', max_bytes, 1, Number.MAX_SAFE_INTEGER);
    checkInt('batches', 'o.max_wait_ms', max_wait_ms, 0, INT32_MAX);
    super('batches', rk, o);
    this.maxMessages = max_messages;
    this.maxBytes = max_bytes;
    this.maxWaitMs = max_wait_ms;
  }

  protected done(): void {
    for (const [part, message] of this.newest) this.puller.handled(part, message);
    this.newest.clear();
  }

  protected get atWork(): boolean {
    return this.newest.size > 0;
  }

  protected here(): ConsumedMessage[] | null {
    if (this.failure !== null) throw this.failure.error;
    if (this.maxWaitMs > 0) return null;
    const first = this.puller.here();
    if (first === null) return null;
    const batch = [this.count(first, 0)];
    this.fill(batch);
    return batch;
  }

  protected async wait(): Promise<ConsumedMessage[] | null> {
    const first = await this.puller.next();
    if (first === null) return null;
    const until = now() + this.maxWaitMs;
    const batch = [this.count(first, 0)];
    this.fill(batch);
    while (!this.complete(batch) && now() < until && (await this.mayBeMore(until - now()))) this.fill(batch);
    return batch;
  }

  private async mayBeMore(timeoutMs: number): Promise<boolean> {
    try {
      return await this.puller.some(timeoutMs);
    } catch (error) {
      this.failure = { error };
      return false;
    }
  }

  private fill(batch: ConsumedMessage[]): void {
    try {
      while (!this.complete(batch)) {
        const message = this.puller.more();
        if (message === null) return;
        batch.push(this.count(message, this.bytes));
      }
    } catch (error) {
      this.failure = { error };
    }
  }

  private count(message: ConsumedMessage, before: number): ConsumedMessage {
    this.bytes = before + message.len + message.key_len;
    this.newest.set(this.puller.part, message);
    return message;
  }

  /** Also when a rebalance waits for the next pull: what is in the batch may be of partitions that go. */
  private complete(batch: readonly ConsumedMessage[]): boolean {
    const { ended, interrupted } = this.puller;
    if (ended || interrupted || this.failure !== null) return true;
    return batch.length >= this.maxMessages || this.bytes >= this.maxBytes;
  }
}

/**
 * The consumer's messages, one by one, for as long as the handle lives: `for await (const message of messages(rk))`.
 * Each is pulled when it is asked for: nothing lies in a buffer of its own, so nothing stale comes after a seek, a pause or
 * a rebalance. Rebalances are answered in a pull, after the hooks of consumer_new; max.poll.interval.ms counts from pull to
 * pull. An offset is stored, to be committed, when the next message is asked for, and not for the one at which the loop was
 * left (break, throw); with `enable.auto.offset.store=false` nothing is stored for you. The event loop gets a turn every
 * few milliseconds while messages keep coming.
 *
 * Ends when the handle closes. Throws `o.signal`'s reason, a fatal error as a KafkaError, and what a hook has thrown; other
 * errors go to `o.on_error`. A second one on the same handle throws _STATE while the first is not at its end.
 */
export function messages(rk: rd_kafka_t, o?: MessagesOptions): AsyncIterableIterator<Message> & AsyncDisposable {
  return new Messages('messages', rk, checkOptions('messages', o, []));
}

/**
 * The same in arrays of one message and more: what is there, up to `max_messages` and about `max_bytes`, or what comes within
 * `max_wait_ms`. Offsets are stored when the next batch is asked for. A batch never goes on across a rebalance.
 * What is to be thrown while there is something in a batch is thrown by the next pull.
 */
export function batches(rk: rd_kafka_t, o?: BatchesOptions): AsyncIterableIterator<Message[]> & AsyncDisposable {
  return new Batches(rk, checkOptions('batches', o, ['max_messages', 'max_bytes', 'max_wait_ms']));
}
