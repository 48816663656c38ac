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
