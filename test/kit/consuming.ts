// Waiting for messages by blocking polls, as a C program does. @thread app
import {
  RD_KAFKA_RESP_ERR__PARTITION_EOF,
  rd_kafka_consumer_poll,
  rd_kafka_err2name,
  rd_kafka_message_errstr,
  type rd_kafka_message_t,
  type rd_kafka_t,
} from '../../src/rdkafka.ts';
import type { MsgVer } from './msgver.ts';

/** How long one poll may block. */
const SLICE_MS = 200;

export interface ConsumeOptions {
  /** For all of them. */
  timeout_ms?: number;
  /** Errors that may come in between, by code. */
  tolerate?: readonly number[];
  each?: (message: rd_kafka_message_t) => void;
}

/**
 * Polls until `ver` has `count` messages more. Throws at any other error than the tolerated, and after `timeout_ms` (45 s)
 * with what did arrive.
 */
export function consumeMessages(rk: rd_kafka_t, ver: MsgVer, count: number, options: ConsumeOptions = {}): void {
  const { timeout_ms = 45_000, tolerate = [], each } = options;
  const deadline = performance.now() + timeout_ms;
  const wanted = ver.count + count;
  while (ver.count < wanted) {
    if (performance.now() > deadline)
      throw new Error(`only ${ver.count} of ${wanted} messages of ${ver.id} within ${timeout_ms} ms`);
    const message = rd_kafka_consumer_poll(rk, SLICE_MS);
    if (message === null) continue;
    if (message.err !== 0) refuse(message, tolerate);
    else if (ver.add(message)) each?.(message);
  }
}

/** Polls for `ms` and throws if a message or an error comes. */
export function consumeNothing(rk: rd_kafka_t, ms: number): void {
  const message = rd_kafka_consumer_poll(rk, ms);
  if (message === null) return;
  if (message.err !== 0) refuse(message, []);
  throw new Error(`a message of ${message.topic} [${message.partition}] @${message.offset}`);
}

function refuse(message: rd_kafka_message_t, tolerate: readonly number[]): void {
  if (message.err === RD_KAFKA_RESP_ERR__PARTITION_EOF || tolerate.includes(message.err)) return;
  throw new Error(`consumer_poll: ${rd_kafka_err2name(message.err)}: ${rd_kafka_message_errstr(message)}`);
}

/** Asks again and again, serving `rk` by `serve` in between, until `ready`; throws after `timeout_ms`. */
export function pollUntil(what: string, serve: () => void, ready: () => boolean, timeout_ms: number = 45_000): void {
  const deadline = performance.now() + timeout_ms;
  while (!ready()) {
    if (performance.now() > deadline) throw new Error(`waited ${timeout_ms} ms in vain for: ${what}`);
    serve();
  }
}
