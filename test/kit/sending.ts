// Messages through topic handles and rd_kafka_produce, as the older of librdkafka's programs send them. @thread app
import {
  RD_KAFKA_CONF_OK,
  RD_KAFKA_MSG_F_COPY,
  rd_kafka_err2name,
  rd_kafka_last_error,
  rd_kafka_outq_len,
  rd_kafka_poll,
  rd_kafka_produce,
  type rd_kafka_t,
  rd_kafka_topic_conf_new,
  rd_kafka_topic_conf_set,
  type rd_kafka_topic_conf_t,
  rd_kafka_topic_new,
  type rd_kafka_topic_t,
} from '../../src/rdkafka.ts';
import type { Config } from './builders.ts';
import { pollUntil } from './consuming.ts';

/** A handle of the topic, with these properties in place of the handle's defaults for topics; throws where it is refused. */
export function aTopicHandle(rk: rd_kafka_t, name: string, config: Config | null = null): rd_kafka_topic_t {
  const rkt = rd_kafka_topic_new(rk, name, config === null ? null : topicConf(config));
  if (rkt === null) throw new Error(`topic_new: ${rd_kafka_err2name(rd_kafka_last_error())}`);
  return rkt;
}

function topicConf(config: Config): rd_kafka_topic_conf_t {
  const conf = rd_kafka_topic_conf_new();
  for (const [property, value] of Object.entries(config))
    if (rd_kafka_topic_conf_set(conf, property, String(value)) !== RD_KAFKA_CONF_OK)
      throw new Error(`topic property ${property}=${value} is refused`);
  return conf;
}

export interface Sent {
  readonly value?: Uint8Array | string | null;
  readonly key?: Uint8Array | string | null;
  readonly opaque?: unknown;
}

/** Hands one message to rd_kafka_produce; 0, or the code that it left in last_error. */
export function send(rkt: rd_kafka_topic_t, partition: number, { value = null, key = null, opaque }: Sent): number {
  const refused = rd_kafka_produce(rkt, partition, RD_KAFKA_MSG_F_COPY, value, key, opaque);
  return refused === 0 ? 0 : rd_kafka_last_error();
}

/** The same; throws where it is refused. */
export function sendOrThrow(rkt: rd_kafka_topic_t, partition: number, message: Sent): void {
  const err = send(rkt, partition, message);
  if (err !== 0) throw new Error(`produce: ${rd_kafka_err2name(err)}`);
}

/** Polls, without a flush that would hurry them, until every message has its report; throws after `timeout_ms`. */
export function pollReports(rk: rd_kafka_t, timeout_ms: number = 45_000): void {
  pollUntil(
    'every message to have its report',
    () => rd_kafka_poll(rk, 50),
    () => rd_kafka_outq_len(rk) === 0,
    timeout_ms,
  );
}
