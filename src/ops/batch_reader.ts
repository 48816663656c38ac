// The app's side of reports: takes the report stack in order and walks a reported batch's records
// (memory.md, part 1, 4).
// @thread app, and main for batches that waited

import { BATCH_WORDS, COUNT_MASK, endSlot, FIRST, LINK, TAIL } from './batches.ts';
import { EXTENT_HEAD, NEXT_EXTENT, USED } from './extents.ts';
import { REPORTS } from './head_page.ts';
import { firstPageOf, indexOf } from './ids.ts';
import type { HandleMemory, Slab } from './memory.ts';
import { EMPTY, takeAll } from './stacks.ts';

/** Ids of the batches reported since the last call, oldest report first. @thread app */
export function takeReports(memory: HandleMemory, slot: number): number[] {
  const ids: number[] = [];
  for (let id = takeAll(memory.head, REPORTS + slot); id !== EMPTY; ) {
    ids.push(id);
    id = Atomics.load(memory.page(id).words, indexOf(id) * BATCH_WORDS + LINK);
  }
  return ids.reverse();
}

/**
 * Walks the extents of a sealed batch. `slab`, `at` and `end` are the piece that is being read; whoever reads records
 * moves `at` on and calls `nextPiece` when it reaches `end`.
 */
export class BatchWalk {
  readonly memory: HandleMemory;
  readonly count: number;
  private readonly last: number;
  private readonly lastUsed: number;
  private extent: number;
  slab: Slab | null;
  at: number;
  end: number;

  constructor(memory: HandleMemory, id: number) {
    const words = memory.page(id).words;
    const base = indexOf(id) * BATCH_WORDS;
    this.memory = memory;
    this.count = Atomics.load(words, base + TAIL) & COUNT_MASK;
    const slot = endSlot(base, this.count);
    this.last = words[slot]!;
    this.lastUsed = words[slot + 1]!;
    this.extent = words[base + FIRST]!;
    this.slab = null;
    this.at = 0;
    this.end = 0;
    if (this.extent >= 0) this.enter();
  }

  /** False at the end of the batch. */
  nextPiece(): boolean {
    if (this.slab === null || this.extent === this.last) return false;
    this.extent = this.slab.ints[(firstPageOf(this.extent) << 10) + NEXT_EXTENT]!;
    this.enter();
    return true;
  }

  private enter(): void {
    const slab = this.memory.slab(this.extent);
    const start = firstPageOf(this.extent) << 12;
    const used = this.extent === this.last ? this.lastUsed : slab.ints[(start >> 2) + USED]!;
    this.slab = slab;
    this.at = start + EXTENT_HEAD;
    this.end = start + used;
  }
}
