// What the byte-wise codecs (snappy, lz4) have in common: copies inside and between arrays, and finding equal bytes.
// Callers have checked that what they copy lies within both spans. @thread any

/** Up to here a loop of four bytes a step beats what `set`, `copyWithin` and `fill` cost by being called. */
const LOOP = 64;

/** An array, and the same as a view, for reads and writes of four bytes at once (any alignment). */
export class Span {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly end: number;

  /** The first `end` of the bytes. */
  constructor(bytes: Uint8Array, end: number = bytes.length) {
    // Always the same class: code that meets both Buffer and Uint8Array is slower.
    this.bytes = new Uint8Array(bytes.buffer, bytes.byteOffset, end);
    this.view = new DataView(bytes.buffer, bytes.byteOffset, end);
    this.end = end;
  }
}

/** Copies `size` bytes between two spans that do not overlap. What lies behind them in `to` may change. */
export function copyLiterals(from: Span, at: number, to: Span, put: number, size: number): void {
  if (size <= LOOP && at + size + 4 <= from.end && put + size + 4 <= to.end) {
    // Up to three bytes too many: cheaper than finding out.
    for (let i = 0; i < size; i += 4) to.view.setInt32(put + i, from.view.getInt32(at + i, true), true);
    return;
  }
  if (size > LOOP) to.bytes.set(from.bytes.subarray(at, at + size), put);
  else for (let i = 0; i < size; i++) to.bytes[put + i] = from.bytes[at + i]!;
}

/**
 * A match: `size` bytes at `put` that repeat what lies `distance` (1 and more) before; it may overlap itself. What lies
 * behind them may change.
 */
export function copyMatch(to: Span, put: number, distance: number, size: number): void {
  if (size > LOOP) {
    copyLong(to.bytes, put, distance, size);
    return;
  }
  const from = put - distance;
  if (distance >= 4 && put + size + 4 <= to.end) {
    for (let i = 0; i < size; i += 4) to.view.setInt32(put + i, to.view.getInt32(from + i, true), true);
    return;
  }
  for (let i = 0; i < size; i++) to.bytes[put + i] = to.bytes[from + i]!;
}

function copyLong(bytes: Uint8Array, put: number, distance: number, size: number): void {
  const from = put - distance;
  const end = put + size;
  // What is there already grows by its own length, so that short distances take few steps.
  for (let at = put; at < end; ) {
    const step = Math.min(at - from, end - at);
    bytes.copyWithin(at, from, from + step);
    at += step;
  }
}

/** How many bytes from `a` on are those from `b` on (b < a), ending at `end`. */
export function equalBytes(span: Span, a: number, b: number, end: number): number {
  const { bytes, view } = span;
  let at = a;
  let other = b;
  while (at + 4 <= end) {
    const differ = view.getInt32(at, true) ^ view.getInt32(other, true);
    if (differ !== 0) return at - a + ((31 - Math.clz32(differ & -differ)) >>> 3);
    at += 4;
    other += 4;
  }
  while (at < end && bytes[at] === bytes[other]) {
    at++;
    other++;
  }
  return at - a;
}
