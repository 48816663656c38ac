// Reads Kafka's primitive types from bytes that came from the network: every read is checked against the end.
// @thread any

/** What the network sent is not what the protocol says. `field` is the path of the offending field ('' outside any). */
export class ProtocolError extends Error {
  /** Path inside the message, such as `topics[2].name`. */
  readonly field: string;
  /** What is wrong with it, without path. */
  readonly problem: string;

  /** @param what the message, such as `Metadata response v9`; '' while the error is still on its way up. */
  constructor(problem: string, field: string = '', what: string = '') {
    super([what, field, problem].filter((part) => part !== '').join(': '));
    this.name = 'ProtocolError';
    this.field = field;
    this.problem = problem;
  }

  /** The same error one level up: `segment` is a field's name or an array index. */
  within(segment: string | number): ProtocolError {
    const own = typeof segment === 'number' ? `[${segment}]` : segment;
    const path = this.field === '' || this.field.startsWith('[') ? own + this.field : `${own}.${this.field}`;
    return new ProtocolError(this.problem, path);
  }

  /** The finished error, with the message's name in its text. */
  of(what: string): ProtocolError {
    return new ProtocolError(this.problem, this.field, what);
  }
}

/** 16 zero bytes as Kafka prints a uuid: no topic id. */
export const ZERO_UUID = 'AAAAAAAAAAAAAAAAAAAAAA';

/**
 * A cursor over `bytes` from `from` to `to`. Each verb moves `position` and throws ProtocolError instead of reading
 * past `end`. Strings are copied out; `bytes` and `records` are views of the input.
 */
export class Reader {
  position: number;
  end: number;
  readonly source: Uint8Array;
  private readonly buffer: Buffer;

  constructor(bytes: Uint8Array, from: number = 0, to: number = bytes.length) {
    if (!(from >= 0 && from <= to && to <= bytes.length))
      throw new RangeError(`${from}..${to} of ${bytes.length} bytes`);
    this.source = bytes;
    this.buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    this.position = from;
    this.end = to;
  }

  /** Bytes not read yet. */
  get left(): number {
    return this.end - this.position;
  }

  /** Moves over `size` bytes and gives where they begin. */
  skip(size: number): number {
    const at = this.position;
    if (size > this.end - at) throw new ProtocolError(`needs ${size} bytes, ${this.end - at} left`);
    this.position = at + size;
    return at;
  }

  int8(): number {
    return (this.source[this.skip(1)]! << 24) >> 24;
  }

  /** One byte; anything but 0 is true. */
  bool(): boolean {
    return this.source[this.skip(1)] !== 0;
  }

  int16(): number {
    const at = this.skip(2);
    return ((this.source[at]! << 24) >> 16) | this.source[at + 1]!;
  }

  uint16(): number {
    const at = this.skip(2);
    return (this.source[at]! << 8) | this.source[at + 1]!;
  }

  int32(): number {
    const at = this.skip(4);
    const { source } = this;
    return (source[at]! << 24) | (source[at + 1]! << 16) | (source[at + 2]! << 8) | source[at + 3]!;
  }

  uint32(): number {
    return this.int32() >>> 0;
  }

  /** A 64-bit integer as a number; one beyond 2^53-1 is a ProtocolError, for it would lose digits. */
  int64(): number {
    const high = this.int32();
    const value = high * 0x1_0000_0000 + this.uint32();
    if (!Number.isSafeInteger(value)) throw new ProtocolError('a 64-bit value beyond 2^53-1');
    return value;
  }

  float64(): number {
    return this.buffer.readDoubleBE(this.skip(8));
  }

  /** Up to 5 bytes, 32 bits. */
  unsignedVarint(): number {
    const { source } = this;
    let value = 0;
    for (let i = 0; i < 5; i++) {
      const byte = source[this.skip(1)]!;
      if (i === 4 && byte > 0x0f) throw new ProtocolError('a varint of more than 32 bits');
      value |= (byte & 0x7f) << (7 * i);
      if (byte < 0x80) break;
    }
    return value >>> 0;
  }

  /** A zigzag varint of up to 5 bytes. */
  varint(): number {
    const raw = this.unsignedVarint();
    return (raw >>> 1) ^ -(raw & 1);
  }

  /** A zigzag varint of up to 10 bytes; a value beyond 2^53-1 is a ProtocolError. */
  varlong(): number {
    let low = 0; // 28 bits
    let high = 0; // 36 bits
    for (let i = 0; ; i++) {
      const byte = this.source[this.skip(1)]!;
      if (i === 9 && byte > 1) throw new ProtocolError('a varlong of more than 64 bits');
      if (i < 4) low |= (byte & 0x7f) << (7 * i);
      else high += (byte & 0x7f) * 2 ** (7 * (i - 4));
      if (byte < 0x80) break;
    }
    const half = high * 0x800_0000 + (low >>> 1);
    const value = (low & 1) === 0 ? half : -half - 1;
    if (!Number.isSafeInteger(value)) throw new ProtocolError('a 64-bit value beyond 2^53-1');
    return value;
  }

  /** Length of a string or bytes: -1 is null. `compact` lengths are unsigned varints of length + 1. */
  private length(compact: boolean, wide: boolean): number {
    const size = compact ? this.unsignedVarint() - 1 : wide ? this.int32() : this.int16();
    if (size > this.end - this.position) {
      throw new ProtocolError(`length ${size} exceeds the ${this.end - this.position} bytes left`);
    }
    if (size < -1 || (!wide && size > 0x7fff)) throw new ProtocolError(`length ${size}`);
    return size;
  }

  /** A string with a 2-byte length, or a compact one. Null is a ProtocolError. */
  string(compact: boolean = false): string {
    const value = this.nullableString(compact);
    if (value === null) throw new ProtocolError('null where a string is required');
    return value;
  }

  nullableString(compact: boolean = false): string | null {
    const size = this.length(compact, false);
    if (size < 0) return null;
    const at = this.skip(size);
    return this.buffer.toString('utf8', at, at + size);
  }

  /** The bytes of a string, whatever they are: a view of the input. Null is a ProtocolError. */
  stringBytes(compact: boolean = false): Uint8Array {
    const value = this.nullableStringBytes(compact);
    if (value === null) throw new ProtocolError('null where a string is required');
    return value;
  }

  nullableStringBytes(compact: boolean = false): Uint8Array | null {
    const size = this.length(compact, false);
    if (size < 0) return null;
    const at = this.skip(size);
    return this.source.subarray(at, at + size);
  }

  /** Bytes with a 4-byte length, or compact ones: a view of the input. Null is a ProtocolError. */
  bytes(compact: boolean = false): Uint8Array {
    const value = this.nullableBytes(compact);
    if (value === null) throw new ProtocolError('null where bytes are required');
    return value;
  }

  nullableBytes(compact: boolean = false): Uint8Array | null {
    const size = this.length(compact, true);
    if (size < 0) return null;
    const at = this.skip(size);
    return this.source.subarray(at, at + size);
  }

  /** The 22 characters Kafka prints for a uuid. */
  uuid(): string {
    const at = this.skip(16);
    return this.buffer.toString('base64url', at, at + 16);
  }

  /**
   * The number of elements of an array, -1 for null; refused when `minSize` bytes for each cannot be there, so that a
   * count never makes anyone allocate for elements that did not come.
   */
  count(compact: boolean, minSize: number): number {
    const count = compact ? this.unsignedVarint() - 1 : this.int32();
    if (count < -1) throw new ProtocolError(`count ${count}`);
    if (count * Math.max(minSize, 1) > this.end - this.position) {
      throw new ProtocolError(
        `${count} elements of at least ${Math.max(minSize, 1)} bytes exceed the ${this.left} bytes left`,
      );
    }
    return count;
  }
}
