// What the promise forms take last. @thread any
import type { KafkaError } from '../defs/kafka_error.ts';

/** Given up when it aborts: the promise rejects with its reason. */
export interface Signal {
  readonly signal?: AbortSignal;
}

export interface Wait extends Signal {
  /** Milliseconds; each function says what it does without. */
  readonly timeout_ms?: number;
}

export type MaybePromise<T> = T | PromiseLike<T>;

/** Of `messages`, `batches` and `each`. */
export interface MessagesOptions extends Signal {
  /** Errors of partitions and of the group that need no end of the pull; without it they are logged. */
  readonly on_error?: (error: KafkaError) => void;
  /** The end of a partition, with `enable.partition.eof`; `offset` is the next one to come. */
  readonly on_eof?: (topic: string, partition: number, offset: number) => void;
}
