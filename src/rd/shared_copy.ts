// Copying bytes into or out of shared memory, where V8's `set` is slow. @thread any

/** From here on `set` beats a loop. */
const WORTH_A_SET = 16;
/** From here on `fill` beats `set` in shared memory (bench/micro/shared_copy.mjs). */
const WORTH_A_FILL = 176;
/** Taken once: looking `set` up on a Buffer goes through its prototypes each time. */
const set: typeof Uint8Array.prototype.set = Uint8Array.prototype.set;

/**
 * Copies all of `from` to to[at ...]; the caller has made sure of the room. The two must not overlap.
 *
 * When either side is shared, V8's `set` (and Buffer's copy, and copyWithin) goes byte by byte unless both sides happen
 * to have the same alignment: 0.3 ns a byte, ten times the price of a plain copy. Buffer's fill of exactly one length
 * is a memcpy behind a fixed price.
 */
export function copyShared(to: Buffer, at: number, from: Uint8Array): void {
  const size = from.length;
  if (size >= WORTH_A_FILL) to.fill(from, at, at + size);
  else if (size >= WORTH_A_SET) set.call(to, from, at);
  else for (let i = 0; i < size; i++) to[at + i] = from[i]!;
}

/** Bytes of all pieces. */
export function sizeOf(pieces: readonly Uint8Array[]): number {
  let size = 0;
  for (let i = 0; i < pieces.length; i++) size += pieces[i]!.length;
  return size;
}

/** Copies all pieces, one behind the other, to the beginning of `to`, which has the room; gives it. */
export function copyPieces(to: Buffer, pieces: readonly Uint8Array[]): Buffer {
  let at = 0;
  for (let i = 0; i < pieces.length; i++) {
    copyShared(to, at, pieces[i]!);
    at += pieces[i]!.length;
  }
  return to;
}
