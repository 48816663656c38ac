// What a compression codec is: bytes in, bytes out, no state between calls. @thread broker|main|mock
import { copyPieces, sizeOf } from '../rd/shared_copy.ts';

export interface Codec {
  /** Kafka's name for it. */
  readonly name: string;
  /**
   * One compressed stream of all pieces in order, in memory of its own. `level` is the property compression.level:
   * -1 is the codec's default, a level above the codec's highest means its highest. Pieces may be views on shared
   * memory that nobody writes any more. Blocks while it works.
   */
  compress(pieces: readonly Uint8Array[], level: number): Uint8Array;
  /**
   * The decompressed bytes, at most `limit` of them, in memory of their own. Throws an Error when the input is no
   * valid stream of this codec or would grow beyond `limit`; never allocates much more than `limit`.
   */
  decompress(bytes: Uint8Array, limit: number): Uint8Array;
}

/** All pieces as one array: the only piece itself (no copy), else a copy. */
export function joined(pieces: readonly Uint8Array[]): Uint8Array {
  if (pieces.length === 1) return pieces[0]!;
  return copyPieces(Buffer.allocUnsafeSlow(sizeOf(pieces)), pieces);
}

/** The first `size` bytes of `out`: a view, or a copy where a view would keep more than twice as much alive. */
export function trimmed(out: Uint8Array, size: number): Uint8Array {
  return size * 2 >= out.length ? out.subarray(0, size) : Buffer.from(out.subarray(0, size));
}
