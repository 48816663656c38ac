// A Fetch answer becomes a block of records for the app: checked, decompressed, not copied otherwise.
// @thread broker

import * as E from '../defs/enums.ts';
import type { FetchedBatch } from '../ops/ops.ts';
import { CONTROL, LOG_APPEND_TIME } from '../records/batch_header.ts';
import { BatchReader, type BatchReaderOptions } from '../records/batch_reader.ts';
import type { RecordError } from '../records/record_error.ts';

/** The memory of one answer: the frame itself, then a buffer for each batch that was compressed or each run of old messages. */
export interface Block {
  readonly buffers: ArrayBuffer[];
}

export interface PartitionRecords {
  readonly batches: FetchedBatch[];
  messages: number;
  bytes: number;
  /** Where to fetch next. */
  nextOffset: number;
  leaderEpoch: number;
  /** Bytes of an incomplete batch at the end. */
  partial: number;
  /** What made the walk end early, to be told behind the batches that were fine. */
  error: { readonly err: number; readonly text: string; readonly offset: number } | null;
}

export interface ReadOptions extends BatchReaderOptions {
  /** Base offset of the broken batch that was told last, -1: none. Those up to it are left out if a good one follows. */
  readonly broken: number;
}

/** `records` is a view of the frame, whose memory is buffer 0 of the block. Ends at the first batch that is broken. */
export function readRecords(
  records: Uint8Array,
  fetchOffset: number,
  block: Block,
  options: ReadOptions,
): PartitionRecords {
  const reader = new BatchReader(records, 0, records.length, options);
  const batches: FetchedBatch[] = [];
  const result: PartitionRecords = {
    batches,
    messages: 0,
    bytes: 0,
    nextOffset: fetchOffset,
    leaderEpoch: -1,
    partial: 0,
    error: null,
  };
  for (;;) {
    try {
      if (!reader.next()) break;
    } catch (error) {
      const broken = error as RecordError;
      if (broken.name !== 'RecordError') throw error;
      // NaN and what lies before us are no offsets to believe.
      const offset = broken.baseOffset >= result.nextOffset ? broken.baseOffset : result.nextOffset;
      result.error = { err: broken.code, text: broken.message, offset };
      if (broken.code === E.RD_KAFKA_RESP_ERR__BAD_MSG && offset <= options.broken) continue;
      break;
    }
    addBatch(reader, records, block, result);
  }
  result.partial = reader.partial;
  return result;
}

function addBatch(reader: BatchReader, records: Uint8Array, block: Block, result: PartitionRecords): void {
  const header = reader.header!;
  const lastOffset = header.baseOffset + header.lastOffsetDelta;
  // A log that was compacted, or an answer from an older position, may begin before what was asked for.
  if (lastOffset < result.nextOffset) return;
  result.nextOffset = lastOffset + 1;
  result.leaderEpoch = header.partitionLeaderEpoch;
  // What was broken lies behind us.
  result.error = null;
  if ((header.attributes & CONTROL) !== 0 || header.count === 0) return;
  const buffer = reader.bytes === records ? 0 : bufferOf(reader.bytes, block);
  const shift = buffer === 0 ? reader.bytes.byteOffset : 0;
  result.batches.push({
    buffer,
    from: shift + reader.from,
    to: shift + reader.to,
    baseOffset: header.baseOffset,
    baseTimestamp: header.baseTimestamp,
    appendTime: (header.attributes & LOG_APPEND_TIME) !== 0 ? header.maxTimestamp : -1,
    lastOffset,
    leaderEpoch: header.partitionLeaderEpoch,
    count: header.count,
  });
  result.messages += header.count;
  result.bytes += reader.to - reader.from;
}

/** The buffer of the block that holds just these bytes: the newest, where a batch shares it with the one before, or a new one. */
function bufferOf(bytes: Uint8Array, block: Block): number {
  const { buffers } = block;
  if (bytes.buffer !== buffers.at(-1)) buffers.push(ownMemory(bytes));
  return buffers.length - 1;
}

/** Memory that can be transferred: small outputs of zlib may lie in Node's shared pool. */
function ownMemory(bytes: Uint8Array): ArrayBuffer {
  if (bytes.buffer.byteLength === bytes.length) return bytes.buffer as ArrayBuffer;
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
}

/** What the error of a partition in a Fetch or ListOffsets answer makes the fetcher do. */
export type FetchAction = 'stale' | 'reset' | 'denied' | 'retry' | 'report';

const ACTIONS: ReadonlyMap<number, FetchAction> = new Map<number, FetchAction>([
  [E.RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART, 'stale'],
  [E.RD_KAFKA_RESP_ERR_LEADER_NOT_AVAILABLE, 'stale'],
  [E.RD_KAFKA_RESP_ERR_NOT_LEADER_FOR_PARTITION, 'stale'],
  [E.RD_KAFKA_RESP_ERR_BROKER_NOT_AVAILABLE, 'stale'],
  [E.RD_KAFKA_RESP_ERR_REPLICA_NOT_AVAILABLE, 'stale'],
  [E.RD_KAFKA_RESP_ERR_KAFKA_STORAGE_ERROR, 'stale'],
  [E.RD_KAFKA_RESP_ERR_FENCED_LEADER_EPOCH, 'stale'],
  [E.RD_KAFKA_RESP_ERR_UNKNOWN_LEADER_EPOCH, 'stale'],
  [E.RD_KAFKA_RESP_ERR_OFFSET_NOT_AVAILABLE, 'retry'],
  [E.RD_KAFKA_RESP_ERR_OFFSET_OUT_OF_RANGE, 'reset'],
  [E.RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED, 'denied'],
]);

export function fetchAction(error: number): FetchAction {
  return ACTIONS.get(error) ?? 'report';
}
