import { describe, expect, test } from 'vitest';
import { fnv1a } from '../../../src/rd/fnv1a.ts';
import { murmur2 } from '../../../src/rd/murmur2.ts';
import { Generator } from '../records/generator.ts';

// The vectors of librdkafka's own unit tests (rdmurmur2.c, rdfnv1a.c), as published: key, murmur2, fnv1a.
const VECTORS: readonly (readonly [string, number, number])[] = [
  ['kafka', 0xd067cf64, 0x0d33c4e1],
  ['giberish123456789', 0x8f552b0c, 0x77a58295],
  ['1234', 0x9fc97b14, 0x023bdd03],
  ['234', 0xe7c009ca, 0x2dea3cd2],
  ['34', 0x873930da, 0x740fa83e],
  ['4', 0x5a4b5ca1, 0x310ca263],
  ['PreAmbleWillBeRemoved,ThePrePartThatIs', 0x78424f1c, 0x65cbd69c],
  ['reAmbleWillBeRemoved,ThePrePartThatIs', 0x4a62b377, 0x6e49c79a],
  ['eAmbleWillBeRemoved,ThePrePartThatIs', 0xe0e4e09e, 0x69eed356],
  ['AmbleWillBeRemoved,ThePrePartThatIs', 0x62b8b43f, 0x6abcc023],
  ['', 0x106e08d9, 0x7ee3623b],
];

/** The key in the middle of other bytes. */
function within(key: Uint8Array): [Uint8Array, number, number] {
  const big = new Uint8Array(key.length + 20).fill(0xa5);
  big.set(key, 7);
  return [big, 7, 7 + key.length];
}

describe('murmur2', () => {
  test('equals Java on the known keys', () => {
    expect(VECTORS.map(([key]) => murmur2(Buffer.from(key)))).toEqual(VECTORS.map(([, hash]) => hash));
  });

  test('a part of a bigger array gives what the same bytes alone give', () => {
    const random = new Generator(9);
    const keys = Array.from({ length: 1000 }, () => random.bytes(50));

    expect(keys.map((key) => murmur2(...within(key)))).toEqual(keys.map((key) => murmur2(key)));
  });
});

describe('fnv1a', () => {
  test('equals Sarama on the known keys', () => {
    expect(VECTORS.map(([key]) => fnv1a(Buffer.from(key)))).toEqual(VECTORS.map(([, , hash]) => hash));
  });

  test('a part of a bigger array gives what the same bytes alone give', () => {
    expect(VECTORS.map(([key]) => fnv1a(...within(Buffer.from(key))))).toEqual(VECTORS.map(([, , hash]) => hash));
  });

  test('a hash of -2^31 stays 2^31', () => {
    // Looked for: the FNV-1a hash of these five bytes is 0x80000000.
    expect(fnv1a(Uint8Array.of(2, 87, 150, 223, 77))).toBe(0x80000000);
  });
});
