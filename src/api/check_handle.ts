// Checks of handles and topics that all chapters share, and how a call of theirs waits. @thread app
import type { AppConsumer } from '../app/consumer.ts';
import type { Handle } from '../app/handle.ts';
import { asking, run, runAsync, type Steps } from '../app/steps.ts';
import type { Topic } from '../app/topic.ts';
import { RD_KAFKA_RESP_ERR__DESTROY } from '../defs/enums.ts';
import { kafkaErrorOf } from '../defs/kafka_error.ts';
import type { rd_kafka_t, rd_kafka_topic_t } from '../defs/types.ts';
import { checkBrand, checkInt32, GONE, typeError } from '../rd/check.ts';

/** What every `_async` twin takes last. */
export interface TwinOptions {
  readonly signal?: AbortSignal;
}

export function checkHandle(fn: string, rk: rd_kafka_t): Handle {
  return checkBrand<Handle>(fn, 'rk', rk, 'rd_kafka_t');
}

/** A producer's handle: what produces on a consumer is undefined in C, so it throws here. */
export function checkProducer(fn: string, rk: rd_kafka_t): Handle {
  const handle = checkHandle(fn, rk);
  if (!handle.producer) throw new TypeError(`${fn}: rk must be a producer, not a consumer`);
  return handle;
}

/** A consumer's handle, or a topic or queue of one: on a producer such a call is undefined in C, so it throws here. */
export function checkConsumer(fn: string, rk: Handle, param: string): AppConsumer {
  if (rk.consuming === null) throw new TypeError(`${fn}: ${param} must be of a consumer, not of a producer`);
  return rk.consuming;
}

export function checkTopic(fn: string, rkt: rd_kafka_topic_t, param = 'rkt'): Topic {
  return checkBrand<Topic>(fn, param, rkt, 'rd_kafka_topic_t');
}

export function checkTimeout(fn: string, timeout_ms: number): number {
  return checkInt32(fn, 'timeout_ms', timeout_ms);
}

/** Blocks until the steps are done. */
export function block<T>(rk: Handle, steps: Steps<T>): T {
  return run(rk.thread, steps);
}

/**
 * The signal of what twin `fn` was given last, as `param`. TypeError for what is not `{ signal }` (left out: undefined); the reason of
 * one that is aborted already: so called before anything happens.
 */
export function checkSignal(fn: string, o: TwinOptions | undefined, param = 'o'): AbortSignal | undefined {
  const signal = signalOf(fn, o, param);
  signal?.throwIfAborted();
  return signal;
}

/** The same of one that may be aborted already. */
export function signalOf(fn: string, o: TwinOptions | undefined, param = 'o'): AbortSignal | undefined {
  if (o === undefined) return undefined;
  if (typeof o !== 'object' || o === null || Array.isArray(o) || isSignal(o))
    throw typeError(fn, param, 'an object { signal }', o);
  for (const key of Object.keys(o))
    if (key !== 'signal') throw new TypeError(`${fn}: ${param} must be an object { signal }, without ${key}`);
  const { signal } = o;
  if (signal === undefined) return undefined;
  if (!isSignal(signal)) throw typeError(fn, `${param}.signal`, 'an AbortSignal', signal);
  return signal;
}

/** By what is used of it: a test runner's world has an AbortSignal of its own. */
function isSignal(value: unknown): value is AbortSignal {
  if (typeof value !== 'object' || value === null) return false;
  const { aborted, throwIfAborted, addEventListener } = value as Partial<AbortSignal>;
  return typeof aborted === 'boolean' && typeof throwIfAborted === 'function' && typeof addEventListener === 'function';
}

/**
 * The same as a promise, for twin `fn`; the process stays alive until it settles. Rejects with _DESTROY when the handle
 * ends first.
 */
export function promise<T>(fn: string, rk: Handle, steps: Steps<T>, o: TwinOptions | undefined): Promise<T> {
  const gone = (): boolean => {
    if (rk[GONE] !== '') throw kafkaErrorOf(RD_KAFKA_RESP_ERR__DESTROY);
    return false;
  };
  return runAsync(rk.thread, rk.port, asking(gone, steps), checkSignal(fn, o));
}
