// The handle types of rdkafka_mock.h, and what a mock worker tells of its cluster. @thread any
import type { ApiName } from './api_name.ts';
import type { Owned } from './types.ts';

export type rd_kafka_mock_cluster_t = Owned<'rd_kafka_mock_cluster_t'>;
export type rd_kafka_mock_request_t = Owned<'rd_kafka_mock_request_t'>;
export type rd_kafka_mock_cgrp_consumer_target_assignment_t = Owned<'rd_kafka_mock_cgrp_consumer_target_assignment_t'>;

/** One record as it lies in a log of the mock cluster; bytes are copies. */
export interface StoredRow {
  readonly partition: number;
  readonly offset: number;
  /** Milliseconds since the epoch, -1 for none. */
  readonly timestamp: number;
  readonly key: Uint8Array | null;
  readonly value: Uint8Array | null;
  readonly headers: readonly (readonly [string, Uint8Array | null])[];
}

/** A request that a broker of the mock cluster was sent. */
export interface SeenRow {
  readonly api: ApiName;
  readonly version: number;
  readonly broker: number;
  readonly clientId: string;
  /** Milliseconds of the mock worker's monotonic clock. */
  readonly at: number;
}
