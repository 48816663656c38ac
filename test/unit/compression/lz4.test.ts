import { describe, expect, test } from 'vitest';
import { lz4, lz4Old } from '../../../src/compression/lz4.ts';
import { xxhash32 } from '../../../src/compression/xxhash32.ts';
import { flipped, int32, json, outcome, same } from './kit.ts';

const MAGIC = int32(0x184d2204);
const END = int32(0);
const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');
const text = (data: Uint8Array): string => Buffer.from(data).toString();
const hash = (data: Uint8Array): Buffer => int32(xxhash32(data, 0, data.length));

/** A frame header: flags and block size code, whatever goes between them and the checksum. */
function header(flags: number, sizes: number, ...extra: Buffer[]): Buffer {
  const descriptor = Buffer.concat([Buffer.from([flags, sizes]), ...extra]);
  return Buffer.concat([MAGIC, descriptor, hash(descriptor).subarray(1, 2)]);
}

/** A block that is not compressed. */
function plainBlock(content: string): Buffer {
  return Buffer.concat([int32(0x80000000 + content.length), Buffer.from(content)]);
}

function block(hex: string): Buffer {
  return Buffer.concat([int32(hex.length / 2), bytes(hex)]);
}

describe('xxhash32', () => {
  test('gives the known hashes', () => {
    const known = {
      '': 0x02cc5d05,
      a: 0x550d7456,
      abc: 0x32d153ff,
      'Nobody inspects the spammish repetition': 0xe2293b2f,
    };

    const found = Object.keys(known).map((key) => xxhash32(Buffer.from(key), 0, key.length));

    expect(found).toEqual(Object.values(known));
  });
});

describe('what is written', () => {
  test('is a frame of independent blocks of 64 KiB with the right header checksum', () => {
    const stream = Buffer.from(lz4.compress([Buffer.from('kafka')], -1));

    expect(stream.toString('hex')).toBe('04224d18604082050000806b61666b6100000000');
  });

  test('keeps a block that does not shrink as it is', () => {
    const random = Buffer.from(Array.from({ length: 200 }, (_, i) => (i * 151 + (i >> 3) * 89) & 0xff));

    expect(lz4.compress([random], -1).length).toBeLessThanOrEqual(200 + 7 + 4 + 4);
  });

  test('a higher level gives no more bytes', () => {
    const plain = json(300_000);
    const sizes = [0, 3, 6, 9, 12].map((level) => lz4.compress([plain], level).length);

    expect(sizes).toEqual([...sizes].sort((a, b) => b - a));
    expect(sizes[4]!).toBeLessThan(sizes[0]! * 0.9);
  });

  test('levels below 3 are the same', () => {
    const plain = json(3000);
    const streams = [-1, 0, 1, 2].map((level) => Buffer.from(lz4.compress([plain], level)).toString('hex'));

    expect(new Set(streams).size).toBe(1);
  });
});

describe('frames', () => {
  test('linked blocks reach into the blocks before, independent ones do not', () => {
    // A match of 4 at distance 5, then the literals "a!".
    const blocks = [plainBlock('kafka'), block('0005002061' + '21'), END];

    expect(text(lz4.decompress(Buffer.concat([header(0x40, 0x40), ...blocks]), 100))).toBe('kafkakafka!');
    expect(() => lz4.decompress(Buffer.concat([header(0x60, 0x40), ...blocks]), 100)).toThrow(/before the start/);
  });

  test('a dictionary id is read over', () => {
    const frame = Buffer.concat([header(0x61, 0x40, int32(7)), plainBlock('kafka'), END]);

    expect(text(lz4.decompress(frame, 100))).toBe('kafka');
  });

  test('frames in a row are one stream, skippable ones between them are none of it', () => {
    const frame = Buffer.concat([header(0x60, 0x40), plainBlock('kafka'), END]);
    const skip = Buffer.concat([int32(0x184d2a5f), int32(3), Buffer.from('abc')]);

    expect(text(lz4.decompress(Buffer.concat([skip, frame, skip, frame, skip]), 10))).toBe('kafkakafka');
    expect(() => lz4.decompress(Buffer.concat([frame, frame]), 9)).toThrow();
    expect(() => lz4.decompress(skip, 10)).toThrow('no frame');
  });

  test('the content size must be right', () => {
    const frame = (size: number): Buffer =>
      Buffer.concat([header(0x68, 0x40, int32(size), int32(0)), plainBlock('kafka'), END]);

    expect(text(lz4.decompress(frame(5), 100))).toBe('kafka');
    expect(() => lz4.decompress(frame(101), 100)).toThrow('content size: 101 bytes, above the limit of 100');
    expect(() => lz4.decompress(frame(6), 100)).toThrow('content size: 6 bytes cannot come out of the blocks');
    for (const size of [0, 4, 6, 1000]) expect(() => lz4.decompress(frame(size), 100)).toThrow();
  });

  test.each([
    ['another magic number', Buffer.concat([bytes('02214c18'), header(0x60, 0x40).subarray(4), END])],
    ['another version', Buffer.concat([header(0xa0, 0x40), END])],
    ['a reserved flag', Buffer.concat([header(0x62, 0x40), END])],
    ['a block size below 64 KiB', Buffer.concat([header(0x60, 0x30), END])],
    ['a reserved bit beside the block size', Buffer.concat([header(0x60, 0x41), END])],
    ['a block larger than the header says', Buffer.concat([header(0x60, 0x40), plainBlock('x'.repeat(65_537)), END])],
    ['no end mark', Buffer.concat([header(0x60, 0x40), plainBlock('kafka')])],
    ['a skippable frame cut short', Buffer.concat([int32(0x184d2a50), int32(4), Buffer.from('abc')])],
  ])('%s is an error', (_what, frame) => {
    expect(() => lz4.decompress(frame, 1_000_000)).toThrow();
  });
});

describe('blocks', () => {
  const read = (hex: string): string =>
    text(lz4.decompress(Buffer.concat([header(0x60, 0x40), block(hex), END]), 1000));

  test('a match may reach into what it writes', () => {
    expect(read('26' + '6162' + '0200' + '1021')).toBe('abababababab!');
  });

  test.each([
    ['literals beyond the block', '506b6166', 'literals: truncated'],
    ['a length beyond the block', 'f0ff', 'literals: truncated'],
    ['a match of distance 0', '106b00001021', 'match: from before the start'],
    ['a match from before the start', '106b02001021', 'match: from before the start'],
    ['a match without its distance', '106b01', 'match: truncated'],
    ['a match length beyond the block', '1f6b0100ff', 'match: truncated'],
    ['no literals behind the last match', '106b0100', 'no literals at the end'],
  ])('%s is an error', (_what, hex, message) => {
    expect(() => read(hex)).toThrow(message);
  });

  test('a block gives no more than the block size', () => {
    // A literal, a match of 65,536 at distance 1, no more literals.
    const long = `1f6b0100${'ff'.repeat(256)}ff00`;

    expect(() => lz4.decompress(Buffer.concat([header(0x60, 0x40), block(`${long}00`), END]), 1_000_000)).toThrow(
      'match: beyond the size',
    );
    expect(
      lz4.decompress(Buffer.concat([header(0x60, 0x50), block(`${long}00`), END]), 1_000_000).length,
    ).toBeGreaterThan(65_536);
  });
});

describe('checksums', () => {
  const content = Buffer.from('kafka');

  test('of the header: one that is wrong is an error', () => {
    const frame = Buffer.concat([header(0x60, 0x40), plainBlock('kafka'), END]);

    expect(() => lz4.decompress(flipped(frame, 6 * 8), 100)).toThrow('header: wrong checksum');
  });

  test('of a block: one that is wrong is an error', () => {
    const frame = (sum: Buffer): Buffer => Buffer.concat([header(0x70, 0x40), plainBlock('kafka'), sum, END]);

    expect(text(lz4.decompress(frame(hash(content)), 100))).toBe('kafka');
    expect(() => lz4.decompress(frame(int32(1)), 100)).toThrow('block: wrong checksum');
  });

  test('of the content: one that is wrong is an error', () => {
    const frame = (sum: Buffer): Buffer => Buffer.concat([header(0x64, 0x40), plainBlock('kafka'), END, sum]);

    expect(text(lz4.decompress(frame(hash(content)), 100))).toBe('kafka');
    expect(() => lz4.decompress(frame(int32(1)), 100)).toThrow('content: wrong checksum');
  });

  test('with one of the content every single flipped bit is an error or changes nothing', () => {
    const plain = json(900);
    const ours = Buffer.from(lz4.compress([plain], -1));
    const stream = Buffer.concat([header(0x64, 0x40), ours.subarray(7), hash(plain)]);

    const found = Array.from({ length: stream.length * 8 }, (_, bit) => outcome(lz4, flipped(stream, bit), 2000));
    const data = found.filter((one) => typeof one !== 'string');

    expect(same(lz4.decompress(stream, 2000), plain)).toBe(true);
    // The match length beside the last literals means nothing.
    expect(data.map((one) => same(one as Uint8Array, plain))).toEqual([true, true, true, true]);
  });
});

describe('lz4Old', () => {
  const rest = Buffer.concat([plainBlock('kafka'), END]);
  const old = Buffer.concat([MAGIC, bytes('6040')]);
  const wrong = Buffer.concat([old, hash(old).subarray(1, 2), rest]);
  const right = Buffer.concat([header(0x60, 0x40), rest]);

  test('reads both header checksums, lz4 only the right one', () => {
    expect(text(lz4Old.decompress(wrong, 100))).toBe('kafka');
    expect(text(lz4Old.decompress(right, 100))).toBe('kafka');
    expect(() => lz4.decompress(wrong, 100)).toThrow('header: wrong checksum');
  });

  test('reads no third one', () => {
    expect(() => lz4Old.decompress(flipped(right, 6 * 8), 100)).toThrow('header: wrong checksum');
  });

  test('writes the right one', () => {
    expect(same(lz4Old.compress([Buffer.from('kafka')], -1), lz4.compress([Buffer.from('kafka')], -1))).toBe(true);
  });
});
