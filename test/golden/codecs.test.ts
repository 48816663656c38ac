// Streams that other implementations wrote (vectors/codecs/make.sh): Kafka's Java client, the libraries it brings along,
// and the commands lz4, zstd and gzip.
import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { codecBits, codecOf, oldCodecOf } from '../../src/compression/registry.ts';
import { CODECS, outcome, same } from '../unit/compression/kit.ts';

interface Stream {
  codec: string;
  by: string;
  plain: 'small' | 'large';
  bytes: string;
}

const streams = readFileSync(new URL('./vectors/codecs/streams.jsonl', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .map((line) => JSON.parse(line) as Stream);

const PLAIN = { small: lines(12), large: lines(3000) };

function lines(count: number): Buffer {
  const all = Array.from({ length: count }, (_, i) => JSON.stringify({ offset: i, key: `k${i % 7}` }));
  return Buffer.from(all.join('\n'));
}

describe('streams of others', () => {
  test('are there for each codec', () => {
    expect(new Set(streams.map(({ codec }) => codec))).toEqual(new Set(['gzip', 'snappy', 'lz4', 'zstd']));
  });

  test.each(streams.map((stream) => [`${stream.codec}, ${stream.plain}: ${stream.by}`, stream] as const))(
    '%s',
    (_name, stream) => {
      const bytes = Buffer.from(stream.bytes, 'base64');
      const plain = PLAIN[stream.plain];
      const old = stream.by.includes('format v0');
      const bits = codecBits(stream.codec);
      const codecs = old
        ? [oldCodecOf(bits)!]
        : [
            codecOf(bits)!,
            oldCodecOf(bits)!,
            ...CODECS.filter(([name]) => name.startsWith(stream.codec)).map(([, codec]) => codec),
          ];

      for (const codec of codecs) {
        expect(same(codec.decompress(bytes, plain.length), plain)).toBe(true);
        expect(typeof outcome(codec, bytes, plain.length - 1)).toBe('string');
      }
      if (old) expect(outcome(codecOf(bits)!, bytes, plain.length)).toBe('header: wrong checksum');
    },
  );
});
