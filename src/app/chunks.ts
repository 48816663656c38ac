// Where consumed bytes are copied to: 64 KiB chunks, so that a message that is kept pins no more than one
// (memory.md, part 1, 10).
// @thread app

const CHUNK_BYTES = 65536;
/** Larger ones get memory of their own. */
const LARGEST = 16384;

export class Chunks {
  private chunk: Buffer;
  private at: number;

  constructor() {
    this.chunk = Buffer.alloc(0);
    this.at = 0;
  }

  /** A Buffer of its own with these bytes. */
  copy(bytes: Buffer, from: number, to: number): Buffer {
    const size = to - from;
    if (size > LARGEST)
      return Buffer.from(bytes.buffer.slice(bytes.byteOffset + from, bytes.byteOffset + to) as ArrayBuffer);
    if (this.at + size > this.chunk.length) {
      this.chunk = Buffer.from(new ArrayBuffer(CHUNK_BYTES));
      this.at = 0;
    }
    const { chunk, at } = this;
    this.at = at + size;
    if (size >= 16) bytes.copy(chunk, at, from, to);
    else for (let i = 0; i < size; i++) chunk[at + i] = bytes[from + i]!;
    return chunk.subarray(at, at + size);
  }
}
