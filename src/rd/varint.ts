// Zigzag and unsigned varints, 32 bits and 64, without BigInt. Knows no Kafka; reads are bounded and never throw.
// @thread any

/**
 * Where a read stands. A read that fails (bytes run out, or the value does not fit) sets `at` to -1 and gives 0;
 * so does every later read, so a caller may check after each field or once at the end.
 */
export interface VarintCursor {
  at: number;
}

/** Bytes that writeUnsignedVarint needs for a value of 0 to 2^32 - 1: 1 to 5. */
export function unsignedVarintSize(value: number): number {
  const bits = value >>> 0;
  if (bits < 0x80) return 1;
  if (bits < 0x4000) return 2;
  if (bits < 0x200000) return 3;
  return bits < 0x10000000 ? 4 : 5;
}

/** Writes 0 to 2^32 - 1 at `at`, 1 to 5 bytes; gives the position behind it. The caller has made sure of the room. */
export function writeUnsignedVarint(u8: Uint8Array, at: number, value: number): number {
  let bits = value >>> 0;
  let to = at;
  while (bits > 0x7f) {
    u8[to++] = (bits & 0x7f) | 0x80;
    bits >>>= 7;
  }
  u8[to++] = bits;
  return to;
}

/** Reads 0 to 2^32 - 1 at `cursor.at`, never at or behind `end`. */
export function readUnsignedVarint(u8: Uint8Array, cursor: VarintCursor, end: number): number {
  let at = cursor.at;
  let value = 0;
  if (at < 0) return 0;
  for (let shift = 0; shift < 35 && at < end; shift += 7) {
    const byte = u8[at++]!;
    if (shift === 28 && byte > 0x0f) break;
    value |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      cursor.at = at;
      return value >>> 0;
    }
  }
  cursor.at = -1;
  return 0;
}

/** Bytes that writeVarint needs for an int32: 1 to 5. */
export function varintSize(value: number): number {
  return unsignedVarintSize((value << 1) ^ (value >> 31));
}

/** Writes an int32 as zigzag varint at `at`; gives the position behind it. */
export function writeVarint(u8: Uint8Array, at: number, value: number): number {
  let bits = ((value << 1) ^ (value >> 31)) >>> 0;
  let to = at;
  while (bits > 0x7f) {
    u8[to++] = (bits & 0x7f) | 0x80;
    bits >>>= 7;
  }
  u8[to++] = bits;
  return to;
}

/** Reads a zigzag varint that fits an int32, at most 5 bytes. One and two bytes, nearly all there are, go straight. */
export function readVarint(u8: Uint8Array, cursor: VarintCursor, end: number): number {
  const at = cursor.at;
  if (at >= 0 && at < end) {
    const first = u8[at]!;
    if (first < 0x80) {
      cursor.at = at + 1;
      return (first >>> 1) ^ -(first & 1);
    }
    const second = at + 1 < end ? u8[at + 1]! : 0x80;
    if (second < 0x80) {
      cursor.at = at + 2;
      const bits = (first & 0x7f) | (second << 7);
      return (bits >>> 1) ^ -(bits & 1);
    }
  }
  return readLongVarint(u8, cursor, end);
}

function readLongVarint(u8: Uint8Array, cursor: VarintCursor, end: number): number {
  const bits = readUnsignedVarint(u8, cursor, end);
  return (bits >>> 1) ^ -(bits & 1);
}

/** Bytes that writeVarlong needs for an integer of -2^53 to 2^53: 1 to 8. */
export function varlongSize(value: number): number {
  if ((value | 0) === value) return varintSize(value);
  let rest = value < 0 ? -1 - value : value;
  let size = 1;
  // Zigzag leaves 6 bits for the first byte, 7 for each further one.
  for (rest = Math.floor(rest / 0x40); rest > 0; rest = Math.floor(rest / 0x80)) size++;
  return size;
}

/** Writes an integer of -2^53 to 2^53 as 64-bit zigzag varint, 1 to 8 bytes; gives the position behind it. */
export function writeVarlong(u8: Uint8Array, at: number, value: number): number {
  return (value | 0) === value ? writeVarint(u8, at, value) : writeWideVarlong(u8, at, value);
}

/** In two halves, because zigzag doubles the value and 2^54 - 1 is no double. */
function writeWideVarlong(u8: Uint8Array, at: number, value: number): number {
  const sign = value < 0 ? 1 : 0;
  const plain = sign === 1 ? -1 - value : value;
  const plainLow = plain >>> 0;
  const plainHigh = (plain - plainLow) / 0x100000000;
  let low = ((plainLow << 1) | sign) >>> 0;
  let high = ((plainHigh << 1) | (plainLow >>> 31)) >>> 0;
  let to = at;
  while (high > 0 || low > 0x7f) {
    u8[to++] = (low & 0x7f) | 0x80;
    low = ((low >>> 7) | (high << 25)) >>> 0;
    high >>>= 7;
  }
  u8[to++] = low;
  return to;
}

/**
 * Reads a 64-bit zigzag varint, at most 10 bytes. A well-formed value beyond +-(2^53 - 1) gives NaN, which stays NaN in
 * sums: the caller says "not available" instead of a wrong number.
 */
export function readVarlong(u8: Uint8Array, cursor: VarintCursor, end: number): number {
  const at = cursor.at;
  if (at >= 0 && at < end) {
    const byte = u8[at]!;
    if (byte < 0x80) {
      cursor.at = at + 1;
      return (byte >>> 1) ^ -(byte & 1);
    }
  }
  return readWideVarlong(u8, cursor, end);
}

function readWideVarlong(u8: Uint8Array, cursor: VarintCursor, end: number): number {
  let at = cursor.at;
  let low = 0;
  let high = 0;
  if (at < 0) return 0;
  for (let shift = 0; shift < 70 && at < end; shift += 7) {
    const byte = u8[at++]!;
    const bits = byte & 0x7f;
    if (shift === 63 && byte > 1) break;
    if (shift < 32) low |= bits << shift;
    if (shift === 28) high = bits >>> 4;
    else if (shift > 31) high |= bits << (shift - 32);
    if (byte < 0x80) {
      cursor.at = at;
      return fromZigzag(low >>> 0, high >>> 0);
    }
  }
  cursor.at = -1;
  return 0;
}

function fromZigzag(low: number, high: number): number {
  const plain = (high >>> 1) * 0x100000000 + (((low >>> 1) | (high << 31)) >>> 0);
  const value = (low & 1) === 0 ? plain : -1 - plain;
  return Number.isSafeInteger(value) ? value : Number.NaN;
}
