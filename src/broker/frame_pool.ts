// Memory of large Fetch answers that the app has walked and given back: the next answers are received into it, or the
// page faults and the collector undo what not copying has won (memory.md, part 2, 16).
// @thread broker

import { SMALLEST_KEPT_FRAME } from '../ops/memory.ts';

/** What a worker keeps for one handle. */
const MOST_BYTES = 64 << 20;
/** A small answer does not take a much larger piece of memory. */
const MOST_WASTE = 8;

export class FramePool {
  private readonly free: ArrayBuffer[];
  private bytes: number;

  constructor() {
    this.free = [];
    this.bytes = 0;
  }

  /** A view of exactly that size on memory that lies unused, or null. */
  take(size: number): Uint8Array | null {
    if (size < SMALLEST_KEPT_FRAME) return null;
    for (let at = this.free.length - 1; at >= 0; at--) {
      const buffer = this.free[at]!;
      if (buffer.byteLength < size || buffer.byteLength > size * MOST_WASTE) continue;
      this.free.splice(at, 1);
      this.bytes -= buffer.byteLength;
      return new Uint8Array(buffer, 0, size);
    }
    return null;
  }

  give(buffers: readonly ArrayBuffer[]): void {
    for (const buffer of buffers) {
      if (buffer.byteLength < SMALLEST_KEPT_FRAME || this.bytes + buffer.byteLength > MOST_BYTES) continue;
      this.free.push(buffer);
      this.bytes += buffer.byteLength;
    }
  }
}
