// Decompresses what a batch or an old message wraps, within a limit, and says how that failed. @thread broker|main|mock
import { codecMissing, codecName, codecOf, oldCodecOf } from '../compression/registry.ts';
import { RD_KAFKA_RESP_ERR__BAD_COMPRESSION, RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED } from '../defs/enums.ts';
import { RecordError } from './record_error.ts';

/**
 * The content of `bytes`, at most `limit` of it, by the compression bits (not 0) of a batch or message of format `magic`.
 * Throws RecordError: _NOT_IMPLEMENTED for a codec that nobody knows, _BAD_COMPRESSION for a stream that is broken or
 * grows beyond the limit; the two offsets are for the error.
 */
export function decompress(
  bits: number,
  magic: number,
  bytes: Uint8Array,
  limit: number,
  baseOffset: number,
  lastOffset: number,
): Uint8Array {
  const codec = magic === 0 ? oldCodecOf(bits) : codecOf(bits);
  if (codec === null) {
    const problem = codecMissing(bits);
    throw new RecordError('attributes', problem, RD_KAFKA_RESP_ERR__NOT_IMPLEMENTED, baseOffset, lastOffset);
  }
  try {
    return codec.decompress(bytes, limit);
  } catch (error) {
    const problem = `${codecName(bits)}: ${(error as Error).message}`;
    throw new RecordError('records', problem, RD_KAFKA_RESP_ERR__BAD_COMPRESSION, baseOffset, lastOffset);
  }
}
