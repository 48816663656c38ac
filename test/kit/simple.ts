// Consumers without a group, and what all of the consume* calls give, as tests want it. @thread app
import type { TestContext } from 'vitest';
import * as k from '../../src/rdkafka.ts';
import { aConf, aHandle, type Config, type TestCallbacks } from './builders.ts';
import { pollUntil } from './consuming.ts';
import type { MsgVer } from './msgver.ts';

/** A consumer without group.id; its topics begin at the beginning where nothing else is said. */
export function aSimpleConsumer(t: TestContext, config: Config, callbacks: TestCallbacks = {}): k.rd_kafka_t {
  return aHandle(t, k.RD_KAFKA_CONSUMER, aConf(t, { 'auto.offset.reset': 'earliest', ...config }, callbacks));
}

export function topicOf(rk: k.rd_kafka_t, name: string): k.rd_kafka_topic_t {
  const rkt = k.rd_kafka_topic_new(rk, name, null);
  if (rkt === null) throw new Error(k.rd_kafka_err2name(k.rd_kafka_last_error()));
  return rkt;
}

export function start(rkt: k.rd_kafka_topic_t, partition: number, offset: number, to?: k.rd_kafka_queue_t): void {
  const done =
    to === undefined
      ? k.rd_kafka_consume_start(rkt, partition, offset)
      : k.rd_kafka_consume_start_queue(rkt, partition, offset, to);
  if (done !== 0) throw new Error(`consume_start: ${k.rd_kafka_err2name(k.rd_kafka_last_error())}`);
}

/** Takes messages by `take` until `ver` has `count` more; any error but the end of a partition throws. */
export function takeMessages(ver: MsgVer, count: number, take: () => readonly (k.rd_kafka_message_t | null)[]): void {
  const wanted = ver.count + count;
  const serve = (): void => {
    for (const message of take()) {
      if (message === null || message.err === k.RD_KAFKA_RESP_ERR__PARTITION_EOF) continue;
      if (message.err !== 0)
        throw new Error(`${k.rd_kafka_err2name(message.err)}: ${k.rd_kafka_message_errstr(message)}`);
      ver.add(message);
    }
  };
  pollUntil(`${wanted} messages`, serve, () => ver.count >= wanted);
}

/** Polls for a while: no message comes. */
export function silence(rk: k.rd_kafka_t, ms: number = 400): void {
  for (const end = performance.now() + ms; performance.now() < end; ) {
    const message = k.rd_kafka_consumer_poll(rk, 20);
    if (message === null || message.err === k.RD_KAFKA_RESP_ERR__PARTITION_EOF) continue;
    throw new Error(`a message of ${message.topic} [${message.partition}] @${message.offset}, ${message.err}`);
  }
}

/** One batch from a queue. */
export function batchOf(rkqu: k.rd_kafka_queue_t, timeoutMs: number, size: number): k.rd_kafka_message_t[] {
  const messages: k.rd_kafka_message_t[] = [];
  const count = k.rd_kafka_consume_batch_queue(rkqu, timeoutMs, messages, size);
  if (count !== messages.length) throw new Error(`consume_batch_queue gave ${count}, and ${messages.length} messages`);
  return messages;
}
