// Where one writer's record memory comes from: slabs of 1 MiB cut into extents of 4, 16, 64, 256 KiB and 1 MiB
// (memory.md, part 1, 0 and part 2, 11).
// @thread any: owned by the one thread that writes the batches (an app thread, or main).
//
//   extent   +0 next extent or -1 | +4 used bytes (set when the chain goes on) | +8 class | +12 batch | +16 records
//
// A free run of a class is one bit; four free siblings join to one run of the next class. The lowest slab with room is
// taken first, so that high ones fall idle. Records above 1 MiB get a pooled slab of their own, a power of two.
//
// A slab of which nothing is in use is dropped when it stays so for 30 s, or when the cap leaves no room for one of
// another size. All readers answer a drop before its number stands for other memory.

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
const WHOLE: number = FIRST_WORD[TOP]!;
/** A slab that lay idle for so long is dropped. */
export const SLAB_IDLE_MS = 30_000;
/** In `idleSince`: in use, or idle since the last sweep. */
const NOT_SEEN_IDLE = -1;

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
  /** Tells every reader that these slabs are gone; gives how many have to answer by `dropped`. */
  private readonly announceDrop: (numbers: readonly number[], collect: boolean) => number;
  private readonly free: Int32Array[];
  /** Per class the lowest slab that may have a free run of it. */
  private readonly lowest: number[];
  private readonly oversize: Map<number, number[]>;
  /** Per slab when a sweep first saw that nothing of it is in use (ms of the sweeper's clock). */
  private readonly idleSince: number[];
  /** Slabs of which nothing is in use. */
  private idle: number;
  /** Numbers of dropped slabs: how many readers have not answered yet; those that may be used again. */
  private readonly unanswered: Map<number, number>;
  private readonly numbers: number[];
  /**
   * Memory of dropped slabs by size, as long as this thread has not collected it: taken again before any new is, or
   * what is dropped and made anew, over and over, would pile up until then.
   */
  private readonly lost: Map<number, WeakRef<SharedArrayBuffer>[]>;
  /** Slabs were dropped that no worker has collected yet. */
  private uncollected: boolean;
  private slabs: number;
  private bytes: number;
  private bytesInUse: number;

  constructor(
    memory: HandleMemory,
    creator: number,
    maxBytes: number,
    announce: (number: number, memory: SharedArrayBuffer) => void,
    announceDrop: (numbers: readonly number[], collect: boolean) => number = () => 0,
  ) {
    this.memory = memory;
    this.creator = creator;
    this.maxBytes = maxBytes;
    this.announce = announce;
    this.announceDrop = announceDrop;
    this.free = [];
    this.lowest = [0, 0, 0, 0, 0];
    this.oversize = new Map();
    this.idleSince = [];
    this.idle = 0;
    this.unanswered = new Map();
    this.numbers = [];
    this.lost = new Map();
    this.uncollected = false;
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
      this.fellIdle(number);
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

  /**
   * Drops what a sweep at least 30 s ago found idle, and so did every one since; the lowest slab stays. `now` in ms.
   * Called every few seconds by whoever has the time; true when workers were told to collect.
   */
  sweep(now: number): boolean {
    const gone: number[] = [];
    let lowest = true;
    for (let number = 0; number < this.free.length; number++) {
      const slab = this.memory.slabs[this.creator]![number];
      if (slab === undefined) continue;
      const stays = lowest && slab.memory.byteLength === SLAB_BYTES;
      if (stays) lowest = false;
      if (stays || !this.isIdle(number)) continue;
      const since = this.idleSince[number]!;
      if (since === NOT_SEEN_IDLE) this.idleSince[number] = now;
      else if (now - since >= SLAB_IDLE_MS) gone.push(number);
    }
    if (gone.length === 0 && !this.uncollected) return false;
    this.drop(gone, true);
    return true;
  }

  /** One reader has let go of these slabs; all have: their numbers may be used again. */
  dropped(numbers: readonly number[]): void {
    for (const number of numbers) if (this.unanswered.has(number)) this.answered(number, -1);
  }

  private takeRun(extentClass: number): number {
    for (let number = this.lowest[extentClass]!; number < this.free.length; number++) {
      const bits = this.free[number]!;
      if (bits.length === 0) continue;
      const whole = bits[WHOLE]!;
      const run = takeBit(bits, extentClass);
      if (run >= 0) {
        if (bits[WHOLE] !== whole) this.idle--;
        this.lowest[extentClass] = number;
        return extentId(this.creator, number, run << (2 * extentClass));
      }
    }
    const number = this.newSlab(SLAB_BYTES);
    if (number < 0) return -1;
    const bits = new Int32Array(BITMAP_WORDS);
    bits[WHOLE] = 1;
    this.free[number] = bits;
    // The number may be one that was dropped, below those that other classes begin to look at.
    for (let of = 0; of <= TOP; of++) if (number < this.lowest[of]!) this.lowest[of] = number;
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
      if (level === TOP) this.fellIdle(number);
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
    const known = pool.pop();
    if (known !== undefined) this.idle--;
    const number = known ?? this.newSlab(2 ** power);
    if (number < 0) return -1;
    return extentId(this.creator, number, 0);
  }

  private newSlab(bytes: number): number {
    if (this.bytes + bytes > this.maxBytes && !this.makeRoom(bytes)) return -1;
    const memory = this.findAgain(bytes) ?? new SharedArrayBuffer(bytes);
    const number = this.takeNumber();
    // Oversize slabs have no bitmap; an empty one keeps the numbers of `free` in step.
    this.free[number] = NO_BITS;
    this.bytes += bytes;
    const slab: Slab = this.memory.addSlab(this.creator, number, memory);
    this.announce(number, slab.memory);
    return number;
  }

  private findAgain(bytes: number): SharedArrayBuffer | undefined {
    const lost = this.lost.get(bytes) ?? [];
    let found: SharedArrayBuffer | undefined;
    while (lost.length > 0 && found === undefined) found = lost.pop()!.deref();
    return found;
  }

  private lose(memory: SharedArrayBuffer): void {
    const lost = this.lost.get(memory.byteLength) ?? [];
    this.lost.set(memory.byteLength, lost);
    lost.push(new WeakRef(memory));
  }

  private takeNumber(): number {
    if (this.numbers.length === 0) return this.slabs++;
    const number = Math.min(...this.numbers);
    this.numbers.splice(this.numbers.indexOf(number), 1);
    return number;
  }

  private fellIdle(number: number): void {
    this.idleSince[number] = NOT_SEEN_IDLE;
    this.idle++;
  }

  private isIdle(number: number): boolean {
    const bits = this.free[number]!;
    if (bits.length > 0) return bits[WHOLE] !== 0;
    for (const pool of this.oversize.values()) if (pool.includes(number)) return true;
    return false;
  }

  /** Idle slabs of other sizes go, the highest first; false, and none goes, when they are not enough. */
  private makeRoom(bytes: number): boolean {
    const gone: number[] = [];
    let missing = this.bytes + bytes - this.maxBytes;
    for (let number = this.free.length - 1; number >= 0 && missing > 0 && gone.length < this.idle; number--) {
      const slab = this.memory.slabs[this.creator]![number];
      if (slab === undefined || !this.isIdle(number)) continue;
      gone.push(number);
      missing -= slab.memory.byteLength;
    }
    if (missing > 0) return false;
    // Under load nobody collects: the next sweep asks for that.
    this.drop(gone, false);
    return true;
  }

  private drop(gone: readonly number[], collect: boolean): void {
    for (const number of gone) {
      const { memory } = this.memory.slabs[this.creator]![number]!;
      this.bytes -= memory.byteLength;
      this.lose(memory);
      this.free[number] = NO_BITS;
      for (const pool of this.oversize.values()) if (pool.includes(number)) pool.splice(pool.indexOf(number), 1);
      this.unanswered.set(number, 0);
    }
    this.idle -= gone.length;
    this.uncollected = !collect;
    this.memory.dropSlabs(this.creator, gone);
    // Telling may read ports, and some answers in them.
    const readers = this.announceDrop(gone, collect);
    for (const number of gone) this.answered(number, readers);
  }

  private answered(number: number, change: number): void {
    const left = this.unanswered.get(number)! + change;
    this.unanswered.set(number, left);
    if (left !== 0) return;
    this.unanswered.delete(number);
    this.numbers.push(number);
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
