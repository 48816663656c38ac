// The log of one partition: record batches as they came, offsets and leader epochs stamped into their headers.
// @thread mock
import { LogTransactions } from './log_transactions.ts';

/** One stored batch; `bytes` is the whole batch and belongs to the log. */
export interface Batch {
  readonly bytes: Uint8Array;
  readonly baseOffset: number;
  readonly lastOffset: number;
  readonly maxTimestamp: number;
  readonly leaderEpoch: number;
  /** Its number among all batches that came to the cluster, of whatever partition. */
  readonly arrival: number;
}

/** Counts what comes to the logs of a cluster. */
export interface Arrivals {
  next: number;
}

export interface LogLimits {
  /** Oldest batches go as soon as more bytes than this are kept; the last batch always stays. */
  readonly maxBytes: number;
  readonly maxBatches: number;
}

/** librdkafka's figures: 5 MiB or 100,000 batches. */
export const DEFAULT_LIMITS: LogLimits = { maxBytes: 5 * 1024 * 1024, maxBatches: 100_000 };

/** In the place of a batch that is gone. */
const GONE: Batch = {
  bytes: new Uint8Array(0),
  baseOffset: -1,
  lastOffset: -1,
  maxTimestamp: -1,
  leaderEpoch: -1,
  arrival: -1,
};
const EPOCH_AT = 12;
const COMPACT_AT = 1024;

export class PartitionLog {
  /** First offset that can be read. */
  startOffset = 0;
  /** Offset that the next record gets. */
  endOffset = 0;
  /** Bytes kept. */
  size = 0;
  readonly transactions: LogTransactions = new LogTransactions();
  readonly #limits: LogLimits;
  readonly #arrivals: Arrivals;
  /** Live batches are those from #head on; the front is cut off now and then. */
  #batches: Batch[] = [];
  #head = 0;
  /** First offset written in each leader epoch, ascending. */
  readonly #epochs: { epoch: number; startOffset: number }[] = [];

  constructor(limits: LogLimits = DEFAULT_LIMITS, arrivals: Arrivals = { next: 0 }) {
    this.#limits = limits;
    this.#arrivals = arrivals;
  }

  get batchCount(): number {
    return this.#batches.length - this.#head;
  }

  /**
   * Appends one whole v2 batch, stamps base offset and leader epoch into it (its CRC covers neither) and trims.
   * Takes `bytes` over: the caller must not touch them again.
   * @param lastOffsetDelta from the batch's header, checked by the caller
   * @returns the base offset
   */
  append(bytes: Uint8Array, lastOffsetDelta: number, maxTimestamp: number, leaderEpoch: number): number {
    const baseOffset = this.endOffset;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    view.setInt32(0, Math.floor(baseOffset / 0x1_0000_0000));
    view.setUint32(4, baseOffset % 0x1_0000_0000);
    view.setInt32(EPOCH_AT, leaderEpoch);
    const lastOffset = baseOffset + lastOffsetDelta;
    const arrival = this.#arrivals.next++;
    this.#batches.push({ bytes, baseOffset, lastOffset, maxTimestamp, leaderEpoch, arrival });
    this.endOffset = lastOffset + 1;
    this.size += bytes.byteLength;
    const newest = this.#epochs.at(-1);
    if (newest === undefined || newest.epoch < leaderEpoch) {
      this.#epochs.push({ epoch: leaderEpoch, startOffset: baseOffset });
    }
    this.#trim();
    return baseOffset;
  }

  /** A new leader begins at the end; like Kafka's, the log forgets epochs in which nothing was written. */
  beginEpoch(epoch: number): void {
    while (this.#epochs.length > 0 && (this.#epochs.at(-1)?.startOffset ?? 0) >= this.endOffset) this.#epochs.pop();
    this.#epochs.push({ epoch, startOffset: this.endOffset });
  }

  /** Leaves out the offsets up to `offset`, as if compaction had removed their records. */
  skipTo(offset: number): void {
    this.endOffset = Math.max(this.endOffset, offset);
  }

  /** Drops what lies at `offset` or behind it, and a batch across it whole: what a leader lacked that took over. */
  truncate(offset: number): void {
    if (offset >= this.endOffset) return;
    let end = Math.max(offset, this.startOffset);
    while (this.batchCount > 0) {
      const { baseOffset, lastOffset, bytes } = this.#batches[this.#batches.length - 1];
      if (lastOffset < offset) break;
      this.#batches.pop();
      this.size -= bytes.byteLength;
      end = Math.min(end, baseOffset);
    }
    this.endOffset = Math.max(end, 0);
    this.startOffset = Math.min(this.startOffset, this.endOffset);
    while (this.#epochs.length > 0 && (this.#epochs.at(-1)?.startOffset ?? 0) >= this.endOffset) this.#epochs.pop();
    this.transactions.truncate(this.endOffset);
  }

  /**
   * Keeps a batch, or a message of format v0 or v1, as it is, with the offsets that it has: what a log of former times
   * holds. It begins at the end offset or behind it; nothing is stamped, for the checksum of an old message covers that.
   */
  keep(batch: Omit<Batch, 'arrival'>): void {
    this.#batches.push({ ...batch, arrival: this.#arrivals.next++ });
    this.endOffset = batch.lastOffset + 1;
    this.size += batch.bytes.byteLength;
    this.#trim();
  }

  /** Index of the batch that holds `offset` or, if that offset is gone, of the next one; -1: none. Use with `at`. */
  find(offset: number): number {
    let low = this.#head;
    let high = this.#batches.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#batches[middle].lastOffset < offset) low = middle + 1;
      else high = middle;
    }
    return low < this.#batches.length ? low : -1;
  }

  /** The batch at an index that `find` gave, or behind it; undefined past the end. */
  at(index: number): Batch | undefined {
    return this.#batches[index];
  }

  /** All live batches, oldest first. */
  batches(): readonly Batch[] {
    return this.#batches.slice(this.#head);
  }

  /** Leader epoch of the record at `offset`; at the end offset the newest one; -1 when unknown. */
  epochAt(offset: number): number {
    for (let i = this.#epochs.length - 1; i >= 0; i--) {
      if (this.#epochs[i].startOffset <= offset) return this.#epochs[i].epoch;
    }
    return -1;
  }

  /**
   * Where `epoch` ended, as Kafka answers OffsetForLeaderEpoch: the greatest known epoch not above it and where the
   * next one began. An epoch older than all that is known ended where the first began; -1 and -1 for a future one.
   * @param current the partition's leader epoch now, which ends at the end offset
   */
  epochEnd(epoch: number, current: number): { leaderEpoch: number; endOffset: number } {
    if (epoch < 0 || epoch > current) return { leaderEpoch: -1, endOffset: -1 };
    let leaderEpoch = epoch;
    for (const known of this.#epochs) {
      if (known.epoch > epoch) return { leaderEpoch, endOffset: known.startOffset };
      leaderEpoch = known.epoch;
    }
    return { leaderEpoch: epoch === current ? epoch : leaderEpoch, endOffset: this.endOffset };
  }

  /** Forgets what lies before `offset` (at most the end offset); a batch across it is kept whole. */
  deleteBefore(offset: number): void {
    if (offset <= this.startOffset) return;
    while (this.batchCount > 0 && this.#batches[this.#head].lastOffset < offset) this.#drop();
    this.startOffset = Math.min(offset, this.endOffset);
    this.#started();
  }

  /** The log begins later than before: epochs and transactions that lie before it go. */
  #started(): void {
    while (this.#epochs.length > 1 && this.#epochs[1].startOffset <= this.startOffset) this.#epochs.shift();
    const [first] = this.#epochs;
    if (first !== undefined) first.startOffset = Math.max(first.startOffset, this.startOffset);
    this.transactions.deleteBefore(this.startOffset);
  }

  #trim(): void {
    while (this.batchCount > 1 && (this.size > this.#limits.maxBytes || this.batchCount > this.#limits.maxBatches)) {
      this.#drop();
      this.startOffset = Math.max(this.startOffset, this.#batches[this.#head].baseOffset);
      this.#started();
    }
  }

  #drop(): void {
    this.size -= this.#batches[this.#head].bytes.byteLength;
    // Its bytes must not wait for the front to be cut off.
    this.#batches[this.#head++] = GONE;
    if (this.#head >= COMPACT_AT && this.#head * 2 > this.#batches.length) {
      this.#batches = this.#batches.slice(this.#head);
      this.#head = 0;
    }
  }
}
