// Cuts the bytes of a connection into frames, however they come.
// @thread any
import { ProtocolError } from './reader.ts';

/** Up to here a frame's memory is taken at once; a larger one must first bring bytes. */
const AT_ONCE = 1 << 20;
/** A larger frame may take this many times what has come, so it is copied at most 1/8 more than once. */
const AHEAD = 8;

/**
 * Collects frames. Each is handed over without its size, in memory of its own: `allocate` makes it (called with the
 * frame's size, or for a frame beyond 1 MiB with a part of it first), and exactly one copy is made up to 1 MiB.
 */
export class FrameSplitter {
  private readonly maxBytes: number;
  private readonly allocate: (size: number) => Uint8Array;
  private readonly spare: (size: number) => Uint8Array | null;
  /** How many of the 4 bytes of the size have come. */
  private sizeBytes: number;
  private size: number;
  private frame: Uint8Array | null;
  private filled: number;

  /**
   * @param maxBytes largest frame accepted, without its size.
   * @param spare memory of exactly that size that lies unused (nothing is allocated for it), or null.
   */
  constructor(
    maxBytes: number,
    allocate: (size: number) => Uint8Array = (size) => new Uint8Array(size),
    spare: (size: number) => Uint8Array | null = () => null,
  ) {
    this.maxBytes = maxBytes;
    this.allocate = allocate;
    this.spare = spare;
    this.sizeBytes = 0;
    this.size = 0;
    this.frame = null;
    this.filled = 0;
  }

  /** Bytes of a frame that is not complete yet, its size included: 0 between frames. */
  get pending(): number {
    return this.sizeBytes + this.filled;
  }

  /**
   * Takes the next bytes of the stream (free again on return) and calls `onFrame` for each frame that they complete,
   * in order. `onFrame` may not throw: the rest of the chunk would be lost.
   * @throws ProtocolError for a size below 0 or above `maxBytes`; the connection is of no use after that.
   */
  push(chunk: Uint8Array, onFrame: (frame: Uint8Array) => void): void {
    let at = 0;
    while (at < chunk.length || (this.sizeBytes === 4 && this.filled === this.size)) {
      if (this.sizeBytes < 4) {
        this.size = (this.size << 8) | chunk[at++]!;
        if (++this.sizeBytes === 4) this.begin();
        continue;
      }
      at += this.fill(chunk, at);
      if (this.filled < this.size) continue;
      const frame = this.frame!;
      this.sizeBytes = 0;
      this.size = 0;
      this.frame = null;
      this.filled = 0;
      onFrame(frame);
    }
  }

  private begin(): void {
    if (this.size < 0 || this.size > this.maxBytes) {
      throw new ProtocolError(`${this.size} bytes, at most ${this.maxBytes}`, 'size', 'frame');
    }
    this.frame = this.spare(this.size) ?? this.allocate(Math.min(this.size, AT_ONCE));
  }

  /** Copies what the frame's memory takes; gives how much that was. */
  private fill(chunk: Uint8Array, at: number): number {
    const frame = this.room();
    const part = Math.min(chunk.length - at, this.size - this.filled, frame.length - this.filled);
    if (part === chunk.length) frame.set(chunk, this.filled);
    else frame.set(chunk.subarray(at, at + part), this.filled);
    this.filled += part;
    return part;
  }

  private room(): Uint8Array {
    const frame = this.frame!;
    if (this.filled < frame.length || this.filled === this.size) return frame;
    const larger = this.allocate(Math.min(this.size, this.filled * AHEAD));
    larger.set(frame);
    this.frame = larger;
    return larger;
  }
}
