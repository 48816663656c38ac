// Lines out of pieces of bytes. @thread any

const NEWLINE = 10;

/** Keeps what has come and was not taken; each byte is looked at once. */
export class Lines {
  /** Pieces of a line that has no end yet. */
  private begun: Uint8Array[];
  private piece: Uint8Array;
  private from: number;

  constructor() {
    this.begun = [];
    this.piece = new Uint8Array(0);
    this.from = 0;
  }

  /** Only after `take` has given null. */
  add(piece: Uint8Array): void {
    this.piece = piece;
    this.from = 0;
  }

  /** The next whole line without its newline; null: more is needed. */
  take(): string | null {
    const end = this.piece.indexOf(NEWLINE, this.from);
    const part = this.piece.subarray(this.from, end < 0 ? undefined : end);
    if (end < 0) {
      if (part.length > 0) this.begun.push(part);
      this.piece = part.subarray(part.length);
      this.from = 0;
      return null;
    }
    this.from = end + 1;
    return this.join(part);
  }

  /** What is left at the end: a line without a newline; null for nothing. */
  rest(): string | null {
    return this.begun.length === 0 ? null : this.join(this.piece.subarray(this.from));
  }

  private join(last: Uint8Array): string {
    const line = this.begun.length === 0 ? last : Buffer.concat([...this.begun, last]);
    this.begun = [];
    return Buffer.from(line.buffer, line.byteOffset, line.byteLength).toString();
  }
}
