// Messages of the formats v0 and v1, made into batches of format v2 as they are met, so that nobody behind the batch
// reader knows of them. They are never written. @thread broker|main|mock
import { COMPRESSION_MASK } from '../compression/registry.ts';
import { type BatchHeader, LENGTH_FROM, LOG_APPEND_TIME, MAGIC, magicAt } from './batch_header.ts';
import type { BatchReaderOptions } from './batch_reader.ts';
import { decompress } from './decompress.ts';
import { ATTRIBUTES_AT, LegacyMessage, SHORTEST_MESSAGE } from './legacy_message.ts';
import { RecordError } from './record_error.ts';
import { exactSize, type RecordTarget, writeRecord } from './record_writer.ts';

/** The widest that offset deltas reach. */
const MAX_DELTA = 0x7fffffff;

/** A batch of records in the bytes of its run. `batchFrom`, `batchTo`: the messages in the input that it was made of. */
export interface LegacyBatch {
  readonly header: BatchHeader;
  readonly from: number;
  readonly to: number;
  readonly batchFrom: number;
  readonly batchTo: number;
}

/** Messages that follow one another, as one or more batches; `bytes` is all of its memory, and nobody else's. */
export interface LegacyRun {
  readonly bytes: Uint8Array;
  readonly batches: readonly LegacyBatch[];
}

/** A batch in the making: its messages are source[from, to). */
interface Draft {
  readonly from: number;
  to: number;
  readonly magic: number;
  readonly attributes: number;
  /** As the first message has it, as `lastOffset` the last. */
  readonly baseOffset: number;
  lastOffset: number;
  readonly baseTimestamp: number;
  maxTimestamp: number;
  count: number;
  /** Bytes of its records. */
  size: number;
}

/**
 * Reads the message at `from` and, unless it is a wrapper, all plain ones that follow it, up to the first that is broken
 * or incomplete. Magic 0 or 1 has been seen there. Throws RecordError when the first one is broken. What is allocated is
 * no more than the messages' own size, or twice what a wrapper decompresses to (options.maxDecompressed at most).
 */
export function readLegacy(input: Uint8Array, from: number, end: number, options: BatchReaderOptions): LegacyRun {
  const message = new LegacyMessage();
  message.read(input, from, end, options.checkCrcs);
  if (message.codec !== 0) return unwrap(input, from, message, options);
  let draft = draftOf(input, from, message, message.attributes, message.timestamp);
  const drafts = [draft];
  while (plainFollows(input, message.next, end)) {
    const at = message.next;
    try {
      message.read(input, at, end, options.checkCrcs);
    } catch (error) {
      // Told when a run begins with it.
      if ((error as RecordError).name !== 'RecordError') throw error;
      break;
    }
    if (belongs(draft, message)) add(draft, input, message);
    else drafts.push((draft = draftOf(input, at, message, message.attributes, message.timestamp)));
  }
  return written(input, drafts);
}

function unwrap(input: Uint8Array, from: number, wrapper: LegacyMessage, options: BatchReaderOptions): LegacyRun {
  const { offset, magic, codec, valueFrom, valueTo } = wrapper;
  if (valueTo < 0) wrapper.fail('value', 'null in a wrapper');
  const packed = input.subarray(valueFrom, valueTo);
  const source = decompress(codec, magic, packed, options.maxDecompressed, -1, offset);
  const draft = innerDraft(source, wrapper, options.checkCrcs);
  const run = written(source, [draft]);
  const batch = run.batches[0]!;
  // By magic 0 the two offsets are written apart, and the next fetch has to begin behind both.
  const last = magic === 0 ? Math.max(offset, draft.lastOffset) : draft.lastOffset;
  const baseOffset = magic === 0 ? draft.baseOffset : offset - draft.lastOffset + draft.baseOffset;
  if (baseOffset < 0) wrapper.fail('offset', `${offset}, but messages inside reach ${draft.lastOffset}`);
  const header = { ...batch.header, baseOffset, lastOffsetDelta: last - draft.baseOffset };
  return { bytes: run.bytes, batches: [{ ...batch, header, batchFrom: from, batchTo: wrapper.next }] };
}

/** All messages inside a wrapper; whatever is wrong with one of them is wrong with the wrapper. */
function innerDraft(source: Uint8Array, wrapper: LegacyMessage, checkCrcs: boolean): Draft {
  const message = new LegacyMessage();
  let draft: Draft | null = null;
  try {
    for (let at = 0; at < source.length; at = message.next) {
      message.read(source, at, source.length, checkCrcs);
      if (message.magic !== wrapper.magic) message.fail('magic', `${message.magic} inside magic ${wrapper.magic}`);
      if (message.codec !== 0) message.fail('attributes', 'compressed once more');
      if (draft === null) {
        const stamped = (wrapper.attributes & LOG_APPEND_TIME) !== 0;
        draft = draftOf(source, at, message, wrapper.attributes, stamped ? wrapper.timestamp : message.timestamp);
      } else if (follows(draft, message)) add(draft, source, message);
      else message.fail('offset', `${message.offset} behind ${draft.lastOffset}`);
    }
  } catch (error) {
    const { name, message: text, code } = error as RecordError;
    if (name !== 'RecordError') throw error;
    throw new RecordError('wrapper', text, code, -1, wrapper.offset);
  }
  return draft ?? wrapper.fail('value', 'no message inside');
}

/** A complete batch or message of the old formats, not compressed, seems to begin there. */
function plainFollows(input: Uint8Array, at: number, end: number): boolean {
  if (end - at < SHORTEST_MESSAGE) return false;
  return magicAt(input, at) < MAGIC && (input[at + ATTRIBUTES_AT]! & COMPRESSION_MASK) === 0;
}

function draftOf(
  source: Uint8Array,
  from: number,
  message: LegacyMessage,
  attributes: number,
  baseTimestamp: number,
): Draft {
  const { magic, offset } = message;
  const draft: Draft = {
    from,
    to: from,
    magic,
    attributes,
    baseOffset: offset,
    lastOffset: offset,
    baseTimestamp,
    maxTimestamp: baseTimestamp,
    count: 0,
    size: 0,
  };
  add(draft, source, message);
  return draft;
}

/** The message can stand behind those of the draft: offsets of a batch rise, and their deltas are int32. */
function follows(draft: Draft, message: LegacyMessage): boolean {
  return message.offset > draft.lastOffset && message.offset - draft.baseOffset <= MAX_DELTA;
}

/** The same for one that is in no wrapper: a batch has one format, and one time at which it was appended. */
function belongs(draft: Draft, message: LegacyMessage): boolean {
  if (message.magic !== draft.magic || message.attributes !== draft.attributes) return false;
  const stamped = (draft.attributes & LOG_APPEND_TIME) !== 0;
  return (!stamped || message.timestamp === draft.baseTimestamp) && follows(draft, message);
}

function add(draft: Draft, source: Uint8Array, message: LegacyMessage): void {
  draft.to = message.next;
  draft.lastOffset = message.offset;
  draft.count++;
  const timestampDelta = timestampDeltaOf(draft, message);
  draft.maxTimestamp = Math.max(draft.maxTimestamp, draft.baseTimestamp + timestampDelta);
  const offsetDelta = message.offset - draft.baseOffset;
  draft.size += exactSize(timestampDelta, offsetDelta, message.key(source), message.value(source), null);
}

/** The time at which a wrapper was appended stands for all inside. */
function timestampDeltaOf(draft: Draft, message: LegacyMessage): number {
  return (draft.attributes & LOG_APPEND_TIME) !== 0 ? 0 : message.timestamp - draft.baseTimestamp;
}

/** Reads the messages of the drafts a second time, into memory of exactly their size. */
function written(source: Uint8Array, drafts: readonly Draft[]): LegacyRun {
  const size = drafts.reduce((sum, draft) => sum + draft.size, 0);
  const buffer = Buffer.allocUnsafeSlow(size);
  const target: RecordTarget = { bytes: new Uint8Array(buffer.buffer, buffer.byteOffset, size), buffer };
  const message = new LegacyMessage();
  let to = 0;
  const batches = drafts.map((draft): LegacyBatch => {
    const from = to;
    for (let at = draft.from; at < draft.to; at = message.next) {
      message.read(source, at, draft.to, false);
      const timestampDelta = timestampDeltaOf(draft, message);
      const offsetDelta = message.offset - draft.baseOffset;
      to = writeRecord(target, to, timestampDelta, offsetDelta, message.key(source), message.value(source), null);
    }
    return { header: headerOf(draft), from, to, batchFrom: draft.from, batchTo: draft.to };
  });
  return { bytes: target.bytes, batches };
}

function headerOf(draft: Draft): BatchHeader {
  return {
    baseOffset: draft.baseOffset,
    batchLength: draft.to - draft.from - LENGTH_FROM,
    partitionLeaderEpoch: -1,
    magic: draft.magic,
    crc: 0,
    attributes: draft.attributes,
    lastOffsetDelta: draft.lastOffset - draft.baseOffset,
    baseTimestamp: draft.baseTimestamp,
    maxTimestamp: draft.maxTimestamp,
    producerId: -1,
    producerEpoch: -1,
    baseSequence: -1,
    count: draft.count,
  };
}
