// The transactions in one partition's log: which are open, which were aborted. @thread mock

/** Offsets of one producer's aborted transaction, from its first record to its marker. */
export interface AbortedRange {
  readonly producerId: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
}

export class LogTransactions {
  /** Producer id -> offset of the first record. */
  readonly #open: Map<number, number> = new Map();
  #aborted: AbortedRange[] = [];

  /** A transactional batch lies at `offset`. */
  appended(producerId: number, offset: number): void {
    if (!this.#open.has(producerId)) this.#open.set(producerId, offset);
  }

  /** The marker of a transaction lies at `offset`; one that had no records leaves nothing. */
  ended(producerId: number, offset: number, aborted: boolean): void {
    const firstOffset = this.#open.get(producerId);
    this.#open.delete(producerId);
    if (aborted && firstOffset !== undefined) this.#aborted.push({ producerId, firstOffset, lastOffset: offset });
  }

  /** Where what is decided ends: the first record of the oldest open transaction, or the log's end. */
  lastStableOffset(endOffset: number): number {
    return this.#open.size === 0 ? endOffset : Math.min(endOffset, ...this.#open.values());
  }

  /** Those that a reader from `offset` on may meet; like Kafka's, also such as lie behind what it is given. */
  abortedFrom(offset: number): readonly AbortedRange[] {
    return this.#aborted.length === 0 ? this.#aborted : this.#aborted.filter((range) => range.lastOffset >= offset);
  }

  /** The log begins at `offset` now. */
  deleteBefore(offset: number): void {
    this.#aborted = this.#aborted.filter((range) => range.lastOffset >= offset);
  }

  /** The log ends at `offset` now: a transaction whose marker is gone is open again. */
  truncate(offset: number): void {
    for (const [producerId, first] of this.#open) if (first >= offset) this.#open.delete(producerId);
    for (const { producerId, firstOffset, lastOffset } of this.#aborted) {
      if (lastOffset >= offset && firstOffset < offset) this.#open.set(producerId, firstOffset);
    }
    this.#aborted = this.#aborted.filter((range) => range.lastOffset < offset);
  }
}
