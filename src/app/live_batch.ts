// A batch that this thread has written, and what the app remembers of its records. @thread app

import type { Topic } from './topic.ts';

/** Each waiting record stands behind the partition that its caller named. */
export const TARGET_BYTES = 4;

export interface RecordError {
  readonly index: number;
  readonly err: number;
  readonly text: string;
}

/** A batch of this thread whose records have not all been served. */
export class LiveBatch {
  readonly id: number;
  readonly generation: number;
  readonly topic: Topic;
  readonly partition: number;
  /** Its records stand behind their targets: they come back in batches of main's. */
  readonly waits: boolean;
  /** By record, once one was given. */
  opaques: any[] | null;
  /** Sum of the values' lengths, as the queue counts them. */
  valueBytes: number;
  count: number;
  /** Records whose reports go to promises, and those that are settled, with the bytes of their values. */
  awaited: number;
  settled: number;
  settledBytes: number;
  /** Of a waiting batch: records that have been served. */
  served: number;
  /** Of a waiting batch: 1 for each record that came back (or will) in a batch of main's. */
  relayed: Uint8Array | null;
  /** Callbacks under way that may still read its memory; `ended`: freed once there are none. */
  readers: number;
  ended: boolean;
  /** Of a waiting batch: where each record lies, found at first need. */
  places: { slab: { bytes: Uint8Array; buffer: Buffer }; at: number; end: number }[] | null;
  readonly openedAt: number;
  readonly firstTimestamp: number;
  /** Some record has a timestamp of its caller's: latencies then count from the batch. */
  ownTimestamps: boolean;

  constructor(
    id: number,
    generation: number,
    topic: Topic,
    partition: number,
    waits: boolean,
    openedAt: number,
    firstTimestamp: number,
  ) {
    this.id = id;
    this.generation = generation;
    this.topic = topic;
    this.partition = partition;
    this.waits = waits;
    this.opaques = null;
    this.valueBytes = 0;
    this.count = 0;
    this.awaited = 0;
    this.settled = 0;
    this.settledBytes = 0;
    this.served = 0;
    this.relayed = null;
    this.readers = 0;
    this.ended = false;
    this.places = null;
    this.openedAt = openedAt;
    this.firstTimestamp = firstTimestamp;
    this.ownTimestamps = false;
  }
}
