import { describe, expect, test } from 'vitest';
import { CODECS, json, KINDS, SIZES, same, shared } from './kit.ts';

describe.each(CODECS)('%s', (_name, codec) => {
  test.each(Object.keys(KINDS))('gives back %s of every size, in one piece and in several, shared or not', (kind) => {
    const wrong: string[] = [];
    for (const size of SIZES) {
      const plain = KINDS[kind]!(size);
      const third = Math.ceil(size / 3);
      const cut = [plain.subarray(0, third), plain.subarray(third, 2 * third), plain.subarray(2 * third)];
      const inputs = { one: [plain], shared: [shared(plain)], several: cut, 'shared several': cut.map(shared) };
      for (const [name, pieces] of Object.entries(inputs)) {
        const back = codec.decompress(codec.compress(pieces, -1), size);
        if (!same(back, plain)) wrong.push(`${size} bytes, ${name}`);
      }
    }

    expect(wrong).toEqual([]);
  });

  test('every level gives back its input, a level above the highest is the highest', () => {
    const inputs = [json(70_000), KINDS['four values']!(70_000), KINDS['random']!(70_000), Buffer.alloc(70_000)];
    const levels = Array.from({ length: 14 }, (_, i) => i - 1);

    const wrong = inputs.flatMap((plain, i) =>
      levels
        .filter((level) => !same(codec.decompress(codec.compress([plain], level), plain.length), plain))
        .map((level) => `input ${i}, level ${level}`),
    );

    expect(wrong).toEqual([]);
    expect(same(codec.compress(inputs.slice(0, 1), 1000), codec.compress(inputs.slice(0, 1), 22))).toBe(true);
  });

  test('what is compressed is its own memory', () => {
    const plain = shared(json(5000));

    const stream = codec.compress([plain], -1);
    const before = Buffer.from(stream);
    plain.fill(0);

    expect(same(stream, before)).toBe(true);
  });

  test('no pieces are an empty stream', () => {
    expect(codec.decompress(codec.compress([], -1), 0).length).toBe(0);
  });

  test('exactly the limit is allowed, one byte less is not', () => {
    const plain = json(100_000);
    const stream = codec.compress([plain], -1);

    expect(codec.decompress(stream, 100_000).length).toBe(100_000);
    expect(() => codec.decompress(stream, 99_999)).toThrow();
    expect(() => codec.decompress(codec.compress([plain.subarray(0, 1)], -1), 0)).toThrow();
  });

  test('a stream may lie anywhere in its memory', () => {
    const plain = json(3000);
    const stream = codec.compress([plain], -1);
    const around = Buffer.concat([Buffer.from('before'), stream, Buffer.from('behind')]);

    expect(same(codec.decompress(around.subarray(6, 6 + stream.length), 3000), plain)).toBe(true);
  });
});
