// The writer of batches: opens them, makes room, publishes one record at a time (memory.md, part 1, 1).
// @thread any: an app thread, or main for the records that waited for metadata; one writer a batch.

import {
  BATCH_WORDS,
  BATCHES_PER_PAGE,
  FIRST,
  FIRST_TIMESTAMP,
  GEN,
  LINK,
  MAX_TIMESTAMP_0,
  OPENED,
  PARTITION,
  SEALED,
  SLOT,
  SLOT_0,
  STATUS,
  TAIL,
} from './batches.ts';
import type { PageNumbers } from './block_pool.ts';
import {
  CLASS,
  CLASS_BYTES,
  classBytes,
  classFor,
  EXTENT_HEAD,
  type ExtentPool,
  NEXT_EXTENT,
  USED,
} from './extents.ts';
import { blockId, firstPageOf, indexOf } from './ids.ts';
import { type ControlPage, type HandleMemory, PAGE_BYTES, type Slab } from './memory.ts';
import { EMPTY } from './stacks.ts';

const LARGEST_CLASS: number = CLASS_BYTES.length - 1;

/** Batch blocks of one writer. */
export class BatchPool {
  readonly memory: HandleMemory;
  readonly creator: number;
  private readonly announce: (number: number, memory: SharedArrayBuffer) => void;
  private readonly numbers: PageNumbers;
  private readonly free: number[];
  private taken: number;

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
    this.taken = 0;
  }

  /** Blocks in use. */
  get used(): number {
    return this.taken;
  }

  take(): number {
    if (this.free.length === 0) this.grow();
    this.taken++;
    return this.free.pop()!;
  }

  give(id: number): void {
    this.taken--;
    this.free.push(id);
  }

  private grow(): void {
    const number = this.numbers.take();
    const page = this.memory.addPage(this.creator, number, new SharedArrayBuffer(PAGE_BYTES));
    this.announce(number, page.memory);
    for (let index = BATCHES_PER_PAGE - 1; index >= 0; index--) this.free.push(blockId(this.creator, number, index));
  }
}

/** The writer's view of a batch that it may still append to. Positions are bytes in `slab`. */
export class OpenBatch {
  readonly id: number;
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  readonly base: number;
  readonly doubleBase: number;
  readonly generation: number;
  extent: number;
  slab: Slab;
  /** Where the extent begins, where the next record goes, where the extent ends. */
  start: number;
  at: number;
  limit: number;
  count: number;
  /** Record bytes published. */
  bytes: number;
  firstTimestamp: number;
  maxTimestamp: number;
  /** The block is on HEAD, so its owner may seal it. */
  pushed: boolean;

  constructor(id: number, page: ControlPage, extent: number, slab: Slab, size: number, generation: number) {
    this.id = id;
    this.words = page.words;
    this.doubles = page.doubles;
    this.base = indexOf(id) * BATCH_WORDS;
    this.doubleBase = this.base >> 1;
    this.generation = generation;
    this.extent = extent;
    this.slab = slab;
    this.start = firstPageOf(extent) << 12;
    this.at = this.start + EXTENT_HEAD;
    this.limit = this.start + size;
    this.count = 0;
    this.bytes = 0;
    this.firstTimestamp = 0;
    this.maxTimestamp = 0;
    this.pushed = false;
  }
}

export class BatchWriter {
  readonly memory: HandleMemory;
  readonly blocks: BatchPool;
  readonly extents: ExtentPool;
  readonly slot: number;

  constructor(memory: HandleMemory, blocks: BatchPool, extents: ExtentPool, slot: number) {
    this.memory = memory;
    this.blocks = blocks;
    this.extents = extents;
    this.slot = slot;
  }

  /** A batch with room for `bound` bytes that nobody sees yet; null when the memory is used up. @thread app, main */
  open(partition: number, now: number, firstTimestamp: number, bound: number): OpenBatch | null {
    const id = this.blocks.take();
    const extent = this.extents.take(classFor(bound), id);
    if (extent < 0) {
      this.blocks.give(id);
      return null;
    }
    const page = this.memory.page(id);
    const slab = this.memory.slab(extent);
    const base = indexOf(id) * BATCH_WORDS;
    const words = page.words;
    const generation = Math.abs(Atomics.load(words, base + GEN)) + 1;
    const open = new OpenBatch(
      id,
      page,
      extent,
      slab,
      classBytes(slab.ints[(firstPageOf(extent) << 10) + CLASS]!),
      generation,
    );
    words[base + FIRST] = extent;
    words[base + SLOT_0] = words[base + SLOT_0 + 2] = extent;
    words[base + SLOT_0 + 1] = words[base + SLOT_0 + 3] = EXTENT_HEAD;
    words[base + PARTITION] = partition;
    words[base + OPENED] = now;
    words[base + STATUS] = 0;
    words[base + SLOT] = this.slot;
    page.doubles[open.doubleBase + FIRST_TIMESTAMP] = firstTimestamp;
    open.firstTimestamp = open.maxTimestamp = firstTimestamp;
    Atomics.store(words, base + LINK, EMPTY);
    Atomics.store(words, base + GEN, generation);
    Atomics.store(words, base + TAIL, 0);
    return open;
  }

  /** A sealed batch of `count` records without any memory: what stands for records that end in an error. @thread main */
  openEmpty(partition: number, now: number, count: number): { readonly id: number; readonly generation: number } {
    const id = this.blocks.take();
    const base = indexOf(id) * BATCH_WORDS;
    const words = this.memory.page(id).words;
    const generation = Math.abs(Atomics.load(words, base + GEN)) + 1;
    words[base + FIRST] = -1;
    words[base + PARTITION] = partition;
    words[base + OPENED] = now;
    words[base + STATUS] = 0;
    words[base + SLOT] = this.slot;
    Atomics.store(words, base + LINK, EMPTY);
    Atomics.store(words, base + GEN, generation);
    Atomics.store(words, base + TAIL, SEALED | count);
    return { id, generation };
  }

  /** A block that never got visible goes back whole. @thread app, main */
  discard(open: OpenBatch): void {
    this.extents.giveChain(open.words[open.base + FIRST]!);
    this.blocks.give(open.id);
  }

  /** Makes `bound` bytes at `open.at` writable, linking a further extent if need be; false: memory is used up. */
  room(open: OpenBatch, bound: number): boolean {
    if (open.at + bound <= open.limit) return true;
    const ints = open.slab.ints;
    const head = open.start >> 2;
    const ownClass = ints[head + CLASS]!;
    const wanted = Math.max(classFor(bound), Math.min(ownClass + 1, LARGEST_CLASS));
    const next = this.extents.take(wanted, open.id);
    if (next < 0) return false;
    ints[head + USED] = open.at - open.start;
    ints[head + NEXT_EXTENT] = next;
    open.extent = next;
    open.slab = this.memory.slab(next);
    open.start = firstPageOf(next) << 12;
    open.at = open.start + EXTENT_HEAD;
    open.limit = open.start + classBytes(wanted);
    return true;
  }

  /**
   * Publishes the record that was written from `open.at` to `end`. False: a sealer was first and the record is not
   * in; the caller begins again with the next batch. @thread app, main
   */
  publish(open: OpenBatch, end: number, timestamp: number): boolean {
    const count = open.count;
    const { words, base } = open;
    const slot = base + SLOT_0 + 2 * ((count + 1) & 1);
    words[slot] = open.extent;
    words[slot + 1] = end - open.start;
    if (timestamp > open.maxTimestamp || count === 0) open.maxTimestamp = timestamp;
    open.doubles[open.doubleBase + MAX_TIMESTAMP_0 + ((count + 1) & 1)] = open.maxTimestamp;
    if (Atomics.compareExchange(words, base + TAIL, count, count + 1) !== count) return false;
    open.count = count + 1;
    open.bytes += end - open.at;
    open.at = end;
    return true;
  }

  /** A reported batch's memory, once its last record was served. @thread app, main */
  free(id: number): void {
    const words = this.memory.page(id).words;
    this.extents.giveChain(words[indexOf(id) * BATCH_WORDS + FIRST]!);
    this.blocks.give(id);
  }
}

/** True once the owner (or the writer) has sealed it. */
export function isSealed(open: OpenBatch): boolean {
  return Atomics.load(open.words, open.base + TAIL) < 0;
}
