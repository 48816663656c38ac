import * as zlib from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { nativeZstd, zstd } from '../../../src/compression/zstd.ts';
import { readFrames } from '../../../src/compression/zstd_frame.ts';
import { zstdWasm } from '../../../src/compression/zstd_wasm.ts';
import { CODECS, flipped, int32, json, native, outcome, same } from './kit.ts';

const MAGIC = int32(0xfd2fb528);
const SKIP = Buffer.concat([int32(0x184d2a53), int32(3), Buffer.from('abc')]);
const raw = (content: string, last = true): Buffer =>
  Buffer.concat([int32((content.length << 3) | Number(last)).subarray(0, 3), Buffer.from(content)]);
/** A window of 1 MiB, no content size. */
const open = (...blocks: Buffer[]): Buffer => Buffer.concat([MAGIC, Buffer.from([0, 0x50]), ...blocks]);
/** One segment with a content size of one byte. */
const sized = (size: number, ...blocks: Buffer[]): Buffer =>
  Buffer.concat([MAGIC, Buffer.from([0x20, size]), ...blocks]);
const text = (bytes: Uint8Array | string): string => Buffer.from(bytes).toString();
const ways = CODECS.filter(([, codec]) => codec.name === 'zstd');

describe.each(ways)('%s', (_name, codec) => {
  test('what is written names its content size', () => {
    const { room, exact } = readFrames(codec.compress([json(5000)], -1), 5000);

    expect([room, exact]).toEqual([5000, true]);
  });

  test('a frame without content size is read', () => {
    expect(text(codec.decompress(open(raw('kaf', false), raw('ka')), 5))).toBe('kafka');
    expect(() => codec.decompress(open(raw('kaf', false), raw('ka')), 4)).toThrow();
  });

  test('frames in a row are one stream, skippable ones between them are none of it', () => {
    const frame = sized(5, raw('kafka'));

    expect(text(codec.decompress(Buffer.concat([SKIP, frame, SKIP, open(raw('!')), SKIP]), 6))).toBe('kafka!');
    expect(() => codec.decompress(Buffer.concat([frame, frame]), 9)).toThrow();
  });

  test('with a checksum every single flipped bit is an error or changes nothing', () => {
    // By zstd 1.5.4: printf '{"topic":"kafka","n":1}{"topic":"kafka","n":2}' | zstd -c
    const stream = Buffer.from(
      '28b52ffd242efd0000c87b22746f706963223a226b61666b61222c226e223a317d327d0100f59b4dcba697d7',
      'hex',
    );
    const plain = '{"topic":"kafka","n":1}{"topic":"kafka","n":2}';
    const found = Array.from({ length: stream.length * 8 }, (_, bit) => outcome(codec, flipped(stream, bit), 2000));
    const data = found.filter((one) => typeof one !== 'string').map(text);

    expect(text(codec.decompress(stream, 2000))).toBe(plain);
    // A few bits mean nothing, as the one that the header keeps for later.
    expect(new Set(data)).toEqual(new Set([plain]));
    expect(data.length).toBeLessThan(5);
  });

  test.each([
    ['another magic number', Buffer.concat([int32(0xfd2fb527), Buffer.from([0x20, 0]), raw('')])],
    ['a reserved bit', Buffer.concat([MAGIC, Buffer.from([0x28, 5]), raw('kafka')])],
    ['a content size that is too small', sized(4, raw('kafka'))],
    ['a content size that is too large', sized(6, raw('kafka'))],
    ['a block of the reserved type', open(int32(7 | (1 << 3)).subarray(0, 3), Buffer.from('x'))],
    ['a block larger than the window', Buffer.concat([MAGIC, Buffer.from([0, 0]), raw('x'.repeat(1025))])],
    ['no last block', open(raw('kafka', false))],
    ['a dictionary that is not there', Buffer.concat([MAGIC, Buffer.from([0x21, 9, 5]), raw('kafka')])],
    ['only a skippable frame', SKIP],
    ['a skippable frame cut short', SKIP.subarray(0, -1)],
    ['nothing at all', Buffer.alloc(0)],
  ])('%s is an error', (_what, stream) => {
    expect(() => codec.decompress(stream, 100_000)).toThrow();
  });

  test('a content size of up to 2^64 is not believed', () => {
    const stream = Buffer.concat([MAGIC, Buffer.from([0xe0]), Buffer.alloc(8, 0xff), raw('kafka')]);

    expect(() => codec.decompress(stream, 1000)).toThrow(/above the limit/);
  });
});

describe('readFrames', () => {
  test('no truncation is complete, also where the decoder would not mind', () => {
    const checked = Buffer.concat([MAGIC, Buffer.from([0x24, 5]), raw('kafka'), int32(0)]);
    const kept = Array.from(checked, (_, size) => size).filter((size) => {
      try {
        return readFrames(checked.subarray(0, size), 1000).frames > 0;
      } catch {
        return false;
      }
    });

    expect(readFrames(checked, 1000)).toEqual({ frames: 1, skippable: 0, room: 5, exact: true });
    expect(kept).toEqual([]);
  });

  test('a content size is not believed before the blocks can hold it', () => {
    expect(() => readFrames(sized(6, raw('kafka')), 1000)).toThrow(
      'content size: 6 bytes cannot come out of the blocks',
    );
    expect(() => readFrames(sized(101, raw('kafka')), 100)).toThrow('content size: 101 bytes, above the limit of 100');
  });

  test('without a content size there is room for the largest blocks', () => {
    const compressed = Buffer.concat([int32((3 << 3) | 4 | 1).subarray(0, 3), Buffer.from('abc')]);

    expect(readFrames(open(raw('kafka', false), compressed), 1_000_000)).toMatchObject({
      room: 5 + 0x20000,
      exact: false,
    });
  });
});

describe('which way', () => {
  test("Node's own where it has one", () => {
    expect(native === null).toBe(!('zstdCompressSync' in zlib));
    expect(nativeZstd({}, zstdWasm())).toBeNull();
  });

  test('both read what the other wrote', () => {
    const plain = json(200_000);

    for (const [, writer] of ways) {
      for (const [, reader] of ways)
        expect(same(reader.decompress(writer.compress([plain], 5), 200_000), plain)).toBe(true);
      expect(same(zstd.decompress(writer.compress([plain], 5), 200_000), plain)).toBe(true);
    }
  });
});

describe('by WebAssembly', () => {
  test('nothing is made before the first call', () => {
    expect(zstdWasm().heap()).toBe(0);
  });

  test('an instance that has grown large is not kept, and the next one works', () => {
    const codec = zstdWasm();
    const large = Buffer.alloc(40_000_000, 'kafka');

    const back = codec.decompress(codec.compress([large], 1), large.length);
    const kept = codec.heap();

    expect([back.length, kept]).toEqual([large.length, 0]);
    expect(text(codec.decompress(codec.compress([Buffer.from('kafka')], 1), 5))).toBe('kafka');
  });

  test('its memory does not grow with the number of calls, good or bad', () => {
    const codec = zstdWasm();
    const stream = codec.compress([json(100_000)], -1);
    codec.decompress(stream, 100_000);
    const before = codec.heap();

    for (let i = 0; i < 300; i++) {
      codec.decompress(stream, 100_000);
      outcome(codec, flipped(stream, 1000 + i), 100_000);
    }

    expect(codec.heap()).toBe(before);
    expect(before).toBeGreaterThan(0);
  });
});
