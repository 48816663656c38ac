// What a mock worker tells of its cluster, as messages between threads have it. @thread any
import type { ApiName } from './api_name.ts';

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
