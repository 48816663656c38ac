// Small blocks of 16 words in main's control pages: partitions and cells of assigned partitions.
// @thread app (the blocks of topics that it names first), main

import { blockId } from './ids.ts';
import { type HandleMemory, PAGE_BYTES } from './memory.ts';
import { PARTITIONS_PER_PAGE } from './partitions.ts';

/** The row of page numbers of one creator: control pages of all kinds share it. */
export class PageNumbers {
  private next: number;

  constructor() {
    this.next = 0;
  }

  take(): number {
    return this.next++;
  }
}

/** Blocks are taken and, cells at least, given back. A page is announced before the first id in it is given out. */
export class BlockPool {
  private readonly memory: HandleMemory;
  private readonly creator: number;
  private readonly numbers: PageNumbers;
  private readonly announce: (number: number, memory: SharedArrayBuffer) => void;
  private readonly free: number[];

  constructor(
    memory: HandleMemory,
    creator: number,
    numbers: PageNumbers,
    announce: (number: number, memory: SharedArrayBuffer) => void,
  ) {
    this.memory = memory;
    this.creator = creator;
    this.numbers = numbers;
    this.announce = announce;
    this.free = [];
  }

  take(): number {
    if (this.free.length === 0) {
      const number = this.numbers.take();
      const page = this.memory.addPage(this.creator, number, new SharedArrayBuffer(PAGE_BYTES));
      this.announce(number, page.memory);
      for (let index = PARTITIONS_PER_PAGE - 1; index >= 0; index--)
        this.free.push(blockId(this.creator, number, index));
    }
    return this.free.pop()!;
  }

  give(id: number): void {
    this.free.push(id);
  }
}
