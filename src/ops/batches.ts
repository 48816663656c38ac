// The batch block: what writer, owner and reader of a batch share about it (memory.md, part 1, 0).
// @thread any
//
//   word  0 TAIL       bit 31 sealed, bits 0-30 count
//         1,2          slot 0: tail extent, used      3,4  slot 1: the same (slot[count & 1] says where it ends)
//         5 FIRST      first extent, -1 none
//         6 PARTITION  -1 in a waiting batch
//         7 LINK       of the stack that holds it
//         8 GEN        positive not reported, negative reported
//         9 NUMBER     the partition's next number, given at sealing
//        10 OPENED     ms since the handle started
//        11 ERROR 12 STATUS (low byte status, bits from 8 flags) 13 BROKER   the verdict
//        14 SLOT       of the app thread that wrote it     15 WORKER  that reports it
//   double 8 FIRST_TIMESTAMP 9,10 MAX_TIMESTAMP of slot 0, 1 | 11 FIRST_ID 12 BASE_OFFSET 13 APPEND_TIME | 14, 15 free
//
// TAIL, LINK and GEN only by Atomics. Words 1-6, 10, 14 and the timestamps belong to the writer before sealing,
// 9, 11-13, 15, id, offset and time to the owner after it.

export const BATCH_WORDS = 32;
export const BATCHES_PER_PAGE = 512;

export const TAIL = 0;
export const SLOT_0 = 1;
export const FIRST = 5;
export const PARTITION = 6;
export const LINK = 7;
export const GEN = 8;
export const NUMBER = 9;
export const OPENED = 10;
export const ERROR = 11;
export const STATUS = 12;
export const BROKER = 13;
export const SLOT = 14;
export const WORKER = 15;

/** Indices into the doubles of the page, from the block's start. */
export const FIRST_TIMESTAMP = 8;
export const MAX_TIMESTAMP_0 = 9;
export const FIRST_ID = 11;
export const BASE_OFFSET = 12;
export const APPEND_TIME = 13;

export const SEALED: number = 0x80000000 | 0;
export const COUNT_MASK = 0x7fffffff;

/** A details op with per-record errors was posted before this report. */
export const FLAG_DETAILS = 0x100;
/** The base offset is unknown (acks=0, a duplicate): records count as having none. */
export const FLAG_NO_OFFSET = 0x200;

/** Seals and gives the count; whoever was first, the result is the same. @thread any */
export function seal(words: Int32Array, base: number): number {
  return Atomics.or(words, base + TAIL, SEALED) & COUNT_MASK;
}

/**
 * One winner reports a batch: whoever swaps the generation that was read when the batch was taken for its negative.
 * @thread any
 */
export function claim(words: Int32Array, base: number, generation: number): boolean {
  return Atomics.compareExchange(words, base + GEN, generation, -generation) === generation;
}

export function endSlot(base: number, count: number): number {
  return base + SLOT_0 + 2 * (count & 1);
}
