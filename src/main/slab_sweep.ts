// Says when idle slabs are looked for, main's own and the app's: main has timers at any time, an app thread may be
// blocked, or asleep without one (memory.md, part 2, 11).
// @thread main

import { collect } from '../ops/collect.ts';
import type { ExtentPool } from '../ops/extents.ts';
import { FIRST_APP_SLOT, MAIN } from '../ops/ids.ts';
import { type HandleMemory, SLAB_BYTES } from '../ops/memory.ts';

const SWEEP_MS = 10_000;

export class SlabSweep {
  private readonly memory: HandleMemory;
  private readonly own: ExtentPool;
  private readonly askApp: () => void;
  private nextAt: number;
  private wanted: boolean;
  /** At most one is on its way: an app thread may read its ports in an hour. */
  private asked: boolean;

  constructor(memory: HandleMemory, own: ExtentPool, askApp: () => void) {
    this.memory = memory;
    this.own = own;
    this.askApp = askApp;
    this.nextAt = 0;
    this.wanted = false;
    this.asked = false;
  }

  /** Gives the time of the next sweep, Infinity while there is nothing that could fall idle. */
  poll(now: number): number {
    if (now >= this.nextAt) {
      this.nextAt = now + SWEEP_MS;
      const own = this.has(MAIN);
      const app = this.has(FIRST_APP_SLOT);
      this.wanted = own || app;
      if (own && this.own.sweep(now)) collect();
      if (app && !this.asked) {
        this.asked = true;
        this.askApp();
      }
    }
    return this.wanted ? this.nextAt : Number.POSITIVE_INFINITY;
  }

  /** The app has looked. */
  swept(): void {
    this.asked = false;
  }

  /** More than the one slab that always stays. */
  private has(creator: number): boolean {
    let bytes = 0;
    for (const slab of this.memory.slabs[creator]!) bytes += slab?.memory.byteLength ?? 0;
    return bytes > SLAB_BYTES;
  }
}
