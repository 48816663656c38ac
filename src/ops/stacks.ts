// Intrusive stacks in shared memory: HEAD of a partition, ready tops, report tops (memory.md, part 1, 3).
// @thread any
//
// Push by compare-and-swap, taken only whole by exchange: hence no ABA, no size, no overflow. The link word of a node
// belongs to whoever holds the node.

/** An empty stack. */
export const EMPTY = -1;
/** HEAD of a topic's block once its waiting records went to their partitions: final, nobody exchanges it again. */
export const CLOSED = -2;

/**
 * False, and nothing written, when the stack reads CLOSED. `link` is the index of the node's own link word in
 * `linkWords`. @thread any
 */
export function push(words: Int32Array, top: number, node: number, linkWords: Int32Array, link: number): boolean {
  for (;;) {
    const head = Atomics.load(words, top);
    if (head === CLOSED) return false;
    Atomics.store(linkWords, link, head);
    if (Atomics.compareExchange(words, top, head, node) === head) return true;
  }
}

/** The newest node, or EMPTY; the caller follows the links and owns all of them. @thread any */
export function takeAll(words: Int32Array, top: number): number {
  return Atomics.exchange(words, top, EMPTY);
}
