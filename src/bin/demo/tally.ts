// Counts the demo's messages by their ids: what each of them went through. @thread app

/** What came of all messages. */
export interface Totals {
  readonly produced: number;
  /** Reported as delivered. */
  readonly delivered: number;
  /** Reported with an error. */
  readonly failed: number;
  readonly reportedTwice: number;
  readonly neverReported: number;
  /** Different messages that a consumer was handed. */
  readonly consumed: number;
  /** Produced, and never handed to a consumer. */
  readonly lost: number;
  /** Handed out again from the same place of the log. */
  readonly consumedTwice: number;
  /** Found a second time at another place of the log: the answer to a produce request was lost, so it was sent again. */
  readonly storedTwice: number;
}

/** Above every offset that a demo reaches. */
const PARTITION_STRIDE = 2 ** 32;

export class Tally {
  readonly capacity: number;
  produced: number;
  delivered: number;
  failed: number;
  consumed: number;
  private reportedTwice: number;
  private consumedTwice: number;
  private storedTwice: number;
  private readonly reports: Uint8Array;
  /** Where a message was consumed first: partition and offset in one number; -1 before. */
  private readonly places: Float64Array;

  /** Ids are 0 to `capacity` - 1. */
  constructor(capacity: number) {
    this.capacity = capacity;
    this.produced = 0;
    this.delivered = 0;
    this.failed = 0;
    this.consumed = 0;
    this.reportedTwice = 0;
    this.consumedTwice = 0;
    this.storedTwice = 0;
    this.reports = new Uint8Array(capacity);
    this.places = new Float64Array(capacity).fill(-1);
  }

  /** The id of the next message; it counts as produced when `accepted` follows. */
  get nextId(): number {
    return this.produced;
  }

  accepted(): void {
    this.produced++;
  }

  report(id: number, err: number): void {
    if (this.reports[id] !== 0) this.reportedTwice++;
    else if (err === 0) this.delivered++;
    else this.failed++;
    this.reports[id] = 1;
  }

  /** false when it is not a message of this demo. */
  consume(id: number, partition: number, offset: number): boolean {
    if (id < 0 || id >= this.produced) return false;
    const place = partition * PARTITION_STRIDE + offset;
    const before = this.places[id]!;
    if (before < 0) {
      this.places[id] = place;
      this.consumed++;
    } else if (before === place) this.consumedTwice++;
    else this.storedTwice++;
    return true;
  }

  totals(): Totals {
    const { produced, delivered, failed, reportedTwice, consumed, consumedTwice, storedTwice } = this;
    const neverReported = this.reports.subarray(0, produced).filter((times) => times === 0).length;
    const lost = this.places.subarray(0, produced).filter((place) => place < 0).length;
    return { produced, delivered, failed, reportedTwice, neverReported, consumed, lost, consumedTwice, storedTwice };
  }
}

/** Nothing was lost, everything was reported as delivered, once. Records may repeat: delivery is at least once. */
export function isGood(totals: Totals): boolean {
  const { produced, delivered, reportedTwice, neverReported, lost } = totals;
  return produced > 0 && delivered === produced && reportedTwice + neverReported + lost === 0;
}
