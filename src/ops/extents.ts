// Where one writer's record memory comes from: slabs of 1 MiB cut into extents of 4, 16, 64, 256 KiB and 1 MiB
// (memory.md, part 1, 0 and part 2, 11).
// @thread any: owned by the one thread that writes the batches (an app thread, or main).
//
//   extent   +0 next extent or -1 | +4 used bytes (set when the chain goes on) | +8 class | +12 batch | +16 records
//
// A free run of a class is one bit; four free siblings join to one run of the next class. The lowest slab with room is
// taken first, so that high ones fall idle. Records above 1 MiB get a pooled slab of their own, a power of two.

import { extentId, firstPageOf, slabOf } from './ids.ts';
import { type HandleMemory, SLAB_BYTES, type Slab } from './memory.ts';

export const EXTENT_HEAD = 16;
export const NEXT_EXTENT = 0;
export const USED = 1;
export const CLASS = 2;
export const BATCH = 3;

/** Sizes by class; a class above the last names the power of two of a slab of its own. */
export const CLASS_BYTES: readonly number[] = [4096, 16384, 65536, 262144, 1048576];
const TOP = 4;
/** First word of each class's bits in a slab's bitmap: 256, 64, 16, 4 and 1 bits. */
const FIRST_WORD: readonly number[] = [0, 8, 10, 11, 12];
const WORDS: readonly number[] = [8, 2, 1, 1, 1];
const BITMAP_WORDS = 13;

/** The smallest class whose extent takes that many record bytes. */
export function classFor(bytes: number): number {
  const need = bytes + EXTENT_HEAD;
  for (let at = 0; at <= TOP; at++) if (need <= CLASS_BYTES[at]!) return at;
  let power = 21;
  while (2 ** power < need) power++;
  return power;
}

export function classBytes(extentClass: number): number {
  return extentClass <= TOP ? CLASS_BYTES[extentClass]! : 2 ** extentClass;
}

export class ExtentPool {
  readonly memory: HandleMemory;
  readonly creator: number;
  /** Tells every reader of the handle about a new slab, before any id in it is published. */
  readonly announce: (number: number, memory: SharedArrayBuffer) => void;
  readonly maxBytes: number;
  private readonly free: Int32Array[];
  /** Per class the lowest slab that may have a free run of it. */
  private readonly lowest: number[];
  private readonly oversize: Map<number, number[]>;
  private slabs: number;
  private bytes: number;
  private bytesInUse: number;

  constructor(
    memory: HandleMemory,
    creator: number,
    maxBytes: number,
    announce: (number: number, memory: SharedArrayBuffer) => void,
  ) {
    this.memory = memory;
    this.creator = creator;
    this.maxBytes = maxBytes;
    this.announce = announce;
    this.free = [];
    this.lowest = [0, 0, 0, 0, 0];
    this.oversize = new Map();
    this.slabs = 0;
    this.bytes = 0;
    this.bytesInUse = 0;
  }

  get used(): number {
    return this.bytesInUse;
  }

  get total(): number {
    return this.bytes;
  }

  /** An extent with its head written, or -1 when the cap on the total is reached. */
  take(extentClass: number, batch: number): number {
    const id = extentClass <= TOP ? this.takeRun(extentClass) : this.takeOversize(extentClass);
    if (id < 0) return -1;
    const slab = this.memory.slab(id);
    const at = firstPageOf(id) << 10;
    slab.ints[at + NEXT_EXTENT] = -1;
    slab.ints[at + USED] = 0;
    slab.ints[at + CLASS] = extentClass;
    slab.ints[at + BATCH] = batch;
    this.bytesInUse += classBytes(extentClass);
    return id;
  }

  /** Gives back one extent, not the chain behind it. */
  give(id: number): void {
    const number = slabOf(id);
    const slab = this.memory.slab(id);
    const extentClass = slab.ints[(firstPageOf(id) << 10) + CLASS]!;
    this.bytesInUse -= classBytes(extentClass);
    if (extentClass > TOP) {
      this.oversize.get(extentClass)!.push(number);
      return;
    }
    this.giveRun(number, extentClass, firstPageOf(id) >> (2 * extentClass));
  }

  /** Gives back a whole chain, also what lies behind the tail. */
  giveChain(first: number): void {
    for (let id = first; id >= 0; ) {
      const next = this.memory.slab(id).ints[(firstPageOf(id) << 10) + NEXT_EXTENT]!;
      this.give(id);
      id = next;
    }
  }

  private takeRun(extentClass: number): number {
    for (let number = this.lowest[extentClass]!; number < this.free.length; number++) {
      const bits = this.free[number]!;
      const run = bits.length === 0 ? -1 : takeBit(bits, extentClass);
      if (run >= 0) {
        this.lowest[extentClass] = number;
        return extentId(this.creator, number, run << (2 * extentClass));
      }
    }
    const number = this.newSlab(SLAB_BYTES);
    if (number < 0) return -1;
    const bits = new Int32Array(BITMAP_WORDS);
    bits[FIRST_WORD[TOP]!] = 1;
    this.free[number] = bits;
    this.lowest[extentClass] = number;
    return extentId(this.creator, number, takeBit(bits, extentClass) << (2 * extentClass));
  }

  private giveRun(number: number, extentClass: number, run: number): void {
    const bits = this.free[number]!;
    let level = extentClass;
    let at = run;
    for (;;) {
      const word = FIRST_WORD[level]! + (at >> 5);
      const quad = 0b1111 << (at & 28);
      const now = bits[word]! | (1 << (at & 31));
      if (level === TOP || (now & quad) !== quad) {
        bits[word] = now;
        break;
      }
      bits[word] = now & ~quad;
      at >>= 2;
      level++;
    }
    for (let below = level; below >= 0; below--) if (number < this.lowest[below]!) this.lowest[below] = number;
  }

  private takeOversize(power: number): number {
    const pool = this.oversize.get(power) ?? [];
    this.oversize.set(power, pool);
    const number = pool.pop() ?? this.newSlab(2 ** power);
    if (number < 0) return -1;
    return extentId(this.creator, number, 0);
  }

  private newSlab(bytes: number): number {
    if (this.bytes + bytes > this.maxBytes) return -1;
    const memory = new SharedArrayBuffer(bytes);
    const number = this.slabs++;
    // Oversize slabs have no bitmap; an empty one keeps the numbers of `free` in step.
    this.free[number] = NO_BITS;
    this.bytes += bytes;
    const slab: Slab = this.memory.addSlab(this.creator, number, memory);
    this.announce(number, slab.memory);
    return number;
  }
}

const NO_BITS: Int32Array = new Int32Array(0);

/** Takes the lowest free run of a class, cutting a larger one where there is none; -1 when nothing fits. */
function takeBit(bits: Int32Array, level: number): number {
  if (level > TOP) return -1;
  const first = FIRST_WORD[level]!;
  for (let word = 0; word < WORDS[level]!; word++) {
    const value = bits[first + word]!;
    if (value === 0) continue;
    const bit = 31 - Math.clz32(value & -value);
    bits[first + word] = value & (value - 1);
    return (word << 5) | bit;
  }
  const parent = takeBit(bits, level + 1);
  if (parent < 0) return -1;
  const run = parent << 2;
  bits[first + (run >> 5)] = bits[first + (run >> 5)]! | (0b1110 << (run & 28));
  return run;
}
