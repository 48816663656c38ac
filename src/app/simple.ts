// The simple consumer: partitions that the app starts and stops by itself, each with a queue of its own.
// @thread app

import * as E from '../defs/enums.ts';
import { isSeekable } from '../defs/logical_offset.ts';
import { partitionKey } from '../defs/partition_key.ts';
import type { OpQueue } from './op_queue.ts';
import { setLastError } from './registry.ts';
import type { Steps } from './steps.ts';
import type { Topic } from './topic.ts';

/** Main stops a fetcher at once; this is for one that hangs. */
const STOP_MS = 10_000;

function refused(err: number): -1 {
  setLastError(err);
  return -1;
}

/** rd_kafka_consume_start and _queue; 0, or -1 and `last_error`. */
export function consumeStart(topic: Topic, partition: number, offset: number, to: OpQueue | null): number {
  const { rk } = topic;
  const consumer = rk.consuming!;
  if (partition < 0) return refused(E.RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
  if (consumer.subscription.length > 0 || consumer.wanted !== null) return refused(E.RD_KAFKA_RESP_ERR__INVALID_ARG);
  const stored = offset === E.RD_KAFKA_OFFSET_STORED;
  if (stored ? topic.settings['offset.store.method'] !== 'file' && rk.consumer === null : !isSeekable(offset))
    return refused(E.RD_KAFKA_RESP_ERR__INVALID_ARG);
  rk.startFirst();
  const key = partitionKey(topic.name, partition);
  const queue = consumer.partitionQueue(topic.name, partition);
  queue.forwardTo(to);
  const part = consumer.byName.get(key);
  // A second start takes the partition elsewhere, as in C.
  if (part !== undefined || consumer.started.has(key)) {
    letGo(topic, partition);
    rk.requests.post('consume_stop', -1, [topic.name, partition]);
  }
  const version = ++consumer.version;
  consumer.started.set(key, version);
  rk.toMain({
    type: 'consume_start',
    partition: { topic: topic.name, partition, offset, version },
  });
  setLastError(0);
  return 0;
}

/** What was fetched is dropped here; main stores the last offset. */
function letGo(topic: Topic, partition: number): void {
  const consumer = topic.rk.consuming!;
  const key = partitionKey(topic.name, partition);
  consumer.started.delete(key);
  consumer.seeks.delete(key);
  const part = consumer.byName.get(key);
  if (part !== undefined) consumer.forget(part);
  consumer.dropStale();
}

/** rd_kafka_consume_stop; 0, or -1 and `last_error`. */
export function* consumeStopSteps(topic: Topic, partition: number): Steps<number> {
  const { rk } = topic;
  if (partition === E.RD_KAFKA_PARTITION_UA) return refused(E.RD_KAFKA_RESP_ERR__INVALID_ARG);
  rk.thread.drain();
  if (!rk.consuming!.started.has(partitionKey(topic.name, partition)))
    return refused(E.RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
  letGo(topic, partition);
  const call = rk.requests.start('consume_stop', -1, [topic.name, partition], 0);
  yield { timeoutMs: STOP_MS, ready: () => rk.requests.answered(call), whole: true };
  const err = rk.requests.take(call)?.err ?? E.RD_KAFKA_RESP_ERR__TIMED_OUT;
  setLastError(err);
  return err === 0 ? 0 : -1;
}

/** The queue of a partition that was started; null, with `last_error`, for another. */
export function startedQueue(topic: Topic, partition: number): OpQueue | null {
  const consumer = topic.rk.consuming!;
  if (consumer.started.has(partitionKey(topic.name, partition))) return consumer.partitionQueue(topic.name, partition);
  setLastError(E.RD_KAFKA_RESP_ERR__UNKNOWN_PARTITION);
  return null;
}
