// Writes Kafka's primitive types into memory that grows. A value that its type cannot hold is a RangeError.
// @thread any

const UUID = /^[A-Za-z0-9_-]{21}[AQgw]$/;
const MAX_BYTES = 0x7fff_ffff;

function refuse(value: unknown, type: string): never {
  const shown = typeof value === 'string' ? `'${value.slice(0, 40)}'` : String(value);
  throw new RangeError(`${shown} does not fit ${type}`);
}

/** A growing block of bytes with Kafka's verbs; `position` is where the next value goes. */
export class Writer {
  position: number = 0;
  private buffer: Buffer;

  /** @param size first capacity in bytes. */
  constructor(size: number = 256) {
    this.buffer = Buffer.allocUnsafeSlow(Math.max(size, 16));
  }

  /** What was written: a view, valid until the next write that grows or `reset`. */
  bytes(): Uint8Array {
    return new Uint8Array(this.buffer.buffer, this.buffer.byteOffset, this.position);
  }

  /** Begins anew in the same memory. */
  reset(): void {
    this.position = 0;
  }

  /** Makes room for `size` more bytes, moves over them and gives where they begin. */
  reserve(size: number): number {
    const at = this.position;
    const needed = at + size;
    if (needed > this.buffer.length) {
      if (needed > MAX_BYTES) throw new RangeError('a message beyond 2 GiB');
      const grown = Buffer.allocUnsafeSlow(Math.min(MAX_BYTES, Math.max(needed, this.buffer.length * 2)));
      grown.set(this.buffer.subarray(0, at));
      this.buffer = grown;
    }
    this.position = needed;
    return at;
  }

  int8(value: number): void {
    if (!(Number.isInteger(value) && value >= -0x80 && value <= 0x7f)) refuse(value, 'int8');
    this.byte(value);
  }

  bool(value: boolean): void {
    if (value !== true && value !== false) refuse(value, 'bool');
    this.byte(value ? 1 : 0);
  }

  int16(value: number): void {
    if (!(Number.isInteger(value) && value >= -0x8000 && value <= 0x7fff)) refuse(value, 'int16');
    this.put16(this.reserve(2), value);
  }

  uint16(value: number): void {
    if (!(Number.isInteger(value) && value >= 0 && value <= 0xffff)) refuse(value, 'uint16');
    this.put16(this.reserve(2), value);
  }

  int32(value: number): void {
    if ((value | 0) !== value) refuse(value, 'int32');
    this.put32(this.reserve(4), value);
  }

  uint32(value: number): void {
    if (value >>> 0 !== value) refuse(value, 'uint32');
    this.put32(this.reserve(4), value);
  }

  int64(value: number): void {
    if (!Number.isSafeInteger(value)) refuse(value, 'int64 (a number up to 2^53-1)');
    const at = this.reserve(8);
    this.put32(at, Math.floor(value / 0x1_0000_0000));
    this.put32(at + 4, value);
  }

  float64(value: number): void {
    if (typeof value !== 'number') refuse(value, 'float64');
    const at = this.reserve(8);
    this.buffer.writeDoubleBE(value, at);
  }

  unsignedVarint(value: number): void {
    if (value >>> 0 !== value) refuse(value, 'unsigned varint');
    this.varintBits(value);
  }

  /** Zigzag, 32 bits. */
  varint(value: number): void {
    if ((value | 0) !== value) refuse(value, 'varint');
    this.varintBits(((value << 1) ^ (value >> 31)) >>> 0);
  }

  /** Zigzag, 64 bits, for numbers up to 2^53-1. */
  varlong(value: number): void {
    if (!Number.isSafeInteger(value)) refuse(value, 'varlong');
    // Zigzag of 2^53-1 needs 54 bits, so the lowest 7 are taken off while the number is still exact.
    const half = value < 0 ? -(value + 1) : value;
    const low = ((half % 64) << 1) | (value < 0 ? 1 : 0);
    let rest = Math.floor(half / 64);
    this.byte(rest > 0 ? low | 0x80 : low);
    while (rest > 0) {
      const next = Math.floor(rest / 128);
      this.byte(next > 0 ? (rest % 128) | 0x80 : rest);
      rest = next;
    }
  }

  /** A string with a 2-byte length (at most 32767 bytes of UTF-8), or a compact one. */
  string(value: string, compact: boolean = false): void {
    if (typeof value !== 'string') refuse(value, 'string');
    const size = Buffer.byteLength(value);
    if (size > 0x7fff) throw new RangeError(`a string of ${size} bytes, 32767 at most`);
    if (compact) this.varintBits(size + 1);
    else this.int16(size);
    const at = this.reserve(size);
    this.buffer.write(value, at, 'utf8');
  }

  /** Any bytes in the place of a string. */
  stringBytes(value: Uint8Array, compact: boolean = false): void {
    if (!ArrayBuffer.isView(value) || !('subarray' in value)) refuse(value, 'bytes');
    if (value.length > 0x7fff) throw new RangeError(`a string of ${value.length} bytes, 32767 at most`);
    if (compact) this.varintBits(value.length + 1);
    else this.int16(value.length);
    this.raw(value);
  }

  nullableString(value: string | null, compact: boolean = false): void {
    if (value !== null) this.string(value, compact);
    else if (compact) this.varintBits(0);
    else this.int16(-1);
  }

  /** Bytes with a 4-byte length, or compact ones. */
  blob(value: Uint8Array, compact: boolean = false): void {
    if (!ArrayBuffer.isView(value) || !('subarray' in value)) refuse(value, 'bytes');
    if (compact) this.varintBits(value.length + 1);
    else this.int32(value.length);
    this.raw(value);
  }

  nullableBlob(value: Uint8Array | null, compact: boolean = false): void {
    if (value !== null) this.blob(value, compact);
    else if (compact) this.varintBits(0);
    else this.int32(-1);
  }

  /** Bytes as they are, without a length. */
  raw(value: Uint8Array): void {
    const at = this.reserve(value.length);
    this.buffer.set(value, at);
  }

  /** A uuid in the 22 characters Kafka prints. */
  uuid(value: string): void {
    if (typeof value !== 'string' || !UUID.test(value)) refuse(value, 'uuid (22 characters of base64url)');
    const at = this.reserve(16);
    this.buffer.write(value, at, 'base64url');
  }

  /** Number of elements of an array, -1 for null. */
  count(value: number, compact: boolean): void {
    if (compact) this.varintBits(value + 1);
    else this.int32(value);
  }

  /** Puts a 4-byte integer at a place that was reserved before. */
  int32At(at: number, value: number): void {
    this.put32(at, value);
  }

  /** Puts an unsigned varint with the size of what was written since `from` before it. */
  sizeBefore(from: number): void {
    const size = this.position - from;
    let width = 1;
    for (let rest = size >>> 7; rest > 0; rest >>>= 7) width++;
    this.reserve(width);
    this.buffer.copyWithin(from + width, from, from + size);
    this.position = from;
    this.varintBits(size);
    this.position = from + width + size;
  }

  private varintBits(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.byte((rest & 0x7f) | 0x80);
      rest >>>= 7;
    }
    this.byte(rest);
  }

  /** `reserve` may replace the buffer, so the place comes first, here and wherever bytes are put. */
  private byte(value: number): void {
    const at = this.reserve(1);
    this.buffer[at] = value;
  }

  private put16(at: number, value: number): void {
    this.buffer[at] = value >> 8;
    this.buffer[at + 1] = value;
  }

  private put32(at: number, value: number): void {
    const { buffer } = this;
    buffer[at] = value >>> 24;
    buffer[at + 1] = value >>> 16;
    buffer[at + 2] = value >>> 8;
    buffer[at + 3] = value;
  }
}
