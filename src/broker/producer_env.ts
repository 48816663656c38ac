// What a producer of a broker worker has from its worker. @thread broker

import type { Settings } from '../conf/settings_type.ts';
import type { HandleMemory } from '../ops/memory.ts';
import type { BrokerToAppOp, ProducerId } from '../ops/ops.ts';
import type { Connection } from '../wire/connection.ts';
import type { Partition } from './partition.ts';

export interface ProducerEnv {
  readonly memory: HandleMemory;
  readonly settings: Settings;
  readonly worker: number;
  readonly brokerId: number;
  readonly clientId: Uint8Array;
  readonly connection: Connection;
  readonly random: () => number;
  /** ms since the handle started, as stamps in batches are. */
  now(): number;
  /** Something may be due: serve again. */
  soon(): void;
  ringApp(): void;
  toApp(op: BrokerToAppOp): void;
  log(level: number, fac: string, text: string): void;
  leaderStale(part: Partition, error: number): void;
  left(part: Partition): void;
  /** The identity of an idempotent producer; null while main has none. */
  identity(): ProducerId | null;
  raiseEpoch(from: ProducerId): void;
  fatal(err: number, text: string): void;
}
