// What comes from the network may be anything: it ends in an error or in data within the limit, soon, in little memory.
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { gzip } from '../../../src/compression/gzip.ts';
import { lz4 } from '../../../src/compression/lz4.ts';
import { snappy } from '../../../src/compression/snappy.ts';
import { Generator } from '../records/generator.ts';
import { CODECS, flipped, int32, json, outcome, same } from './kit.ts';

const LIMIT = 20_000;
/** Of about 300 bytes when compressed: literals, short and long matches. */
const PLAIN = Buffer.concat([json(400), Buffer.alloc(600, 'ab'), json(500), new Generator(5).bytes(60)]);

describe.each(CODECS)('%s', (name, codec) => {
  const stream = codec.compress([PLAIN], -1);

  test('every single flipped bit ends in an error or in data within the limit', () => {
    const sizes = Array.from(
      { length: stream.length * 8 },
      (_, bit) => outcome(codec, flipped(stream, bit), LIMIT).length,
    );

    expect(stream.length).toBeGreaterThan(200);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(LIMIT);
  });

  test('every truncation is an error', () => {
    const kept = Array.from(stream, (_, size) => size).filter(
      (size) => typeof outcome(codec, stream.subarray(0, size), LIMIT) !== 'string',
    );

    expect(kept).toEqual([]);
  });

  test('bytes behind the stream are an error', () => {
    expect(() => codec.decompress(Buffer.concat([stream, Buffer.from('behind')]), LIMIT)).toThrow();
  });

  test('random bytes, bare and behind a good beginning, end in an error or in data within the limit', () => {
    const random = new Generator(17);
    const sizes: number[] = [];
    for (let round = 0; round < 3000; round++) {
      const good = stream.subarray(0, random.below(stream.length));
      const bytes = random.bytes(random.below(300));
      sizes.push(outcome(codec, bytes, LIMIT).length, outcome(codec, Buffer.concat([good, bytes]), LIMIT).length);
    }

    expect(Math.max(...sizes)).toBeLessThanOrEqual(LIMIT);
  });

  test('a broken stream leaves nothing behind: the next good one is read', () => {
    for (let bit = 0; bit < stream.length * 8; bit += 7) {
      outcome(codec, flipped(stream, bit), LIMIT);
      if (bit % 49 === 0 && !same(codec.decompress(stream, LIMIT), PLAIN)) throw new Error(`after bit ${bit}`);
    }

    expect(same(codec.decompress(stream, LIMIT), PLAIN)).toBe(true);
  });

  test('a bomb of 100 MB ends at the limit without being unfolded', () => {
    const input = bomb(name);
    const before = memory();

    expect(() => codec.decompress(input, 1_000_000)).toThrow();

    expect(input.length).toBeLessThan(6_000_000);
    expect(memory() - before).toBeLessThan(30_000_000);
  });
});

function memory(): number {
  const { arrayBuffers, external } = process.memoryUsage();
  return Math.max(arrayBuffers, external);
}

function bomb(name: string): Buffer {
  const zeros = (): Buffer[] => [Buffer.alloc(100_000_000)];
  if (name === 'gzip') return gzipSync(zeros()[0]!, { level: 1 });
  if (name === 'snappy') return Buffer.from(snappy.compress(zeros(), -1));
  if (name === 'lz4') return Buffer.from(lz4.compress(zeros(), -1));
  // A window of 1 MiB, no content size, 800 blocks of one repeated byte.
  const block = (last: number): Buffer => int32((0x20000 << 3) | 2 | last).subarray(0, 3);
  const blocks = Array.from({ length: 800 }, (_, i) => Buffer.concat([block(i === 799 ? 1 : 0), Buffer.from([7])]));
  return Buffer.concat([int32(0xfd2fb528), Buffer.from([0, 0x50]), ...blocks]);
}

describe('the length that a header promises', () => {
  const few = Buffer.alloc(40, 1);
  const promises = {
    gzip: [gzip, Buffer.concat([gzipSync('kafka').subarray(0, -4), int32(100_000_000)])],
    snappy: [snappy, Buffer.concat([Buffer.from([0x80, 0xc2, 0xd7, 0x2f]), few])],
    lz4: [lz4, Buffer.concat([Buffer.from('04224d18684000e1f505000000000d', 'hex'), few])],
    zstd: [
      CODECS[3]![1],
      Buffer.concat([int32(0xfd2fb528), Buffer.from([0xa0]), int32(100_000_000), int32(0x11), few]),
    ],
  } as const;

  test.each(Object.entries(promises))(
    '%s: memory for it is not taken before the input can hold it',
    (_name, [codec, bytes]) => {
      const before = memory();

      expect(() => codec.decompress(bytes, 200_000_000)).toThrow();

      expect(memory() - before).toBeLessThan(30_000_000);
    },
  );
});
