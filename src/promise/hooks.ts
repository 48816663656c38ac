// What producer_new and consumer_new take beside properties. @thread any
import type { KafkaError } from '../defs/kafka_error.ts';
import type { StallCause } from '../defs/stall_cause.ts';
import type { Statistics } from '../defs/statistics.generated.ts';
import type { rd_kafka_topic_partition_t } from '../defs/types.ts';
import type { MaybePromise, Signal } from './options.ts';

/** All run from the event loop; what one throws becomes an uncaught exception. */
export interface Hooks {
  /** conf_set_error_cb: what went wrong beside any call; nothing has to be done unless `fatal`. */
  error_cb?(error: KafkaError): void;
  /** conf_set_log_cb; without it lines go to stderr. `level` as in syslog. */
  log_cb?(level: number, fac: string, text: string): void;
  /** conf_set_stats_cb, every `statistics.interval.ms`. No effect yet: setting it logs a warning. */
  stats_cb?(statistics: Statistics): void;
  /** A token for SASL OAUTHBEARER; `config` is `sasl.oauthbearer.config`. No effect yet: setting it logs a warning. */
  token?(
    config: string,
    o: Signal,
  ): Promise<{ value: string; lifetime_ms: number; principal: string; extensions?: Record<string, string> }>;
  /** A file that holds the worker's code, for those whose bundler can't keep it inside the library. */
  worker_url?: URL | string;
}

/**
 * Rebalances, the same under eager, cooperative and KIP-848 assignment. Each is awaited before the partitions change and
 * while a pull (`messages`, `batches`, `each`, `consumer_poll_async`) goes on; nothing is handed out meanwhile. What one
 * throws is thrown by the pull, and the partitions change all the same.
 */
export interface ConsumerHooks extends Hooks {
  /** These come; `offset` may be set to where to begin. */
  on_assigned?(partitions: rd_kafka_topic_partition_t[]): MaybePromise<void>;
  /** These go; a commit in here arrives before anybody else has them. */
  on_revoked?(partitions: rd_kafka_topic_partition_t[]): MaybePromise<void>;
  /** These are gone already, and nothing can be committed any more. Without it on_revoked is told. */
  on_lost?(partitions: rd_kafka_topic_partition_t[]): MaybePromise<void>;
  /** An assigned partition has made no progress for ten seconds; told once for each cause. */
  on_stalled?(partition: rd_kafka_topic_partition_t, cause: StallCause): void;
}
