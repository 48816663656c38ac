// The partition block, of which a topic has one too (memory.md, part 1, 0 and 9).
// @thread any
//
//   word 0 HEAD   stack of new batches: -1 empty, -2 CLOSED (a topic's, for good)
//        1 FLAG   1 while the block is on a ready stack
//        2 NEXT   link of the ready stack
//        3 OWNER  index of the worker that takes its batches
//        4 LEADER in a partition's block its leader's node id or -1; in a topic's block its partition count, COUNT:
//                 NOT_KNOWN, NO_SUCH_TOPIC or the number. Written by main.
//        5 ERROR  in a topic's block: why its count is NO_SUCH_TOPIC. Written by main before the count.
//
// All only by Atomics.

import { READY } from './head_page.ts';
import { indexOf } from './ids.ts';
import type { HandleMemory } from './memory.ts';
import { EMPTY, push, takeAll } from './stacks.ts';

export const PARTITION_WORDS = 16;
export const PARTITIONS_PER_PAGE = 1024;

export const HEAD = 0;
export const FLAG = 1;
export const NEXT = 2;
export const OWNER = 3;
export const LEADER = 4;
export const COUNT = 4;
export const TOPIC_ERROR = 5;

export const NO_SUCH_TOPIC = -1;
export const NOT_KNOWN = -2;

/** Before its id is published. @thread any */
export function initPartition(words: Int32Array, base: number, owner: number, value: number): void {
  words.fill(0, base, base + PARTITION_WORDS);
  Atomics.store(words, base + HEAD, EMPTY);
  Atomics.store(words, base + NEXT, EMPTY);
  Atomics.store(words, base + OWNER, owner);
  Atomics.store(words, base + LEADER, value);
}

/**
 * Puts the partition on its owner's ready stack, unless it is on one, and rings. Whoever calls it has already
 * published what the owner shall find. @thread any
 */
export function ready(
  memory: HandleMemory,
  id: number,
  words: Int32Array,
  base: number,
  ringWorker: (worker: number) => void,
): void {
  if (Atomics.exchange(words, base + FLAG, 1) !== 0) return;
  const worker = Atomics.load(words, base + OWNER);
  push(memory.head, READY + worker, id, words, base + NEXT);
  ringWorker(worker);
}

/**
 * The blocks that became ready for this worker since the last call, in no order. All FLAGs are cleared only after the
 * stack was walked to its end, and before any block is looked at. Fills and returns `into`. @thread any
 */
export function takeReady(memory: HandleMemory, worker: number, into: number[]): number[] {
  into.length = 0;
  for (let id = takeAll(memory.head, READY + worker); id !== EMPTY; ) {
    into.push(id);
    const words = memory.page(id).words;
    id = Atomics.load(words, indexOf(id) * PARTITION_WORDS + NEXT);
  }
  for (const id of into) Atomics.store(memory.page(id).words, indexOf(id) * PARTITION_WORDS + FLAG, 0);
  return into;
}
