// Walks the batches of a records field (Fetch response, Produce request): bounds, checksum, decompression. What lies
// there in the formats v0 and v1 is given as batches, too. @thread broker|main|mock
import { COMPRESSION_MASK } from '../compression/registry.ts';
import { RD_KAFKA_RESP_ERR__BAD_MSG, RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED } from '../defs/enums.ts';
import { crc32c } from '../rd/crc32c.ts';
import {
  type BatchHeader,
  baseOffsetAt,
  CRC_FROM,
  HEADER_SIZE,
  LENGTH_FROM,
  lengthAt,
  MAGIC,
  magicAt,
  readBatchHeader,
} from './batch_header.ts';
import { decompress } from './decompress.ts';
import { shortestMessage } from './legacy_message.ts';
import { type LegacyRun, readLegacy } from './legacy_reader.ts';
import { RecordError } from './record_error.ts';
import { SHORTEST_RECORD } from './record_reader.ts';

/** Offset, length, and on to the magic. */
const UP_TO_MAGIC = 17;

export interface BatchReaderOptions {
  readonly checkCrcs: boolean;
  /** Most bytes that one batch may decompress to. */
  readonly maxDecompressed: number;
  /**
   * Asked once for each batch of format v2, in order: true leaves its records as they are, which nobody will read. Its
   * checksum is looked at all the same.
   */
  readonly skip?: (header: BatchHeader) => boolean;
}

/**
 * `while (reader.next()) ...` gives each complete batch in turn. `next` throws RecordError for a bad one and may be
 * called again: it goes on behind that batch, or ends where its length can't be believed. It always ends.
 */
export class BatchReader {
  /**
   * Of the batch at hand, as are the next five. Its records are bytes[from, to): in the input or decompressed. With
   * magic 0 or 1 it was made of old messages: its records are of magic 2 all the same, in memory of their own that it may
   * share with the next batch, and what old messages have not is -1 or, the checksum, 0.
   */
  header: BatchHeader | null = null;
  bytes: Uint8Array;
  from = 0;
  to = 0;
  /** Where the batch as a whole lies in the input. */
  batchFrom = 0;
  batchTo = 0;
  /** `skip` has said so of the batch at hand: `bytes`, `from` and `to` are not its records. */
  skipped = false;
  /** Bytes of an incomplete batch at the end of the input, once `next` has given false. */
  partial = 0;
  readonly #input: Uint8Array;
  readonly #end: number;
  readonly #options: BatchReaderOptions;
  #position: number;
  /** Batches that were made of old messages, from #nextOfRun on to be given next. */
  #run: LegacyRun | null = null;
  #nextOfRun = 0;

  /** Reads input[from, to), a view of which the batches stay. */
  constructor(input: Uint8Array, from: number, to: number, options: BatchReaderOptions) {
    this.#input = input;
    this.#end = Math.min(to, input.length);
    this.#options = options;
    this.#position = from;
    this.bytes = input;
  }

  /** Where the next batch begins in the input; -1 while batches that were made together are being given. */
  get rest(): number {
    return this.#run === null ? this.#position : -1;
  }

  /** Makes the next complete batch the one at hand; false when there is none. Throws RecordError for a bad one. */
  next(): boolean {
    if (this.#run !== null) return this.#takeOld(this.#run);
    const from = this.#position;
    const left = this.#end - from;
    if (left < UP_TO_MAGIC) return this.#finish(left);
    const length = lengthAt(this.#input, from);
    const magic = magicAt(this.#input, from);
    if (length < (magic < MAGIC ? shortestMessage(magic) : HEADER_SIZE - LENGTH_FROM)) {
      this.#position = this.#end;
      throw new RecordError('batchLength', `${length}, too short for magic ${magic}`);
    }
    if (length > left - LENGTH_FROM) return this.#finish(left);
    this.#position = from + LENGTH_FROM + length;
    if (magic < MAGIC) return this.#readOld(from);
    if (magic > MAGIC) {
      const baseOffset = baseOffsetAt(this.#input, from);
      throw new RecordError('magic', `${magic}: unknown`, RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED, baseOffset);
    }
    this.#read(from, this.#position);
    return true;
  }

  #finish(left: number): boolean {
    this.header = null;
    this.partial = Math.max(left, 0);
    this.#position = this.#end;
    return false;
  }

  #readOld(from: number): boolean {
    const run = readLegacy(this.#input, from, this.#end, this.#options);
    this.#position = run.batches.at(-1)!.batchTo;
    this.#nextOfRun = 0;
    return this.#takeOld(run);
  }

  #takeOld(run: LegacyRun): boolean {
    const batch = run.batches[this.#nextOfRun++]!;
    this.#run = this.#nextOfRun < run.batches.length ? run : null;
    this.header = batch.header;
    this.bytes = run.bytes;
    this.from = batch.from;
    this.to = batch.to;
    this.batchFrom = batch.batchFrom;
    this.batchTo = batch.batchTo;
    this.skipped = false;
    return true;
  }

  #read(from: number, to: number): void {
    const header = readBatchHeader(this.#input, from, to);
    if (this.#options.checkCrcs) this.#check(header, from, to);
    if (Number.isNaN(header.baseOffset)) fail(header, 'baseOffset', 'beyond 2^53');
    if (Number.isNaN(header.producerId)) fail(header, 'producerId', 'beyond 2^53');
    if (header.lastOffsetDelta < 0) fail(header, 'lastOffsetDelta', `${header.lastOffsetDelta}`);
    const bits = header.attributes & COMPRESSION_MASK;
    this.header = header;
    this.batchFrom = from;
    this.batchTo = to;
    this.skipped = this.#options.skip?.(header) === true;
    if (bits === 0 || header.count === 0 || this.skipped) {
      this.bytes = this.#input;
      this.from = from + HEADER_SIZE;
      this.to = to;
    } else {
      const { baseOffset, lastOffsetDelta } = header;
      const packed = this.#input.subarray(from + HEADER_SIZE, to);
      const lastOffset = baseOffset + lastOffsetDelta;
      this.bytes = decompress(bits, MAGIC, packed, this.#options.maxDecompressed, baseOffset, lastOffset);
      this.from = 0;
      this.to = this.bytes.length;
    }
    if (this.skipped) return;
    const size = this.to - this.from;
    if (header.count < 0 || header.count * SHORTEST_RECORD > size) {
      fail(header, 'count', `${header.count} records in ${size} bytes`);
    }
  }

  #check(header: BatchHeader, from: number, to: number): void {
    const crc = crc32c(this.#input.subarray(from + CRC_FROM, to));
    if (crc === header.crc) return;
    const problem = `0x${crc.toString(16)} computed, 0x${header.crc.toString(16)} in the batch`;
    // Which offset is its last can't be believed.
    throw new RecordError('crc', problem, RD_KAFKA_RESP_ERR__BAD_MSG, header.baseOffset);
  }
}

function fail(header: BatchHeader, field: string, problem: string): never {
  const { baseOffset, lastOffsetDelta } = header;
  throw new RecordError(
    field,
    problem,
    RD_KAFKA_RESP_ERR__BAD_MSG,
    baseOffset,
    baseOffset + Math.max(lastOffsetDelta, 0),
  );
}
