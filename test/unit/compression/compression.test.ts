import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { gzip } from '../../../src/compression/gzip.ts';
import { lz4, lz4Old } from '../../../src/compression/lz4.ts';
import { codecBits, codecMissing, codecName, codecOf, oldCodecOf } from '../../../src/compression/registry.ts';
import { snappy } from '../../../src/compression/snappy.ts';
import { zstd } from '../../../src/compression/zstd.ts';
import { Generator } from '../records/generator.ts';
import { flipped } from './kit.ts';

describe('gzip', () => {
  test('every level that the property allows works, higher ones count as the highest', () => {
    const text = Buffer.from('kafka '.repeat(1000));

    const streams = [-1, 0, 1, 9, 10, 12].map((level) => gzip.compress([text], level));

    expect(streams.map((stream) => text.equals(gzip.decompress(stream, 6000)))).toEqual(streams.map(() => true));
    expect(streams[5]).toEqual(streams[3]);
    expect(streams[1]!.length).toBeGreaterThan(text.length);
  });

  test('members in a row are one stream, zeros behind them are none of it', () => {
    const member = gzipSync('kafka');
    const stream = Buffer.concat([member, member, Buffer.alloc(7)]);

    expect(Buffer.from(gzip.decompress(stream, 10)).toString()).toBe('kafkakafka');
    expect(() => gzip.decompress(stream, 9)).toThrow();
  });

  test('a flipped bit of the checksum or of the size is an error', () => {
    const stream = gzipSync('kafka'.repeat(100));
    const bits = Array.from({ length: 64 }, (_, i) => (stream.length - 8) * 8 + i);

    for (const bit of bits) expect(() => gzip.decompress(flipped(stream, bit), 1000)).toThrow();
  });

  test('what is decompressed fills memory of its own, which can be transferred as it is', () => {
    const out = gzip.decompress(gzipSync(Buffer.alloc(100_000, 'kafka')), 1_000_000);

    expect(out.buffer.byteLength).toBe(100_000);
  });

  test('truncated, empty and random input throws', () => {
    const stream = gzipSync('kafka');
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

  test('bits give codecs, and those that Kafka has not say so', () => {
    expect([0, 1, 2, 3, 4, 5, 7].map(codecOf)).toEqual([null, gzip, snappy, lz4, zstd, null, null]);
    expect([1, 2, 3, 4].map((bits) => codecOf(bits)?.name)).toEqual([1, 2, 3, 4].map(codecName));
    expect(codecMissing(6)).toBe('codec 6: unknown');
  });

  test('the oldest message format has a lz4 of its own', () => {
    expect([0, 1, 2, 3, 4, 5].map(oldCodecOf)).toEqual([null, gzip, snappy, lz4Old, zstd, null]);
  });
});
