// Walks the batches of a records field (Fetch response, Produce request): bounds, checksum, decompression.
// @thread broker|main|mock
import { COMPRESSION_MASK, codecMissing, codecName, codecOf } from '../compression/registry.ts';
import {
  RD_KAFKA_RESP_ERR__BAD_COMPRESSION,
  RD_KAFKA_RESP_ERR__BAD_MSG,
  RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED,
} from '../defs/enums.ts';
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
import { RecordError } from './record_error.ts';
import { SHORTEST_RECORD } from './record_reader.ts';

/** Shortest message of magic 0, without offset and size: checksum, magic, attributes, key and value length. */
const SHORTEST_LEGACY = 14;
/** Offset, length, and on to the magic. */
const UP_TO_MAGIC = 17;

export interface BatchReaderOptions {
  readonly checkCrcs: boolean;
  /** Most bytes that one batch may decompress to. */
  readonly maxDecompressed: number;
}

/**
 * `while (reader.next()) ...` gives each complete batch in turn. `next` throws RecordError for a bad one and may be
 * called again: it goes on behind that batch, or ends where its length can't be believed. It always ends.
 */
export class BatchReader {
  /** Of the batch at hand, as are the next five. Its records are bytes[from, to): in the input or decompressed. */
  header: BatchHeader | null = null;
  bytes: Uint8Array;
  from = 0;
  to = 0;
  /** Where the batch as a whole lies in the input. */
  batchFrom = 0;
  batchTo = 0;
  /** Bytes of an incomplete batch at the end of the input, once `next` has given false. */
  partial = 0;
  readonly #input: Uint8Array;
  readonly #end: number;
  readonly #options: BatchReaderOptions;
  #position: number;

  /** Reads input[from, to), a view of which the batches stay. */
  constructor(input: Uint8Array, from: number, to: number, options: BatchReaderOptions) {
    this.#input = input;
    this.#end = Math.min(to, input.length);
    this.#options = options;
    this.#position = from;
    this.bytes = input;
  }

  /** Makes the next complete batch the one at hand; false when there is none. Throws RecordError for a bad one. */
  next(): boolean {
    const from = this.#position;
    const left = this.#end - from;
    if (left < UP_TO_MAGIC) return this.#finish(left);
    const length = lengthAt(this.#input, from);
    const magic = magicAt(this.#input, from);
    if (length < (magic === MAGIC ? HEADER_SIZE - LENGTH_FROM : SHORTEST_LEGACY)) {
      this.#position = this.#end;
      throw new RecordError('batchLength', `${length}, too short for magic ${magic}`);
    }
    if (length > left - LENGTH_FROM) return this.#finish(left);
    if (magic !== MAGIC) this.#refuseMagic(from, magic);
    this.#position = from + LENGTH_FROM + length;
    this.#read(from, this.#position);
    return true;
  }

  #finish(left: number): boolean {
    this.header = null;
    this.partial = Math.max(left, 0);
    this.#position = this.#end;
    return false;
  }

  /** One error for all complete neighbours of the same magic: a message of magic 0 or 1 is a batch of its own. */
  #refuseMagic(from: number, magic: number): never {
    const input = this.#input;
    let at = from;
    let last = from;
    while (this.#end - at >= UP_TO_MAGIC && magicAt(input, at) === magic) {
      const length = lengthAt(input, at);
      if (length < SHORTEST_LEGACY || length > this.#end - at - LENGTH_FROM) break;
      last = at;
      at += LENGTH_FROM + length;
    }
    this.#position = at;
    const problem = magic < MAGIC ? `${magic}: the old message format comes with a later version` : `${magic}: unknown`;
    const baseOffset = baseOffsetAt(input, from);
    throw new RecordError('magic', problem, RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED, baseOffset, baseOffsetAt(input, last));
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
    if (bits === 0 || header.count === 0) {
      this.bytes = this.#input;
      this.from = from + HEADER_SIZE;
      this.to = to;
    } else {
      this.bytes = decompress(
        header,
        bits,
        this.#input.subarray(from + HEADER_SIZE, to),
        this.#options.maxDecompressed,
      );
      this.from = 0;
      this.to = this.bytes.length;
    }
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

function decompress(header: BatchHeader, bits: number, bytes: Uint8Array, limit: number): Uint8Array {
  const codec = codecOf(bits);
  if (codec === null) fail(header, 'attributes', codecMissing(bits), RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED);
  try {
    return codec.decompress(bytes, limit);
  } catch (error) {
    const text = `${codecName(bits)}: ${(error as Error).message}`;
    return fail(header, 'records', text, RD_KAFKA_RESP_ERR__BAD_COMPRESSION);
  }
}

function fail(header: BatchHeader, field: string, problem: string, code?: number): never {
  const { baseOffset, lastOffsetDelta } = header;
  throw new RecordError(field, problem, code, baseOffset, baseOffset + Math.max(lastOffsetDelta, 0));
}
