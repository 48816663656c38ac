// Which batches of a Fetch answer belong to transactions that were aborted (isolation.level=read_committed). @thread any

/** A transaction that was aborted, as the broker names it: its producer, and the first offset that it wrote. */
export interface AbortedTransaction {
  readonly producerId: number;
  readonly firstOffset: number;
}

/**
 * Made for one partition of one answer; the batches have to be shown to it in the order of the log. A producer has one
 * transaction at a time in a partition, so between the first offset of an aborted one and its marker all that it wrote
 * is void.
 */
export class AbortedTransactions {
  private readonly listed: readonly AbortedTransaction[];
  private next: number;
  /** Producers that are inside an aborted transaction. */
  private readonly open: Set<number>;

  constructor(listed: readonly AbortedTransaction[]) {
    this.listed = [...listed].sort((a, b) => a.firstOffset - b.firstOffset);
    this.next = 0;
    this.open = new Set();
  }

  /** Whether a producer's batch that ends at this offset is part of an aborted transaction; a marker ends it. */
  covers(producerId: number, lastOffset: number): boolean {
    while (this.next < this.listed.length && this.listed[this.next]!.firstOffset <= lastOffset) {
      this.open.add(this.listed[this.next]!.producerId);
      this.next++;
    }
    return this.open.has(producerId);
  }

  /** The producer's marker of an abort has come. */
  ended(producerId: number): void {
    this.open.delete(producerId);
  }
}
