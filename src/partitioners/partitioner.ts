// What a built-in partitioner is; the same code runs in app and main.
// @thread any

/**
 * Picks one of `count` (at least 1) partitions for the key bytes[from, to), or for no key when `bytes` is null.
 * `random` gives [0, 1) and is called only if the choice is random. Pure and allocation-free; the key need not be a
 * view of its own. The caller has checked 0 <= from <= to <= bytes.length.
 */
export type Partitioner = (
  bytes: Uint8Array | null,
  from: number,
  to: number,
  count: number,
  random: () => number,
) => number;
