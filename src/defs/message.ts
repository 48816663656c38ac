// What a message is inside: the public fields, and what the message_* functions read beside them. The producer's report
// and the consumer's message implement it, each in its own room. @thread any

import type { rd_kafka_msg_status_t, rd_kafka_resp_err_t, rd_kafka_timestamp_type_t } from './enums.ts';
import type { Header, HeaderList } from './headers.ts';
import type { rd_kafka_message_t } from './types.ts';

/**
 * Implemented by the report (app/poll) and by the consumed message (app/consumer_queue). What is costly is a method, so
 * that a message that nobody looks at costs nothing: headers are parsed, payload and key copied at first use.
 * `'~type'` must be a getter on the prototype that gives 'rd_kafka_message_t'.
 */
export interface MessageParts extends rd_kafka_message_t {
  /** undefined or '' while it may be used, else why not. */
  '~gone'?: string;
  /** Of `timestamp`; NOT_AVAILABLE (0) when that is -1. */
  readonly timestampType: rd_kafka_timestamp_type_t;
  /** The broker that wrote or gave the message, -1 when there was none. */
  readonly brokerId: number;
  /** Of the consumed record; -1 when not known, and in reports. */
  readonly leaderEpoch: number;
  readonly status: rd_kafka_msg_status_t;
  /** Share consumer only: how often the record was handed out; else 0. */
  readonly deliveryCount: number;
  /** Microseconds from produce call until now, by the app's clock; -1 when not a report. */
  latencyUs(): number;
  /** Text of a consumer's error message; null: the code's own text will do (every report). */
  errorText(): string | null;
  /** Text that the broker gave with this record's error; null when there is none. */
  produceErrorText(): string | null;
  /** The headers, parsed at first use and kept; null when there are none or headerError() is not 0. The message owns them. */
  headerList(): HeaderList | null;
  /** 0; or _BAD_MSG when the record's headers can't be read (parses them, like headerList). */
  headerError(): rd_kafka_resp_err_t;
  /** Replaces the headers; null takes them away: a report has none then, a consumed message parses its record's again. */
  setHeaderList(headers: HeaderList | null): void;
  /** Lets go of whatever the message holds; called once, by message_destroy or dispose. */
  destroy(): void;
}

/** Result of `headers` of a message without any. */
export const NO_HEADERS: readonly Header[] = Object.freeze([]);

/** `header(name)` of any message: the last of that name, undefined when there is none. */
export function lastHeader(headers: HeaderList | null, name: string): Buffer | null | undefined {
  return headers?.last(name)?.[1];
}
