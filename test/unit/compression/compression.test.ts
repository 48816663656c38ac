import { gunzipSync, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { gzip } from '../../../src/compression/gzip.ts';
import { codecBits, codecMissing, codecName, codecOf } from '../../../src/compression/registry.ts';
import { Generator } from '../records/generator.ts';

function shared(bytes: Uint8Array): Uint8Array {
  const view = new Uint8Array(new SharedArrayBuffer(bytes.length));
  view.set(bytes);
  return view;
}

describe('gzip', () => {
  test('pieces, also in shared memory, become one stream that gives them back in order', () => {
    const random = new Generator(13);
    const pieces = Array.from({ length: 16 }, () => shared(random.bytes(5000)));
    const all = Buffer.concat(pieces);

    const stream = gzip.compress(pieces, -1);

    expect(gunzipSync(stream).equals(all)).toBe(true);
    expect(all.equals(gzip.decompress(stream, all.length))).toBe(true);
  });

  test('every level that the property allows works, higher ones count as the highest', () => {
    const text = Buffer.from('kafka '.repeat(1000));

    const streams = [-1, 0, 1, 9, 10, 12].map((level) => gzip.compress([text], level));

    expect(streams.map((stream) => text.equals(gzip.decompress(stream, 6000)))).toEqual(streams.map(() => true));
    expect(streams[5]).toEqual(streams[3]);
    expect(streams[1]!.length).toBeGreaterThan(text.length);
  });

  test('exactly the limit is allowed, one byte less is not', () => {
    const stream = gzipSync(Buffer.alloc(100_000));

    expect(gzip.decompress(stream, 100_000).length).toBe(100_000);
    expect(() => gzip.decompress(stream, 99_999)).toThrow();
  });

  test('a bomb ends at the limit without being unfolded', () => {
    const bomb = gzipSync(Buffer.alloc(60_000_000));
    const before = process.memoryUsage().arrayBuffers;

    expect(() => gzip.decompress(bomb, 1_000_000)).toThrow();

    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
  });

  test('truncated, empty and random input throws', () => {
    const stream = gzipSync(Buffer.from('kafka'));
    const random = new Generator(14);
    const inputs = [...Array.from(stream, (_, size) => stream.subarray(0, size)), random.bytes(100)];

    for (const input of inputs) expect(() => gzip.decompress(input, 1000)).toThrow();
  });
});

describe('registry', () => {
  test('bits give names and names give bits', () => {
    expect([0, 1, 2, 3, 4].map(codecName)).toEqual(['none', 'gzip', 'snappy', 'lz4', 'zstd']);
    expect(['none', 'gzip', 'snappy', 'lz4', 'zstd', 'brotli'].map(codecBits)).toEqual([0, 1, 2, 3, 4, -1]);
  });

  test('only gzip is there, and the others say why not', () => {
    expect([0, 1, 2, 3, 4, 5, 7].map(codecOf)).toEqual([null, gzip, null, null, null, null, null]);
    expect(codecMissing(2)).toBe('snappy: comes with a later version');
    expect(codecMissing(6)).toBe('codec 6: unknown');
  });
});
