// The cell of an assigned partition: where the app is, and what it has taken (memory.md, part 2, 23 and 24).
// @thread any
//
//   word   0 HANDED     bit 31 closed, bit 0 which slot holds the position
//          1 MESSAGES   records handed out or dropped by the app (wraps)
//          2 BYTES      their bytes (wraps)
//   double 4,5 POSITION slot 0, 1: the next offset that the app will be handed
//
// A cell lies in a control page of main, 16 words like a partition block, fresh for every assignment. MESSAGES, BYTES
// and the slots are written by the app alone, HANDED swapped by the app and closed by main.

import { indexOf } from './ids.ts';
import type { ControlPage } from './memory.ts';
import { PARTITION_WORDS } from './partitions.ts';

export const HANDED = 0;
export const MESSAGES = 1;
export const BYTES = 2;
const POSITION = 4;

export const CELL_CLOSED: number = 0x80000000 | 0;

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

  /** Before its id is published. @thread main */
  init(position: number): void {
    this.words.fill(0, this.base, this.base + PARTITION_WORDS);
    this.doubles[this.doubleBase + POSITION] = position;
    Atomics.store(this.words, this.base + HANDED, 0);
  }

  /**
   * Publishes that everything before `next` has been handed out. False: the cell is closed, the record must not be
   * handed out and its position was never published. @thread app
   */
  advance(next: number): boolean {
    const handed = Atomics.load(this.words, this.base + HANDED);
    if (handed < 0) return false;
    this.doubles[this.doubleBase + POSITION + ((handed ^ 1) & 1)] = next;
    return Atomics.compareExchange(this.words, this.base + HANDED, handed, handed ^ 1) === handed;
  }

  /** Nothing is handed out from here on; the result is final. @thread main */
  close(): number {
    return this.positionOf(Atomics.or(this.words, this.base + HANDED, CELL_CLOSED));
  }

  get closed(): boolean {
    return Atomics.load(this.words, this.base + HANDED) < 0;
  }

  /** The next offset that the app will be handed; RD_KAFKA_OFFSET_INVALID while nothing was. @thread any */
  get position(): number {
    for (;;) {
      const handed = Atomics.load(this.words, this.base + HANDED);
      const position = this.positionOf(handed);
      if (Atomics.load(this.words, this.base + HANDED) === handed) return position;
    }
  }

  private positionOf(handed: number): number {
    return this.doubles[this.doubleBase + POSITION + (handed & 1)]!;
  }
}
