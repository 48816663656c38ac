// Cuts from a log what one Fetch gets, as Kafka cuts a log file: whole batches, then perhaps a part of the next.
// @thread mock
import type { PartitionLog } from './log.ts';

export interface Pieces {
  /** Views of the log's memory. */
  readonly pieces: readonly Uint8Array[];
  readonly size: number;
}

/**
 * @param end offset to stop at (high watermark)
 * @param limit bytes; the last piece is cut to fit it
 * @param atLeastOne the first batch comes whole even beyond the limit, so that a client always gets on
 */
export function readBatches(
  log: PartitionLog,
  offset: number,
  end: number,
  limit: number,
  atLeastOne: boolean,
): Pieces {
  const pieces: Uint8Array[] = [];
  let size = 0;
  const first = log.find(offset);
  if (first < 0) return { pieces, size };
  for (let i = first; ; i++) {
    const batch = log.at(i);
    if (batch === undefined || batch.baseOffset >= end) break;
    const { bytes } = batch;
    if (size + bytes.byteLength <= limit || (atLeastOne && pieces.length === 0)) {
      pieces.push(bytes);
      size += bytes.byteLength;
      continue;
    }
    // Nothing but a part would tell the client nothing.
    if (pieces.length > 0 && limit > size) {
      pieces.push(bytes.subarray(0, limit - size));
      size = limit;
    }
    break;
  }
  return { pieces, size };
}
