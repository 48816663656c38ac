// The owner's side of batches: takes them from a partition's HEAD, seals, reads their memory, reports
// (memory.md, part 1, 2 and 4).
// @thread main, broker: whoever the partition's OWNER names

import {
  APPEND_TIME,
  BASE_OFFSET,
  BATCH_WORDS,
  BROKER,
  claim,
  ERROR,
  endSlot,
  FIRST,
  FIRST_ID,
  FIRST_TIMESTAMP,
  GEN,
  LINK,
  MAX_TIMESTAMP_0,
  NUMBER,
  OPENED,
  SLOT,
  STATUS,
  seal,
  TAIL,
  WORKER,
} from './batches.ts';
import { EXTENT_HEAD, NEXT_EXTENT, USED } from './extents.ts';
import { REPORTS } from './head_page.ts';
import { firstPageOf, indexOf } from './ids.ts';
import type { ControlPage, HandleMemory } from './memory.ts';
import { HEAD } from './partitions.ts';
import { CLOSED, push, takeAll } from './stacks.ts';

/** What an owner keeps of a batch that it has taken. Numbers are valid once `count` is not -1 (sealed). */
export class TakenBatch {
  readonly id: number;
  readonly words: Int32Array;
  readonly doubles: Float64Array;
  readonly base: number;
  readonly generation: number;
  readonly opened: number;
  count: number;
  bytes: number;
  number: number;
  firstId: number;
  /** How often it was sent and failed in a way that counts as a retry; not before `notBefore` again. */
  retries: number;
  notBefore: number;
  backoff: boolean;
  /** Some request with it may have reached a broker. */
  maybePersisted: boolean;
  /** Sealed though it was not full: linger.ms holds for it all the same. */
  lingers: boolean;
  /** Its place in the broker's eyes, once an idempotent producer has sent it; -1 before. */
  sequence: number;
  /** Compressed records, kept until the answer so that a retry sends the identical batch; null: sent plain. */
  compressed: Uint8Array | null;

  constructor(id: number, page: ControlPage, generation: number) {
    this.id = id;
    this.words = page.words;
    this.doubles = page.doubles;
    this.base = indexOf(id) * BATCH_WORDS;
    this.generation = generation;
    this.opened = page.words[this.base + OPENED]!;
    this.count = -1;
    this.bytes = 0;
    this.number = 0;
    this.firstId = 0;
    this.retries = 0;
    this.notBefore = 0;
    this.backoff = false;
    this.maybePersisted = false;
    this.lingers = false;
    this.sequence = -1;
    this.compressed = null;
  }

  get firstTimestamp(): number {
    return this.doubles[(this.base >> 1) + FIRST_TIMESTAMP]!;
  }

  get maxTimestamp(): number {
    return this.doubles[(this.base >> 1) + MAX_TIMESTAMP_0 + (this.count & 1)]!;
  }
}

/** Takes what was pushed since, oldest first. A HEAD that reads CLOSED is left alone: it is final. */
export function takeHead(memory: HandleMemory, words: Int32Array, base: number): TakenBatch[] {
  return Atomics.load(words, base + HEAD) === CLOSED ? [] : walk(memory, takeAll(words, base + HEAD));
}

/** Takes HEAD a last time and closes it for good: every later push is answered no. Once only. */
export function takeClosing(memory: HandleMemory, words: Int32Array, base: number): TakenBatch[] {
  return walk(memory, Atomics.exchange(words, base + HEAD, CLOSED));
}

function walk(memory: HandleMemory, newest: number): TakenBatch[] {
  const taken: TakenBatch[] = [];
  for (let id = newest; id >= 0; ) {
    const page = memory.page(id);
    const base = indexOf(id) * BATCH_WORDS;
    const generation = Atomics.load(page.words, base + GEN);
    // Negative: claimed by the app of a fatal handle, which has given the verdict; dropped unsent.
    if (generation > 0) taken.push(new TakenBatch(id, page, generation));
    id = Atomics.load(page.words, base + LINK);
  }
  return taken.reverse();
}

/** Sealed by its writer (full), or by us earlier. */
export function isSealedBatch(batch: TakenBatch): boolean {
  return batch.count >= 0 || Atomics.load(batch.words, batch.base + TAIL) < 0;
}

/**
 * Seals and gives the batch its place in the partition's row; false when somebody claimed its report meanwhile: it is
 * then dropped unsent.
 */
export function sealTaken(memory: HandleMemory, batch: TakenBatch, number: number, firstId: number): boolean {
  batch.count = seal(batch.words, batch.base);
  if (Atomics.load(batch.words, batch.base + GEN) !== batch.generation) return false;
  batch.number = number;
  batch.firstId = firstId;
  batch.words[batch.base + NUMBER] = number;
  batch.doubles[(batch.base >> 1) + FIRST_ID] = firstId;
  batch.bytes = batchBytes(memory, batch);
  return true;
}

/** The record bytes of a sealed batch, piece by piece, as views; nothing for a batch without extents. */
export function pieces(memory: HandleMemory, batch: TakenBatch, into: Uint8Array[]): void {
  let extent = batch.words[batch.base + FIRST]!;
  if (extent < 0 || batch.count === 0) return;
  const slot = endSlot(batch.base, batch.count);
  const last = batch.words[slot]!;
  const lastUsed = batch.words[slot + 1]!;
  for (;;) {
    const slab = memory.slab(extent);
    const start = firstPageOf(extent) << 12;
    const used = extent === last ? lastUsed : slab.ints[(start >> 2) + USED]!;
    if (used > EXTENT_HEAD) into.push(slab.bytes.subarray(start + EXTENT_HEAD, start + used));
    if (extent === last) return;
    extent = slab.ints[(start >> 2) + NEXT_EXTENT]!;
  }
}

function batchBytes(memory: HandleMemory, batch: TakenBatch): number {
  let extent = batch.words[batch.base + FIRST]!;
  if (extent < 0 || batch.count === 0) return 0;
  const slot = endSlot(batch.base, batch.count);
  const last = batch.words[slot]!;
  let bytes = batch.words[slot + 1]! - EXTENT_HEAD;
  while (extent !== last) {
    const slab = memory.slab(extent);
    const start = firstPageOf(extent) << 10;
    bytes += slab.ints[start + USED]! - EXTENT_HEAD;
    extent = slab.ints[start + NEXT_EXTENT]!;
  }
  return bytes;
}

export interface Verdict {
  readonly error: number;
  readonly status: number;
  readonly broker: number;
  readonly baseOffset: number;
  readonly appendTime: number;
}

/**
 * Reports a sealed batch: exactly one caller in all threads gets true. No socket write over the batch may be pending.
 * The caller rings the app thread of `batch.words[SLOT]` afterwards.
 */
export function report(memory: HandleMemory, batch: TakenBatch, worker: number, verdict: Verdict): boolean {
  const { words, base, doubles } = batch;
  if (Atomics.load(words, base + GEN) !== batch.generation) return false;
  words[base + ERROR] = verdict.error;
  words[base + STATUS] = verdict.status;
  words[base + BROKER] = verdict.broker;
  words[base + WORKER] = worker;
  doubles[(base >> 1) + BASE_OFFSET] = verdict.baseOffset;
  doubles[(base >> 1) + APPEND_TIME] = verdict.appendTime;
  if (!claim(words, base, batch.generation)) return false;
  push(memory.head, REPORTS + words[base + SLOT]!, batch.id, words, base + LINK);
  return true;
}
