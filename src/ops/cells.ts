// The cell of an assigned partition: where the app is, what it has stored and taken (memory.md, part 2, 23 and 24).
// @thread any
//
//   word   0 HANDED     bit 31 closed, bit 0 which slot holds the position, bit 1 which holds the stored offset,
//                       bits 2 to 30 count the writes, so that a reader knows when one came between
//          1 MESSAGES   records handed out or dropped by the app (wraps)
//          2 BYTES      their bytes (wraps)
//          3 NOTES      stored offsets whose metadata the app has posted to main (wraps)
//          4,5          leader epochs of the position slots; 6,7 of the stored slots
//   double 4,5 POSITION slot 0, 1: the next offset that the app will be handed
//          6,7 STORED   slot 0, 1: the offset that it stored by itself, to be committed
//
// A cell lies in a control page of main, 16 words like a partition block, fresh for every assignment. MESSAGES, BYTES
// and the slots are written by the app alone, HANDED swapped by the app and closed by main.

import { indexOf } from './ids.ts';
import type { ControlPage } from './memory.ts';
import { PARTITION_WORDS } from './partitions.ts';

export const HANDED = 0;
export const MESSAGES = 1;
export const BYTES = 2;
export const NOTES = 3;
const POSITION_EPOCH = 4;
const STORED_EPOCH = 6;
const POSITION = 4;
const STORED = 6;

const POSITION_BIT = 1;
const STORED_BIT = 2;
const COUNT = 4;
const OPEN_BITS = 0x7fffffff;

export const CELL_CLOSED: number = 0x80000000 | 0;

/** A place in a partition's log. */
export interface Place {
  /** The next one to consume; RD_KAFKA_OFFSET_INVALID for none. */
  readonly offset: number;
  /** Of the record before it, -1 where it is not known. */
  readonly leaderEpoch: number;
}

export class Cell {
  readonly id: number;
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  readonly base: number;
  readonly doubleBase: number;

  constructor(id: number, page: ControlPage) {
    this.id = id;
    this.words = page.words;
    this.doubles = page.doubles;
    this.base = indexOf(id) * PARTITION_WORDS;
    this.doubleBase = this.base >> 1;
  }

  /** Before its id is published; nothing is handed out or stored (`none`: RD_KAFKA_OFFSET_INVALID). @thread main */
  init(none: number): void {
    this.words.fill(0, this.base, this.base + PARTITION_WORDS);
    this.words.fill(-1, this.base + POSITION_EPOCH, this.base + STORED_EPOCH + 2);
    this.doubles.fill(none, this.doubleBase + POSITION, this.doubleBase + STORED + 2);
    Atomics.store(this.words, this.base + HANDED, 0);
  }

  /**
   * Publishes that everything before `next` has been handed out. False: the cell is closed, the record must not be
   * handed out and its position was never published. @thread app
   */
  advance(next: number, leaderEpoch: number): boolean {
    const handed = Atomics.load(this.words, this.base + HANDED);
    if (handed < 0) return false;
    const slot = (handed ^ POSITION_BIT) & POSITION_BIT;
    this.doubles[this.doubleBase + POSITION + slot] = next;
    this.words[this.base + POSITION_EPOCH + slot] = leaderEpoch;
    return this.swap(handed, POSITION_BIT);
  }

  /** Publishes an offset to be committed. False: the cell is closed, and nothing was stored. @thread app */
  store(offset: number, leaderEpoch: number): boolean {
    const handed = Atomics.load(this.words, this.base + HANDED);
    if (handed < 0) return false;
    const slot = ((handed ^ STORED_BIT) & STORED_BIT) >> 1;
    this.doubles[this.doubleBase + STORED + slot] = offset;
    this.words[this.base + STORED_EPOCH + slot] = leaderEpoch;
    return this.swap(handed, STORED_BIT);
  }

  private swap(handed: number, bit: number): boolean {
    const next = ((handed ^ bit) + COUNT) & OPEN_BITS;
    return Atomics.compareExchange(this.words, this.base + HANDED, handed, next) === handed;
  }

  /** Nothing is handed out or stored from here on; what it holds is final. @thread main */
  close(): void {
    Atomics.or(this.words, this.base + HANDED, CELL_CLOSED);
  }

  get closed(): boolean {
    return Atomics.load(this.words, this.base + HANDED) < 0;
  }

  /** The next offset that the app will be handed; RD_KAFKA_OFFSET_INVALID while nothing was. @thread any */
  get position(): number {
    return this.handedOut.offset;
  }

  /** The position with the epoch of what was handed out last. @thread any */
  get handedOut(): Place {
    return this.read(POSITION, POSITION_EPOCH, POSITION_BIT, 0);
  }

  /** What the app stored by itself. @thread any */
  get stored(): Place {
    return this.read(STORED, STORED_EPOCH, STORED_BIT, 1);
  }

  private read(doubles: number, words: number, bit: number, shift: number): Place {
    for (;;) {
      const handed = Atomics.load(this.words, this.base + HANDED);
      const slot = (handed & bit) >> shift;
      const offset = this.doubles[this.doubleBase + doubles + slot]!;
      const leaderEpoch = this.words[this.base + words + slot]!;
      if (Atomics.load(this.words, this.base + HANDED) === handed) return { offset, leaderEpoch };
    }
  }
}
