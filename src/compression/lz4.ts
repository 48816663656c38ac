// lz4: the frame format, read and written by us; blocks by lz4_block and lz4_high. @thread broker|main|mock
import { type Codec, joined, trimmed } from './codec.ts';
import { Span } from './copies.ts';
import { compressBlock, lz4Bound, lz4Table, uncompressBlock } from './lz4_block.ts';
import { Chains, compressBlockHigh } from './lz4_high.ts';
import { xxhash32 } from './xxhash32.ts';

const MAGIC = 0x184d2204;
const SKIPPABLE = 0x184d2a50;
/** Version 1, blocks that do not refer to one another; blocks of 64 KiB. Java's client reads no other kind of blocks. */
const FLAGS = 0x60;
const BLOCK_SIZE_CODE = 0x40;
const BLOCK_SIZE = 0x10000;
const HEADER_SIZE = 7;
const NOT_COMPRESSED = 0x80000000;
const MOST_PLACES = 128;
/** From this level on as liblz4 has it: chains; below it is the fast way. */
const FIRST_HIGH_LEVEL = 3;

interface Frame {
  /** Where its first block starts, and where it ends as a whole. */
  readonly blocks: number;
  readonly end: number;
  /** At least as many bytes as it gives: contentSize, or what its blocks can hold. */
  readonly room: number;
  readonly linked: boolean;
  readonly blockChecksums: boolean;
  readonly contentChecksum: boolean;
  /** -1: not said. */
  readonly contentSize: number;
  readonly blockSize: number;
}

/**
 * Level -1, 0, 1 and 2: the fast way. From 3 on the longest match is looked for among the 4 nearest places that begin
 * alike, twice as many with each level, and a match gives way to a longer one behind it. From 8 on it stays at 128
 * places: more gains nothing. (liblz4 gains another percent from 10 on, by looking further ahead at great cost.)
 */
export const lz4: Codec = {
  name: 'lz4',
  compress: (pieces, level) => compress(joined(pieces), level),
  decompress: (bytes, limit) => decompress(bytes, limit, false),
};

/**
 * lz4 of the message format v0: as lz4, but it also reads frames whose header checksum counts the magic number in, as
 * all clients and brokers before Kafka 0.10 wrote (KAFKA-3160). It writes right ones.
 */
export const lz4Old: Codec = { ...lz4, decompress: (bytes, limit) => decompress(bytes, limit, true) };

function compress(all: Uint8Array, level: number): Uint8Array {
  const blocks = Math.ceil(all.length / BLOCK_SIZE);
  const out = Buffer.allocUnsafeSlow(HEADER_SIZE + blocks * (4 + lz4Bound(BLOCK_SIZE)) + 4);
  const from = new Span(all);
  const to = new Span(out);
  const chains = level >= FIRST_HIGH_LEVEL ? new Chains(Math.min(2 ** (level - 1), MOST_PLACES)) : null;
  const table = chains === null ? lz4Table() : new Uint16Array(0);
  out.writeUInt32LE(MAGIC, 0);
  out[4] = FLAGS;
  out[5] = BLOCK_SIZE_CODE;
  out[6] = headerChecksum(out, 4, 6);
  let put = HEADER_SIZE;
  for (let start = 0; start < all.length; start += BLOCK_SIZE) {
    const end = Math.min(start + BLOCK_SIZE, all.length);
    const first = put + 4;
    let size =
      (chains === null
        ? compressBlock(from, start, end, to, first, table)
        : compressBlockHigh(from, start, end, to, first, chains)) - first;
    const shrunk = size < end - start;
    if (!shrunk) {
      size = end - start;
      out.set(all.subarray(start, end), first);
    }
    out.writeUInt32LE(shrunk ? size : size + NOT_COMPRESSED, put);
    put = first + size;
  }
  out.writeUInt32LE(0, put);
  return trimmed(out, put + 4);
}

function headerChecksum(bytes: Uint8Array, from: number, to: number): number {
  return (xxhash32(bytes, from, to) >>> 8) & 0xff;
}

function decompress(bytes: Uint8Array, limit: number, old: boolean): Uint8Array {
  const from = new Span(bytes);
  let room = 0;
  let frames = 0;
  for (let at = 0; at < bytes.length; ) {
    const frame = readFrame(from, at, limit, old);
    if (frame.blocks > 0) frames++;
    room += frame.room;
    at = frame.end;
  }
  if (frames === 0) throw new Error('no frame');
  const out = Buffer.allocUnsafeSlow(Math.min(room, limit));
  const to = new Span(out);
  let put = 0;
  for (let at = 0; at < bytes.length; ) {
    const frame = readFrame(from, at, limit, old);
    if (frame.blocks > 0) put = uncompressFrame(from, frame, to, put);
    at = frame.end;
  }
  return trimmed(out, put);
}

/** Checks the header and the frame's length; a skippable frame has blocks 0. */
function readFrame(from: Span, start: number, limit: number, old: boolean): Frame {
  const { bytes, view } = from;
  const magic = word(from, start, 'magic');
  if (magic - SKIPPABLE >= 0 && magic - SKIPPABLE < 16) {
    const end = start + 8 + word(from, start + 4, 'skippable frame');
    if (end > from.end) throw new Error('skippable frame: truncated');
    return {
      blocks: 0,
      end,
      room: 0,
      linked: false,
      blockChecksums: false,
      contentChecksum: false,
      contentSize: 0,
      blockSize: 0,
    };
  }
  if (magic !== MAGIC) throw new Error(`magic: 0x${magic.toString(16)}`);
  if (start + HEADER_SIZE > from.end) throw new Error('header: truncated');
  const flags = bytes[start + 4]!;
  const sizes = bytes[start + 5]!;
  if (flags >>> 6 !== 1 || (flags & 2) !== 0) throw new Error(`flags: 0x${flags.toString(16)}`);
  if ((sizes & 0x8f) !== 0 || sizes < BLOCK_SIZE_CODE) throw new Error(`block size: 0x${sizes.toString(16)}`);
  const hasSize = (flags & 8) !== 0;
  const checksumAt = start + 6 + (hasSize ? 8 : 0) + ((flags & 1) !== 0 ? 4 : 0);
  if (checksumAt >= from.end) throw new Error('header: truncated');
  const checksum = bytes[checksumAt]!;
  if (checksum !== headerChecksum(bytes, start + 4, checksumAt)) {
    if (!old || checksum !== headerChecksum(bytes, start, checksumAt)) throw new Error('header: wrong checksum');
  }
  let contentSize = -1;
  if (hasSize) {
    contentSize = view.getUint32(start + 6, true) + view.getUint32(start + 10, true) * 2 ** 32;
    if (contentSize > limit) throw new Error(`content size: ${contentSize} bytes, above the limit of ${limit}`);
  }
  const blockSize = 2 ** (8 + 2 * (sizes >>> 4));
  const frame = {
    blocks: checksumAt + 1,
    linked: (flags & 0x20) === 0,
    blockChecksums: (flags & 0x10) !== 0,
    contentChecksum: (flags & 4) !== 0,
    contentSize,
    blockSize,
  };
  return { ...frame, ...measure(from, frame) };
}

/** Walks the lengths of a frame's blocks. */
function measure(from: Span, frame: Omit<Frame, 'end' | 'room'>): { end: number; room: number } {
  const behind = frame.blockChecksums ? 4 : 0;
  let room = 0;
  let at = frame.blocks;
  for (;;) {
    const length = word(from, at, 'block size');
    at += 4;
    if (length === 0) break;
    const size = length % NOT_COMPRESSED;
    if (size > frame.blockSize) throw new Error(`block size: ${size} bytes, more than the frame's ${frame.blockSize}`);
    at += size + behind;
    if (at > from.end) throw new Error('block: truncated');
    room += length >= NOT_COMPRESSED ? size : Math.min(frame.blockSize, size * 255);
  }
  const end = at + (frame.contentChecksum ? 4 : 0);
  if (end > from.end) throw new Error('content checksum: truncated');
  if (frame.contentSize > room)
    throw new Error(`content size: ${frame.contentSize} bytes cannot come out of the blocks`);
  return { end, room: frame.contentSize >= 0 ? frame.contentSize : room };
}

function uncompressFrame(from: Span, frame: Frame, to: Span, start: number): number {
  const most = frame.contentSize >= 0 ? Math.min(start + frame.contentSize, to.end) : to.end;
  let put = start;
  let at = frame.blocks;
  for (;;) {
    const length = from.view.getUint32(at, true);
    at += 4;
    if (length === 0) break;
    const size = length % NOT_COMPRESSED;
    const last = at + size;
    if (frame.blockChecksums && xxhash32(from.bytes, at, last) !== from.view.getUint32(last, true)) {
      throw new Error('block: wrong checksum');
    }
    if (length >= NOT_COMPRESSED) {
      if (size > most - put) throw new Error('block: beyond the size or limit');
      to.bytes.set(from.bytes.subarray(at, last), put);
      put += size;
    } else {
      const end = Math.min(put + frame.blockSize, most);
      put = uncompressBlock(from, at, last, to, put, end, frame.linked ? start : put);
    }
    at = last + (frame.blockChecksums ? 4 : 0);
  }
  if (frame.contentSize >= 0 && put - start !== frame.contentSize) {
    throw new Error(`${put - start} bytes instead of ${frame.contentSize}`);
  }
  if (frame.contentChecksum && xxhash32(to.bytes, start, put) !== from.view.getUint32(at, true)) {
    throw new Error('content: wrong checksum');
  }
  return put;
}

function word(from: Span, at: number, field: string): number {
  if (at + 4 > from.end) throw new Error(`${field}: truncated`);
  return from.view.getUint32(at, true);
}
