// Reads what a topic holds over our own schemas and plain sockets, so that no consumer is part of a producer's test.
import { setTimeout as pause } from 'node:timers/promises';
import { LOG_APPEND_TIME } from '../../src/records/batch_header.ts';
import { BatchReader } from '../../src/records/batch_reader.ts';
import { RecordCursor, readHeaders } from '../../src/records/record_reader.ts';
import { type RawClient, withClient } from './raw_client.ts';

const VERSIONS = { Metadata: 4, ListOffsets: 1, Fetch: 4 } as const;
const TIMEOUT_MS = 45_000;
const PAUSE_MS = 20;
/** Errors of a topic that was made or has moved just now: no such topic, no leader, not that leader. */
const NOT_YET: readonly number[] = [3, 5, 6];
const FETCH_BYTES = 16 << 20;

export interface StoredRecord {
  readonly partition: number;
  readonly offset: number;
  readonly timestamp: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: readonly (readonly [string, Buffer | null])[];
}

/** How a batch lies in the log. */
export interface StoredBatch {
  readonly partition: number;
  readonly baseOffset: number;
  readonly count: number;
  readonly bytes: number;
  readonly attributes: number;
}

export interface Stored {
  readonly records: StoredRecord[];
  readonly batches: StoredBatch[];
}

/** What may be right when it is asked again. */
interface Refused extends Error {
  notYet?: boolean;
}

function refused(what: string, errorCode: number): Refused {
  return Object.assign(new Error(`${what}: error ${errorCode}`), { notYet: NOT_YET.includes(errorCode) });
}

/**
 * Everything in the topic from each partition's beginning to its end at this moment, in order of partition and offset.
 * Waits up to 45 s for a topic that is not there yet, or not led.
 */
export async function readTopic(bootstrap: string, topic: string): Promise<Stored> {
  const deadline = performance.now() + TIMEOUT_MS;
  for (;;) {
    try {
      return await readOnce(bootstrap, topic);
    } catch (error) {
      if ((error as Refused).notYet !== true || performance.now() > deadline) throw error;
    }
    await pause(PAUSE_MS);
  }
}

async function readOnce(bootstrap: string, topic: string): Promise<Stored> {
  const asked = { topics: [{ name: topic }], allowAutoTopicCreation: false };
  const meta = await withClient(bootstrap.split(',')[0]!, TIMEOUT_MS, (client) =>
    client.send('Metadata', asked, VERSIONS.Metadata),
  );
  const found = meta.topics[0]!;
  if (found.errorCode !== 0) throw refused(`metadata of ${topic}`, found.errorCode);
  const stored: Stored = { records: [], batches: [] };
  for (const { partitionIndex, leaderId } of [...found.partitions].sort(
    (a, b) => a.partitionIndex - b.partitionIndex,
  )) {
    const leader = meta.brokers.find((broker) => broker.nodeId === leaderId);
    if (leader === undefined) throw refused(`leader of ${topic} [${partitionIndex}]`, 5);
    await withClient(`${leader.host}:${leader.port}`, TIMEOUT_MS, (client) =>
      readPartition(client, topic, partitionIndex, stored),
    );
  }
  return stored;
}

async function readPartition(client: RawClient, topic: string, partition: number, into: Stored): Promise<void> {
  const asked = {
    replicaId: -1,
    topics: [{ name: topic, partitions: [{ partitionIndex: partition, timestamp: -1 }] }],
  };
  const ends = await client.send('ListOffsets', asked, VERSIONS.ListOffsets);
  const { offset: end, errorCode } = ends.topics[0]!.partitions[0]!;
  if (errorCode !== 0) throw refused(`end of ${topic} [${partition}]`, errorCode);
  let offset = 0;
  while (offset < end) {
    const fetch = { partition, fetchOffset: offset, partitionMaxBytes: FETCH_BYTES };
    const body = {
      replicaId: -1,
      maxWaitMs: 500,
      minBytes: 1,
      maxBytes: FETCH_BYTES,
      topics: [{ topic, partitions: [fetch] }],
    };
    const answer = await client.send('Fetch', body, VERSIONS.Fetch);
    const part = answer.responses[0]!.partitions[0]!;
    if (part.errorCode !== 0) throw refused(`fetch of ${topic} [${partition}]`, part.errorCode);
    const before = offset;
    offset = walk(part.records ?? new Uint8Array(0), partition, offset, into);
    if (offset === before) throw new Error(`fetch of ${topic} [${partition}] stands still at ${offset} of ${end}`);
  }
}

function walk(bytes: Uint8Array, partition: number, from: number, into: Stored): number {
  const reader = new BatchReader(bytes, 0, bytes.length, { checkCrcs: true, maxDecompressed: 1 << 27 });
  const cursor = new RecordCursor();
  let next = from;
  while (reader.next()) {
    const header = reader.header!;
    const { baseOffset, count, attributes } = header;
    into.batches.push({ partition, baseOffset, count, attributes, bytes: reader.batchTo - reader.batchFrom });
    let at = reader.from;
    for (let i = 0; i < count; i++) {
      cursor.read(reader.bytes, at, reader.to);
      at = cursor.next;
      const offset = baseOffset + cursor.offsetDelta;
      if (offset < from) continue;
      into.records.push({
        partition,
        offset,
        timestamp:
          (attributes & LOG_APPEND_TIME) !== 0 ? header.maxTimestamp : header.baseTimestamp + cursor.timestampDelta,
        key: cursor.keyTo < 0 ? null : Buffer.from(reader.bytes.slice(cursor.keyFrom, cursor.keyTo)),
        value: cursor.valueTo < 0 ? null : Buffer.from(reader.bytes.slice(cursor.valueFrom, cursor.valueTo)),
        headers: readHeaders(reader.bytes, cursor),
      });
    }
    next = baseOffset + header.lastOffsetDelta + 1;
  }
  return next;
}
