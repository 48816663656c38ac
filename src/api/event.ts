// Chapter "event" of rdkafka.h: what queue_poll gives. So far of fetches, errors, rebalances and results of commits.
// @thread app
import type { QueueEvent } from '../app/event.ts';
import {
  RD_KAFKA_EVENT_ERROR,
  RD_KAFKA_EVENT_FETCH,
  RD_KAFKA_EVENT_NONE,
  RD_KAFKA_EVENT_OFFSET_COMMIT,
  RD_KAFKA_EVENT_REBALANCE,
  type rd_kafka_resp_err_t,
} from '../defs/enums.ts';
import type {
  rd_kafka_event_t,
  rd_kafka_message_t,
  rd_kafka_topic_partition_list_t,
  rd_kafka_topic_partition_t,
} from '../defs/types.ts';
import { checkBrand, checkSize, typeError } from '../rd/check.ts';

const NAMES: Readonly<Record<number, string>> = {
  [RD_KAFKA_EVENT_NONE]: '(NONE)',
  [RD_KAFKA_EVENT_FETCH]: 'Fetch',
  [RD_KAFKA_EVENT_ERROR]: 'Error',
  [RD_KAFKA_EVENT_REBALANCE]: 'Rebalance',
  [RD_KAFKA_EVENT_OFFSET_COMMIT]: 'OffsetCommit',
};

function checkEvent(fn: string, rkev: rd_kafka_event_t): QueueEvent {
  return checkBrand<QueueEvent>(fn, 'rkev', rkev, 'rd_kafka_event_t');
}

/** rd_kafka_event_type: a RD_KAFKA_EVENT_ value; RD_KAFKA_EVENT_NONE for null. */
export function event_type(rkev: rd_kafka_event_t | null): number {
  return rkev === null || rkev === undefined ? RD_KAFKA_EVENT_NONE : checkEvent('event_type', rkev).type;
}

/** rd_kafka_event_name: its type as text; `(NONE)` for null. */
export function event_name(rkev: rd_kafka_event_t | null): string {
  if (rkev === null || rkev === undefined) return NAMES[RD_KAFKA_EVENT_NONE]!;
  return NAMES[checkEvent('event_name', rkev).type] ?? '?unknown?';
}

/** rd_kafka_event_destroy: ends the event; null is fine. What was taken out of it stays the caller's. */
export function event_destroy(rkev: rd_kafka_event_t | null): void {
  if (rkev !== null && rkev !== undefined) checkEvent('event_destroy', rkev).destroy();
}

/** rd_kafka_event_message_next: the next message in the event, each once; null when there is none left. */
export function event_message_next(rkev: rd_kafka_event_t): rd_kafka_message_t | null {
  return checkEvent('event_message_next', rkev).nextMessage();
}

/** rd_kafka_event_message_array: takes up to `size` messages into `rkmessages`, whose length is set; gives how many. */
export function event_message_array(rkev: rd_kafka_event_t, rkmessages: rd_kafka_message_t[], size: number): number {
  const event = checkEvent('event_message_array', rkev);
  if (!Array.isArray(rkmessages)) throw typeError('event_message_array', 'rkmessages', 'an array', rkmessages);
  const most = checkSize('event_message_array', 'size', size);
  rkmessages.length = 0;
  while (rkmessages.length < most) {
    const message = event.nextMessage();
    if (message === null) break;
    rkmessages.push(message);
  }
  return rkmessages.length;
}

/** rd_kafka_event_message_count: how many messages the event was made with. */
export function event_message_count(rkev: rd_kafka_event_t): number {
  return checkEvent('event_message_count', rkev).messageCount;
}

/** rd_kafka_event_error: the event's code. Of a rebalance: _ASSIGN_PARTITIONS or _REVOKE_PARTITIONS. */
export function event_error(rkev: rd_kafka_event_t): rd_kafka_resp_err_t {
  return checkEvent('event_error', rkev).err as rd_kafka_resp_err_t;
}

/** rd_kafka_event_error_string: a text for the event's code. */
export function event_error_string(rkev: rd_kafka_event_t): string | null {
  return checkEvent('event_error_string', rkev).errorText();
}

/** rd_kafka_event_error_is_fatal: 1 for a fatal error, else 0. */
export function event_error_is_fatal(rkev: rd_kafka_event_t): number {
  return checkEvent('event_error_is_fatal', rkev).fatal ? 1 : 0;
}

/** rd_kafka_event_opaque: what commit_queue was given, else null. */
export function event_opaque(rkev: rd_kafka_event_t): any {
  return checkEvent('event_opaque', rkev).opaque;
}

/** rd_kafka_event_topic_partition_list: of a rebalance or the result of a commit; null for others. */
export function event_topic_partition_list(rkev: rd_kafka_event_t): rd_kafka_topic_partition_list_t | null {
  return checkEvent('event_topic_partition_list', rkev).list;
}

/** rd_kafka_event_topic_partition: the partition that an error is of, with its offset; null for others. */
export function event_topic_partition(rkev: rd_kafka_event_t): rd_kafka_topic_partition_t | null {
  return checkEvent('event_topic_partition', rkev).partition;
}
