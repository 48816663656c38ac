// Where consumed bytes are copied to: 64 KiB chunks, so that a message that is kept pins no more than one
// (memory.md, part 1, 10).
// @thread app

const CHUNK_BYTES = 65536;
/** Larger ones get memory of their own. */
const LARGEST = 16384;

export class Chunks {
  private chunk: ArrayBuffer;
  private at: number;

  constructor() {
    this.chunk = new ArrayBuffer(0);
    this.at = 0;
  }

  /** A Buffer of its own with these bytes. */
  copy(bytes: Uint8Array, from: number, to: number): Buffer {
    const size = to - from;
    if (size > LARGEST)
      return Buffer.from(bytes.buffer.slice(bytes.byteOffset + from, bytes.byteOffset + to) as ArrayBuffer);
    if (this.at + size > this.chunk.byteLength) {
      this.chunk = new ArrayBuffer(CHUNK_BYTES);
      this.at = 0;
    }
    const target = Buffer.from(this.chunk, this.at, size);
    this.at += size;
    if (size >= 16) target.set(new Uint8Array(bytes.buffer, bytes.byteOffset + from, size));
    else for (let i = 0; i < size; i++) target[i] = bytes[from + i]!;
    return target;
  }
}
