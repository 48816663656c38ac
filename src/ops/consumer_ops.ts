// Of what threads exchange: assignments, positions and fetched records.
// @thread any

import type { StallCause } from '../defs/stall_cause.ts';

/** A partition with an offset to start at, or the error that concerns it. */
export interface PartitionOffset {
  topic: string;
  partition: number;
  offset: number;
  /** The application's bytes: a view of them alone, since whatever lies around them would travel too. */
  metadata?: Uint8Array | null;
  leaderEpoch?: number;
  err?: number;
  /** Of the app's assign call that this is from. */
  version?: number;
}

/** rd_kafka_assign (null: nothing), rd_kafka_incremental_assign, rd_kafka_incremental_unassign. */
export interface AssignOp {
  readonly type: 'assign';
  readonly how: 'assign' | 'add' | 'remove';
  readonly partitions: readonly PartitionOffset[] | null;
  readonly version: number;
}

/** `seek` counts the app's seeks: what is on its way to it is stale until main answers with that number. */
export interface SeekOp {
  readonly type: 'seek';
  readonly topic: string;
  readonly partition: number;
  /** Of the app's assign call that it is from or is to come from; -1: of an assignment of main's own. */
  readonly version: number;
  readonly offset: number;
  readonly leaderEpoch: number;
  readonly seek: number;
}

/** Posted before the offset is published in the cell, and counted there (NOTES). */
export interface StoreMetadataOp {
  readonly type: 'store_metadata';
  readonly cell: number;
  readonly offset: number;
  readonly metadata: PartitionOffset['metadata'];
}

export interface AssignedOp {
  readonly type: 'assigned';
  readonly topic: string;
  readonly partition: number;
  /** The partition's cell: its identity for as long as it is assigned. */
  readonly cell: number;
  readonly home: number;
  /** The app's assign call that asked for it, -1 for an assignment of main's own: an older one is stale. */
  readonly version: number;
}

export interface FetchStartOp {
  readonly type: 'fetch_start';
  readonly broker: number;
  readonly topic: string;
  readonly partition: number;
  readonly cell: number;
  readonly home: number;
  /** A position, or a logical offset to resolve first. */
  readonly offset: number;
  /** Leader epoch of the record before `offset`, -1 where it is not known. */
  readonly offsetEpoch: number;
  readonly leaderEpoch: number;
  /** ZERO_UUID where the cluster names none. */
  readonly topicId: string;
  /** False: `broker` is a follower. */
  readonly leader: boolean;
  readonly reset: number | null;
  readonly paused: boolean;
}

/** Why a partition stands still at its broker, once that has lasted a second; null: it goes on. */
export interface FetchStall {
  readonly type: 'fetch_stall';
  readonly cell: number;
  readonly home: number;
  readonly cause: 'fetch_error' | 'buffer_full' | 'no_answer' | null;
  readonly err: number;
}

/** Of a partition that has stood still for ten seconds, once for each cause. */
export interface StalledOp {
  readonly type: 'stalled';
  readonly topic: string;
  readonly partition: number;
  readonly cause: StallCause;
}

/** Where the records of one batch lie in a block. */
export interface FetchedBatch {
  readonly buffer: number;
  readonly from: number;
  readonly to: number;
  readonly baseOffset: number;
  readonly baseTimestamp: number;
  /** -1: the records' own timestamps; else the log append time of all. */
  readonly appendTime: number;
  readonly lastOffset: number;
  readonly leaderEpoch: number;
  /** Who sent it. */
  readonly broker: number;
  readonly count: number;
}

export interface FetchedEntry {
  readonly cell: number;
  readonly home: number;
  /** Records before it are skipped: a batch may begin before what was asked for. */
  readonly fetchOffset: number;
  readonly batches: readonly FetchedBatch[];
  /** Memory that goes with it, and comes back with the block. */
  readonly bytes: number;
  /** Behind control records at its end, where the app's position goes though nobody is handed them; -1: none. */
  readonly passed: number;
  /** Of the last batch before the next fetch, -1: none came. */
  readonly leaderEpoch: number;
  /** The end of the partition was reached at this offset (`enable.partition.eof`), or -1. */
  readonly eof: number;
  readonly highWatermark: number;
  /** -1: a broker that does not tell. */
  readonly logStartOffset: number;
}
