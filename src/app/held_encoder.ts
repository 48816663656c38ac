// Encodes the records that the app kept: into the open batches of their partitions, or into batches that only tell of
// their failure.
// @thread app

import type { OpenBatch } from '../ops/batch_writer.ts';
import { SEALED, TAIL } from '../ops/batches.ts';
import { exactSize, writeRecord } from '../records/record_writer.ts';
import type { Encoder } from './held.ts';
import type { HeldRecord } from './held_record.ts';
import { LiveBatch } from './live_batch.ts';
import { AGAIN, append, note, pick, RECORD_BOUND, sealFull } from './produce.ts';
import type { Topic } from './topic.ts';

const MOST_FAILED = 10_000;

export const heldEncoder: Encoder = {
  pick(topic, key, count, stamp) {
    return pick(topic, key, count, stamp);
  },
  append(topic, partition, record) {
    const target = topic.target(partition)!;
    const { stamp, key, payload, list, at, opaque, ownTimestamp } = record;
    const bound = exactSize(0, 0, key, payload, list) + RECORD_BOUND;
    for (;;) {
      const err = append(target, false, partition, bound, stamp, key, payload, list, at);
      if (err === AGAIN) continue;
      if (err === 0) note(target.live!, opaque, record.len, ownTimestamp);
      return err;
    }
  },
  seal(target) {
    if (target.open !== null) sealFull(target, target.open);
  },
  fail(topic, records, err) {
    while (records.length > 0) {
      const taken = failSome(topic, records, err);
      if (taken === 0) return;
      records.splice(0, taken);
    }
  },
};

/** One batch of them, as many in a row as have the same partition and fit; gives how many, 0 without memory. */
function failSome(topic: Topic, records: readonly HeldRecord[], err: number): number {
  const { rk } = topic;
  const writer = rk.writer!;
  const { partition, stamp, at } = records[0]!;
  const open = writer.open(partition, rk.stamp(at), stamp, sizeOf(records[0]!));
  if (open === null) return 0;
  const live = new LiveBatch(open.id, open.generation, topic, partition, false, at, stamp);
  let taken = 0;
  while (taken < records.length && taken < MOST_FAILED && records[taken]!.partition === partition) {
    if (!write(topic, open, records[taken]!)) break;
    note(live, records[taken]!.opaque, records[taken]!.len, records[taken]!.ownTimestamp);
    taken++;
  }
  Atomics.or(open.words, open.base + TAIL, SEALED);
  rk.reports!.endOwn(live, err);
  return taken;
}

function write(topic: Topic, open: OpenBatch, record: HeldRecord): boolean {
  const writer = topic.rk.writer!;
  if (!writer.room(open, sizeOf(record))) return false;
  const { stamp, key, payload, list } = record;
  const end = writeRecord(open.slab, open.at, stamp - open.firstTimestamp, open.count, key, payload, list);
  return writer.publish(open, end, stamp);
}

function sizeOf(record: HeldRecord): number {
  return exactSize(0, 0, record.key, record.payload, record.list) + RECORD_BOUND;
}
