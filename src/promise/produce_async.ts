// produce_async and room_async of the promise layer: messages in, their reports back as promises. @thread app
import { checkProducer, checkSignal, promise, type TwinOptions } from '../api/check_handle.ts';
import { type CheckedMessage, checkMessage, type ProduceInput, targetOf } from '../api/produce.ts';
import { Awaited, type Report } from '../app/awaited.ts';
import type { Handle } from '../app/handle.ts';
import { roomSteps } from '../app/serve.ts';
import { RD_KAFKA_RESP_ERR__DESTROY } from '../defs/enums.ts';
import type { HeaderInput } from '../defs/headers.ts';
import { KafkaError, kafkaErrorOf } from '../defs/kafka_error.ts';
import type { Bytes, rd_kafka_t } from '../defs/types.ts';
import { checkArray } from '../rd/check.ts';
import type { Signal } from './options.ts';

export type { Report } from '../app/awaited.ts';

/** One message. `partition` left out: the partitioner chooses; `timestamp` left out: now. */
export interface ProduceMessage {
  readonly topic: string;
  readonly value?: Bytes;
  readonly key?: Bytes;
  readonly partition?: number;
  readonly headers?: HeaderInput;
  /** ms since the epoch. */
  readonly timestamp?: number;
  /** Comes back in the report. */
  readonly opaque?: unknown;
}

/**
 * Produces, and gives the report: settles when the broker has confirmed the message (as `acks` says) or when it has
 * failed for good, with a KafkaError whose `code` is the report's, and whose `status` (RD_KAFKA_MSG_STATUS_*) says whether
 * the message may be stored all the same. Where `producev` would give _QUEUE_FULL it waits for
 * room; the order of calls is the order of messages, while waiting too. `linger.ms` counts, since a batch waits for more:
 * a service that awaits each message sets it to 0.
 *
 * Many messages: the reports in the same order, when all are there; if one failed, a KafkaError with the first one's code
 * and `reports: (Report | KafkaError)[]`.
 *
 * The report goes to the promise only: never to dr_msg_cb or an event, and `delivery.report.only.error` does not mute it.
 * No poll and no poll_start is needed; while a message waits for room, callbacks that poll serves run from the event loop,
 * as with F_BLOCK, since their reports make room. `o.signal` takes back what has not been accepted yet, and then rejects with its
 * reason; an accepted message can't be taken back. Bytes are copied before the call returns. Keeps the process alive
 * until it settles. Misuse (a wrong type, a handle that is destroyed) rejects with TypeError or RangeError, and nothing is
 * produced then.
 */
export function produce_async(rk: rd_kafka_t, message: ProduceMessage, o?: Signal): Promise<Report>;
export function produce_async(rk: rd_kafka_t, messages: readonly ProduceMessage[], o?: Signal): Promise<Report[]>;
export function produce_async(
  rk: rd_kafka_t,
  message: ProduceMessage | readonly ProduceMessage[],
  o?: TwinOptions,
): Promise<Report | Report[]> {
  try {
    const handle = checkProducer('produce_async', rk);
    const signal = checkSignal('produce_async', o);
    if (Array.isArray(message)) return sendAll(handle, message, signal);
    return send(handle, checkMessage('produce_async', 'message', handle, message as ProduceInput), signal);
  } catch (error) {
    return Promise.reject(error);
  }
}

function send(rk: Handle, message: CheckedMessage, signal: AbortSignal | undefined): Promise<Report> {
  const target = targetOf(rk, message);
  if (typeof target === 'number') return Promise.reject(kafkaErrorOf(target));
  const { partition, key, value, headers, taken, timestamp, opaque } = message;
  const list = headers === null || headers.list.length === 0 ? null : headers.list;
  return new Promise((resolve, reject) => {
    const awaited = new Awaited(opaque, sizeOf(value), resolve, reject);
    const owner = taken ? headers : null;
    rk.awaiting().send({ topic: target, partition, key, value, headers: list, owner, timestamp }, awaited, signal);
  });
}

function sizeOf(value: Bytes): number {
  if (value === null) return 0;
  return typeof value === 'string' ? Buffer.byteLength(value) : value.length;
}

async function sendAll(
  rk: Handle,
  messages: readonly ProduceMessage[],
  signal: AbortSignal | undefined,
): Promise<Report[]> {
  checkArray('produce_async', 'messages', messages);
  // All are looked through before the first is sent.
  const checked = messages.map((message, i) =>
    checkMessage('produce_async', `messages[${i}]`, rk, message as ProduceInput),
  );
  const results = await Promise.allSettled(checked.map((message) => send(rk, message, signal)));
  const failed = results.filter((result): result is PromiseRejectedResult => result.status === 'rejected');
  if (failed.length === 0) return results.map((result) => (result as PromiseFulfilledResult<Report>).value);
  throw severalFailed(
    failed.map(({ reason }) => reason),
    results.map((result) => (result.status === 'fulfilled' ? result.value : result.reason)),
  );
}

/** What an abort or the caller's own partitioner gave goes on as it is. */
function severalFailed(reasons: readonly unknown[], reports: readonly unknown[]): unknown {
  const [first] = reasons;
  const foreign = reasons.find((reason) => !(reason instanceof KafkaError));
  if (foreign !== undefined || !(first instanceof KafkaError)) return foreign;
  const text = `${reasons.length} of ${reports.length} messages were not delivered, the first: ${first.message}`;
  return Object.assign(new KafkaError(first.code, text, first), { reports });
}

/**
 * Resolves when the producer's queue has room for a message again: what to wait for after `producev` gave _QUEUE_FULL.
 * Callbacks that poll serves run from the event loop meanwhile, which is what makes room. Rejects with the fatal error
 * of a producer that has one, with _DESTROY when the handle ends, and with `o.signal`'s reason.
 */
export async function room_async(rk: rd_kafka_t, o?: Signal): Promise<void> {
  const handle = checkProducer('room_async', rk);
  await promise('room_async', handle, roomSteps(handle, 0), o);
  const { fatal, closing } = handle;
  if (closing) throw kafkaErrorOf(RD_KAFKA_RESP_ERR__DESTROY);
  if (fatal !== null) throw kafkaErrorOf(fatal.err, fatal.text, { fatal: true });
}
