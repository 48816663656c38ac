// What the fetcher of a broker stands on. @thread broker

import type { Settings } from '../conf/settings_type.ts';
import type { HeadPage } from '../ops/head_page.ts';
import type { BrokerToAppOp } from '../ops/ops.ts';
import type { Connection } from '../wire/connection.ts';
import type { FetchPartition } from './fetch_partition.ts';
import type { FetchStallCause } from './fetch_stalls.ts';

export interface FetcherEnv {
  readonly settings: Settings;
  readonly head: HeadPage;
  readonly connection: Connection;
  /** Whose connection it is. */
  readonly broker: number;
  /** ms since the handle started. */
  now(): number;
  /** ms since 1970. */
  wall(): number;
  /** Something may be due: serve again. */
  soon(): void;
  toApp(op: BrokerToAppOp, transfer?: ArrayBuffer[]): void;
  leaderStale(topic: string, partition: number, error: number): void;
  /** Main is to have it fetched from that broker, -1 for the leader. It stops this fetcher if it follows the wish. */
  prefer(part: FetchPartition, replica: number): void;
  /** It stands still, or (null) goes on. */
  stalled(part: FetchPartition, cause: FetchStallCause | null, err: number): void;
  log(level: number, fac: string, text: string): void;
  /** Memory of answers that nobody reads any more. */
  giveBack(buffers: readonly ArrayBuffer[]): void;
}

export const READ_COMMITTED = 1;

/** As requests have it. */
export function isolationOf(settings: Settings): number {
  return settings['isolation.level'] === 'read_committed' ? READ_COMMITTED : 0;
}
