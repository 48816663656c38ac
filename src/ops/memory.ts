// What one thread sees of one handle's shared memory: views on its control pages and slabs, by number.
// @thread any: each thread has an object of its own.
//
// A page or slab is posted to every reader before an id in it is published, but ports are read when there is time:
// a reader that meets an unknown id reads its creator's port until the page is there (memory.md, part 1, 5).

import type { HeadPage } from './head_page.ts';
import { creatorOf, MAX_CREATORS, pageOf, slabOf } from './ids.ts';

export const PAGE_BYTES = 65536;
/** 1 MiB, but for the slabs that hold one record above that. */
export const SLAB_BYTES: number = 1 << 20;

/** Received frames below this are not worth the way back to the worker that received them. */
export const SMALLEST_KEPT_FRAME = 65536;

export class ControlPage {
  readonly memory: SharedArrayBuffer;
  readonly words: Int32Array;
  readonly doubles: Float64Array;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.words = new Int32Array(memory);
    this.doubles = new Float64Array(memory);
  }
}

export class Slab {
  readonly memory: SharedArrayBuffer;
  readonly ints: Int32Array;
  readonly bytes: Uint8Array;
  readonly buffer: Buffer;

  constructor(memory: SharedArrayBuffer) {
    this.memory = memory;
    this.ints = new Int32Array(memory);
    this.bytes = new Uint8Array(memory);
    this.buffer = Buffer.from(memory);
  }
}

export class HandleMemory {
  readonly head: HeadPage;
  readonly pages: ControlPage[][];
  readonly slabs: Slab[][];
  /** Reads the next op of that creator's port; false when there is none. Set by the thread that owns this object. */
  readPort: (creator: number) => boolean;

  constructor(head: HeadPage) {
    this.head = head;
    this.pages = [];
    this.slabs = [];
    for (let creator = 0; creator < MAX_CREATORS; creator++) {
      this.pages.push([]);
      this.slabs.push([]);
    }
    this.readPort = () => false;
  }

  addPage(creator: number, number: number, memory: SharedArrayBuffer): ControlPage {
    const known = this.pages[creator]![number];
    if (known !== undefined) return known;
    const page = new ControlPage(memory);
    this.pages[creator]![number] = page;
    return page;
  }

  addSlab(creator: number, number: number, memory: SharedArrayBuffer): Slab {
    const known = this.slabs[creator]![number];
    if (known !== undefined) return known;
    const slab = new Slab(memory);
    this.slabs[creator]![number] = slab;
    return slab;
  }

  /** Lets go of slabs that their creator has dropped; it wants an answer. */
  dropSlabs(creator: number, numbers: readonly number[]): void {
    for (const number of numbers) delete this.slabs[creator]![number];
  }

  /** The page of a block, read from its creator's port if it is new here. */
  page(blockId: number): ControlPage {
    const creator = creatorOf(blockId);
    const number = pageOf(blockId);
    for (;;) {
      const page = this.pages[creator]![number];
      if (page !== undefined) return page;
      if (!this.readPort(creator))
        throw new Error(`block ${blockId}: page ${number} of creator ${creator} was never posted`);
    }
  }

  /** The slab of an extent, read from its creator's port if it is new here. */
  slab(extentId: number): Slab {
    const creator = creatorOf(extentId);
    const number = slabOf(extentId);
    for (;;) {
      const slab = this.slabs[creator]![number];
      if (slab !== undefined) return slab;
      if (!this.readPort(creator))
        throw new Error(`extent ${extentId}: slab ${number} of creator ${creator} was never posted`);
    }
  }
}
