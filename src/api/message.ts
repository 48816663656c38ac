// Chapter "message" of rdkafka.h: what a message says beside its fields. @thread app
import {
  RD_KAFKA_RESP_ERR_NO_ERROR,
  RD_KAFKA_TIMESTAMP_NOT_AVAILABLE,
  type rd_kafka_msg_status_t,
  type rd_kafka_timestamp_type_t,
} from '../defs/enums.ts';
import { errorText } from '../defs/errors.ts';
import type { MessageParts } from '../defs/message.ts';
import type { Out } from '../defs/out.ts';
import type { rd_kafka_message_t } from '../defs/types.ts';
import { checkBrand, checkOut, GONE } from '../rd/check.ts';

/** rd_kafka_message_destroy: may be left out; the message can't be used afterwards, Buffers taken from it can. */
export function message_destroy(rkmessage: rd_kafka_message_t): void {
  const message = parts('message_destroy', rkmessage);
  message.destroy();
  message[GONE] = 'has been destroyed';
}

/**
 * rd_kafka_message_errstr: null without an error; else the error's text: of a consumer's error message the one it came
 * with, else the code's. Unlike C, a report never gives the application's payload as text.
 */
export function message_errstr(rkmessage: rd_kafka_message_t): string | null {
  const message = parts('message_errstr', rkmessage);
  return message.err === RD_KAFKA_RESP_ERR_NO_ERROR ? null : (message.errorText() ?? errorText(message.err));
}

/** rd_kafka_message_produce_errstr: of a report: what the broker wrote about this record; null when it wrote nothing. */
export function message_produce_errstr(rkmessage: rd_kafka_message_t): string | null {
  const message = parts('message_produce_errstr', rkmessage);
  return message.err === RD_KAFKA_RESP_ERR_NO_ERROR ? null : message.produceErrorText();
}

/** rd_kafka_message_timestamp: milliseconds since 1970, -1 (NOT_AVAILABLE) when there is none or the message is an error. */
export function message_timestamp(
  rkmessage: rd_kafka_message_t,
  tstype: Out<rd_kafka_timestamp_type_t> | null,
): number {
  const message = parts('message_timestamp', rkmessage);
  const out = checkOut('message_timestamp', 'tstype', tstype);
  const isError = message.err !== RD_KAFKA_RESP_ERR_NO_ERROR;
  if (out !== null) out.value = isError ? RD_KAFKA_TIMESTAMP_NOT_AVAILABLE : message.timestampType;
  return isError ? -1 : message.timestamp;
}

/** rd_kafka_message_latency: of a report: microseconds from the produce call until now; -1 when not known. */
export function message_latency(rkmessage: rd_kafka_message_t): number {
  return parts('message_latency', rkmessage).latencyUs();
}

/** rd_kafka_message_broker_id: the broker that wrote or gave the message, -1 when there was none. */
export function message_broker_id(rkmessage: rd_kafka_message_t): number {
  return parts('message_broker_id', rkmessage).brokerId;
}

/** rd_kafka_message_status: of a report: whether the message is in the log, may be, or is not. */
export function message_status(rkmessage: rd_kafka_message_t): rd_kafka_msg_status_t {
  return parts('message_status', rkmessage).status;
}

/** rd_kafka_message_leader_epoch: of a consumed message; -1 when not known. */
export function message_leader_epoch(rkmessage: rd_kafka_message_t): number {
  return parts('message_leader_epoch', rkmessage).leaderEpoch;
}

/** rd_kafka_message_delivery_count: of a share consumer's message: how often it was handed out; else 0. */
export function message_delivery_count(rkmessage: rd_kafka_message_t): number {
  return parts('message_delivery_count', rkmessage).deliveryCount;
}

function parts(fn: string, rkmessage: rd_kafka_message_t): MessageParts {
  return checkBrand<MessageParts>(fn, 'rkmessage', rkmessage, 'rd_kafka_message_t');
}
