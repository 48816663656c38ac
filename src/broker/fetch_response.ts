// What a Fetch answer has of one partition becomes batches for the app: checked, decompressed, not copied otherwise.
// @thread broker

import * as E from '../defs/enums.ts';
import type { FetchedBatch } from '../ops/ops.ts';
import type { AbortedTransactions } from '../records/aborted.ts';
import { type BatchHeader, CONTROL, LOG_APPEND_TIME, TRANSACTIONAL } from '../records/batch_header.ts';
import { BatchReader } from '../records/batch_reader.ts';
import { isAbortMarker } from '../records/control.ts';
import type { RecordError } from '../records/record_error.ts';

/** The memory that batches lie in: the frame, once one lies there, and a buffer for what else has been decompressed. */
export class Block {
  readonly buffers: ArrayBuffer[];
  /** The one of them that is the frame; -1: nothing that the app gets lies there. */
  frame: number;
  /** Bytes of the others. */
  bytes: number;
  /** So many of them are in HELD_BYTES. */
  counted: number;

  constructor() {
    this.buffers = [];
    this.frame = -1;
    this.bytes = 0;
    this.counted = 0;
  }
}

/** The records of one partition in an answer, and how far they have been read. */
export interface RecordsSource {
  /** A view of the frame. */
  records: Uint8Array;
  at: number;
  /** Null: there are none, or they are wanted (isolation.level=read_uncommitted). */
  readonly aborted: AbortedTransactions | null;
}

export interface PartitionRecords {
  readonly batches: FetchedBatch[];
  messages: number;
  /** Of the records. */
  bytes: number;
  /** Where to fetch next. */
  nextOffset: number;
  /** Leader epoch of the last batch before that; -1: none was read. */
  leaderEpoch: number;
  /** Behind the control records at the end, if there are; -1. */
  passed: number;
  /** Bytes of an incomplete batch at the end. */
  partial: number;
  /** There is more, but no room for it. */
  paused: boolean;
  /** What made the walk end early, to be told behind the batches that were fine. */
  error: { readonly err: number; readonly text: string; readonly offset: number } | null;
}

export interface ReadOptions {
  readonly checkCrcs: boolean;
  /** Most bytes that one batch may decompress to. */
  readonly maxDecompressed: number;
  /** Base offset of the broken batch that was told last, -1: none. Those up to it are left out if a good one follows. */
  readonly broken: number;
  /** Who sent it. */
  readonly broker: number;
  /** Whether there is room for more, once so much has been decompressed. */
  room(bytes: number): boolean;
}

/**
 * Reads on in `source`. Ends at the first batch that is broken, and behind one that took the last room: that is noted in
 * the source, and reading may go on there. Plain batches take no room but the frame's, and are read in any case.
 */
export function readRecords(
  source: RecordsSource,
  fetchOffset: number,
  block: Block,
  options: ReadOptions,
): PartitionRecords {
  const result: PartitionRecords = {
    batches: [],
    messages: 0,
    bytes: 0,
    nextOffset: fetchOffset,
    leaderEpoch: -1,
    passed: -1,
    partial: 0,
    paused: false,
    error: null,
  };
  const { records } = source;
  const { checkCrcs, maxDecompressed } = options;
  const skip = (header: BatchHeader): boolean => unwanted(header, source, result.nextOffset);
  const reader = new BatchReader(records, source.at, records.length, { checkCrcs, maxDecompressed, skip });
  for (;;) {
    const before = block.bytes;
    try {
      if (!reader.next()) break;
      addBatch(reader, source, block, result, options.broker);
    } catch (error) {
      if (!note(error as RecordError, result, options.broken)) break;
    }
    if (block.bytes === before || reader.rest < 0 || reader.rest === records.length) continue;
    if (options.room(block.bytes)) continue;
    source.at = reader.rest;
    result.paused = true;
    break;
  }
  result.partial = reader.partial;
  return result;
}

/** False: it ends the walk. */
function note(broken: RecordError, result: PartitionRecords, told: number): boolean {
  if (broken.name !== 'RecordError') throw broken;
  // NaN and what lies before us are no offsets to believe.
  const offset = broken.baseOffset >= result.nextOffset ? broken.baseOffset : result.nextOffset;
  result.error = { err: broken.code, text: broken.message, offset };
  return broken.code === E.RD_KAFKA_RESP_ERR__BAD_MSG && offset <= told;
}

/** What need not even be decompressed: what lies before the position, and what was written in an aborted transaction. */
function unwanted(header: BatchHeader, { aborted }: RecordsSource, position: number): boolean {
  const { attributes, baseOffset, lastOffsetDelta, producerId } = header;
  const lastOffset = baseOffset + lastOffsetDelta;
  // Control batches are shown to it, too.
  const covered = aborted?.covers(producerId, lastOffset) === true;
  if (lastOffset < position) return true;
  return covered && (attributes & (TRANSACTIONAL | CONTROL)) === TRANSACTIONAL;
}

function addBatch(
  reader: BatchReader,
  source: RecordsSource,
  block: Block,
  result: PartitionRecords,
  broker: number,
): void {
  const header = reader.header!;
  const { attributes, baseOffset, count } = header;
  const control = (attributes & CONTROL) !== 0;
  if (control && source.aborted !== null && isAbortMarker(reader.bytes, reader.from, reader.to))
    source.aborted.ended(header.producerId);
  const lastOffset = baseOffset + header.lastOffsetDelta;
  // A log that was compacted, or an answer from an older position, may begin before what was asked for.
  if (lastOffset < result.nextOffset) return;
  result.nextOffset = lastOffset + 1;
  result.leaderEpoch = header.partitionLeaderEpoch;
  // What was broken lies behind us.
  result.error = null;
  if (control) result.passed = lastOffset + 1;
  if (control || count === 0 || reader.skipped) return;
  result.passed = -1;
  const { bytes } = reader;
  const inFrame = bytes === source.records;
  const shift = inFrame ? bytes.byteOffset : 0;
  result.batches.push({
    buffer: inFrame ? frameOf(bytes, block) : bufferOf(bytes, block),
    from: shift + reader.from,
    to: shift + reader.to,
    baseOffset,
    baseTimestamp: header.baseTimestamp,
    appendTime: (attributes & LOG_APPEND_TIME) !== 0 ? header.maxTimestamp : -1,
    lastOffset,
    leaderEpoch: header.partitionLeaderEpoch,
    broker,
    count,
  });
  result.messages += count;
  result.bytes += reader.to - reader.from;
}

function frameOf(bytes: Uint8Array, block: Block): number {
  if (block.frame < 0) block.frame = block.buffers.push(bytes.buffer as ArrayBuffer) - 1;
  return block.frame;
}

/** The buffer of the block that holds just these bytes: the newest, where a batch shares it with the one before, or a new one. */
function bufferOf(bytes: Uint8Array, block: Block): number {
  const { buffers } = block;
  if (bytes.buffer !== buffers.at(-1)) {
    const own = ownMemory(bytes);
    buffers.push(own);
    block.bytes += own.byteLength;
  }
  return buffers.length - 1;
}

/** Memory that can be transferred: small outputs of zlib may lie in Node's shared pool. */
function ownMemory(bytes: Uint8Array): ArrayBuffer {
  if (bytes.buffer.byteLength === bytes.length) return bytes.buffer as ArrayBuffer;
  return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
}
