// The outside of zstd's format: which frames lie in some bytes, whether they are complete, what they can hold.
// Decoders differ in what they say of cut or joined streams (Node 22's says nothing): so this is read first. @thread any

const MAGIC = 0xfd2fb528;
const SKIPPABLE = 0x184d2a50;
const LARGEST_BLOCK = 0x20000;
const DEFAULT_LEVEL = 3;
const HIGHEST_LEVEL = 22;
const CHECKSUM = 4;
const SINGLE_SEGMENT = 0x20;
const RESERVED = 8;
const DICTIONARY_SIZES: readonly number[] = [0, 1, 2, 4];

/** zstd's level for the property compression.level. */
export function zstdLevel(level: number): number {
  return level < 0 ? DEFAULT_LEVEL : Math.min(level, HIGHEST_LEVEL);
}

export interface ZstdFrames {
  /** Frames with content, and those to skip. */
  readonly frames: number;
  readonly skippable: number;
  /** At least as many bytes as they give together; exactly as many where `exact`. */
  readonly room: number;
  readonly exact: boolean;
}

/** Throws when `bytes` are no row of complete frames, or when their headers promise more than `limit` bytes. */
export function readFrames(bytes: Uint8Array, limit: number): ZstdFrames {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  let frames = 0;
  let skippable = 0;
  let room = 0;
  let exact = true;
  for (let at = 0; at < bytes.length; ) {
    need(view, at, 5, 'frame');
    const kind = view.getUint32(at, true) - SKIPPABLE;
    if (kind >= 0 && kind < 16) {
      need(view, at, 8, 'skippable frame');
      const size = view.getUint32(at + 4, true);
      need(view, at, 8 + size, 'skippable frame');
      at += 8 + size;
      skippable++;
      continue;
    }
    const header = readHeader(view, at, limit);
    const blocks = readBlocks(view, header.blocks, header.largestBlock);
    at = blocks.end + header.checksum;
    if (at > bytes.length) throw new Error('checksum: truncated');
    if (header.contentSize > blocks.room) {
      throw new Error(`content size: ${header.contentSize} bytes cannot come out of the blocks`);
    }
    frames++;
    if (header.contentSize < 0) exact = false;
    room += header.contentSize >= 0 ? header.contentSize : blocks.room;
  }
  if (frames === 0) throw new Error('no frame');
  if (exact && room > limit) throw new Error(`content size: ${room} bytes, above the limit of ${limit}`);
  return { frames, skippable, room, exact };
}

interface Header {
  /** Where the first block starts. */
  readonly blocks: number;
  /** -1: not said. */
  readonly contentSize: number;
  readonly largestBlock: number;
  /** Its size. */
  readonly checksum: number;
}

function readHeader(view: DataView, start: number, limit: number): Header {
  const magic = view.getUint32(start, true);
  if (magic !== MAGIC) throw new Error(`magic: 0x${magic.toString(16)}`);
  const flags = view.getUint8(start + 4);
  if ((flags & RESERVED) !== 0) throw new Error(`frame header: 0x${flags.toString(16)}`);
  const single = (flags & SINGLE_SEGMENT) !== 0;
  const sizeBytes = flags >>> 6 === 0 ? Number(single) : 2 ** (flags >>> 6);
  const sizeAt = start + 5 + Number(!single) + DICTIONARY_SIZES[flags & 3]!;
  need(view, sizeAt, sizeBytes, 'frame header');
  let contentSize = -1;
  if (sizeBytes === 1) contentSize = view.getUint8(sizeAt);
  else if (sizeBytes === 2) contentSize = view.getUint16(sizeAt, true) + 256;
  else if (sizeBytes === 4) contentSize = view.getUint32(sizeAt, true);
  else if (sizeBytes === 8) {
    contentSize = view.getUint32(sizeAt, true) + view.getUint32(sizeAt + 4, true) * 2 ** 32;
  }
  if (contentSize > limit) throw new Error(`content size: ${contentSize} bytes, above the limit of ${limit}`);
  const window = single ? contentSize : windowSize(view.getUint8(start + 5));
  const checksum = (flags & CHECKSUM) !== 0 ? 4 : 0;
  return { blocks: sizeAt + sizeBytes, contentSize, largestBlock: Math.min(window, LARGEST_BLOCK), checksum };
}

function windowSize(descriptor: number): number {
  const base = 2 ** (10 + (descriptor >>> 3));
  return base + (base / 8) * (descriptor & 7);
}

function readBlocks(view: DataView, start: number, largest: number): { end: number; room: number } {
  let at = start;
  let room = 0;
  for (;;) {
    need(view, at, 3, 'block header');
    const header = view.getUint16(at, true) + view.getUint8(at + 2) * 0x10000;
    const kind = (header >>> 1) & 3;
    const size = header >>> 3;
    if (kind === 3) throw new Error('block header: reserved type');
    if (size > largest) throw new Error(`block: ${size} bytes, more than ${largest}`);
    at += 3;
    // Raw, one byte repeated, compressed.
    need(view, at, kind === 1 ? 1 : size, 'block');
    at += kind === 1 ? 1 : size;
    room += kind === 2 ? largest : size;
    if ((header & 1) !== 0) return { end: at, room };
  }
}

function need(view: DataView, at: number, size: number, field: string): void {
  if (size > view.byteLength - at) throw new Error(`${field}: truncated`);
}
