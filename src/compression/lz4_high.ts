// One LZ4 block, compressed with more work: chains of all earlier places with the same hash. @thread any
import { equalBytes, type Span } from './copies.ts';
import { LAST_LITERALS, LAST_MATCH, SHORTEST_MATCH, writeLast, writeSequence } from './lz4_block.ts';

const BLOCK = 0x10000;
const HASH_FACTOR = 0x9e3779b1 | 0;
const HASH_BITS = 15;

/** The places of a block by hash, newest first. */
export class Chains {
  /** Newest place of each hash, and of each place the one before it with the same hash; -1 is none. From the start. */
  private readonly heads = new Int32Array(1 << HASH_BITS);
  private readonly before = new Int32Array(BLOCK);
  private readonly depth: number;
  private from: Span | null = null;
  private start = 0;
  private matchEnd = 0;
  /** Places before this one are in the chains. */
  private next = 0;
  /** What `find` found. */
  distance = 0;

  /** `depth`: how many places are tried for each match. */
  constructor(depth: number) {
    this.depth = depth;
  }

  reset(from: Span, start: number, end: number): void {
    this.heads.fill(-1);
    this.from = from;
    this.start = start;
    this.next = start;
    this.matchEnd = end - LAST_LITERALS;
  }

  /**
   * The length of the longest match at `position` that is longer than `least`, or 0; `distance` says how far back.
   * Positions come in rising order.
   */
  find(position: number, least: number): number {
    const { view } = this.from!;
    const { before, start, matchEnd } = this;
    let best = Math.max(least, SHORTEST_MATCH - 1);
    let found = 0;
    let candidate = this.insert(position);
    if (position + best >= matchEnd) return 0;
    const head = view.getInt32(position, true);
    // Only what agrees on the bytes that would make it longer is worth a comparison.
    let tail = view.getInt32(position + best - 3, true);
    for (let tries = this.depth; candidate >= 0 && tries > 0; tries--) {
      const at = start + candidate;
      if (view.getInt32(at + best - 3, true) === tail && view.getInt32(at, true) === head) {
        const size = equalBytes(this.from!, position, at, matchEnd);
        if (size > best) {
          best = size;
          found = size;
          this.distance = position - at;
          if (position + size >= matchEnd) break;
          tail = view.getInt32(position + best - 3, true);
        }
      }
      candidate = before[candidate]!;
    }
    return found;
  }

  /** Puts all places up to `position` into the chains; gives the newest one with the hash of `position`. */
  private insert(position: number): number {
    const { view } = this.from!;
    const { heads, before, start } = this;
    for (let at = this.next; at < position; at++) {
      const hash = Math.imul(view.getInt32(at, true), HASH_FACTOR) >>> (32 - HASH_BITS);
      before[at - start] = heads[hash]!;
      heads[hash] = at - start;
    }
    this.next = position;
    return heads[Math.imul(view.getInt32(position, true), HASH_FACTOR) >>> (32 - HASH_BITS)]!;
  }
}

/** As compressBlock of lz4_block; each match gives way to a longer one that starts a byte later. */
export function compressBlockHigh(
  from: Span,
  start: number,
  end: number,
  to: Span,
  at: number,
  chains: Chains,
): number {
  const last = end - LAST_MATCH;
  let written = start;
  let position = start + 1;
  chains.reset(from, start, end);
  while (position < last) {
    let size = chains.find(position, 0);
    if (size === 0) {
      position++;
      continue;
    }
    let { distance } = chains;
    while (position + 1 < last) {
      const longer = chains.find(position + 1, size);
      if (longer === 0) break;
      position++;
      size = longer;
      distance = chains.distance;
    }
    at = writeSequence(from, written, position, to, at, distance, size);
    position += size;
    written = position;
  }
  return writeLast(from, written, end, to, at);
}
