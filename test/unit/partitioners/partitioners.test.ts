import { describe, expect, test } from 'vitest';
import { partitionerOf } from '../../../src/partitioners/registry.ts';
import { crc32 } from '../../../src/rd/crc32.ts';
import { fnv1a } from '../../../src/rd/fnv1a.ts';
import { murmur2 } from '../../../src/rd/murmur2.ts';
import { Generator } from '../records/generator.ts';

const NAMES = ['random', 'consistent', 'consistent_random', 'murmur2', 'murmur2_random', 'fnv1a', 'fnv1a_random'];
const HASHING = NAMES.slice(1);
const COUNT = 1000;
const KAFKA = Buffer.from('kafka');
const EMPTY = Buffer.alloc(0);

/** The partition of a key of its own array; `draw` answers the random choice. */
function pick(name: string, key: Uint8Array | null, draw: () => number, count = COUNT): number {
  return partitionerOf(name)!(key, 0, key === null ? 0 : key.length, count, draw);
}

function never(): number {
  throw new Error('chosen at random');
}

describe('by hash', () => {
  // Known hashes of "kafka" and of nothing, folded and cut down to partitions as librdkafka does.
  test.each([
    ['consistent', crc32(KAFKA) % COUNT],
    ['consistent_random', crc32(KAFKA) % COUNT],
    ['murmur2', (0xd067cf64 & 0x7fffffff) % COUNT],
    ['murmur2_random', (0xd067cf64 & 0x7fffffff) % COUNT],
    ['fnv1a', 0x0d33c4e1 % COUNT],
    ['fnv1a_random', 0x0d33c4e1 % COUNT],
  ])('%s gives a key its partition', (name, partition) => {
    expect(pick(name, KAFKA, never)).toBe(partition);
  });

  test.each([
    ['consistent', 0],
    ['murmur2', 0x106e08d9 % COUNT],
    ['fnv1a', 0x7ee3623b % COUNT],
  ])('%s treats no key as an empty one', (name, partition) => {
    expect([pick(name, null, never), pick(name, EMPTY, never)]).toEqual([partition, partition]);
  });

  test.each([
    ['murmur2_random', 0x106e08d9 % COUNT],
    ['fnv1a_random', 0x7ee3623b % COUNT],
  ])('%s hashes an empty key', (name, partition) => {
    expect(pick(name, EMPTY, never)).toBe(partition);
  });

  test.each(HASHING)('%s finds the same partition for a key inside a bigger array', (name) => {
    const random = new Generator(11);
    for (let i = 0; i < 300; i++) {
      const big = Uint8Array.from({ length: 200 }, () => random.below(256));
      const from = random.below(100);
      const to = from + 1 + random.below(99);

      const partition = partitionerOf(name)!(big, from, to, 37, never);

      expect(partition).toBe(pick(name, big.slice(from, to), never, 37));
    }
  });

  test('partitions are spread over the whole count, never outside', () => {
    const random = new Generator(12);
    for (const name of HASHING) {
      const seen = new Set<number>();
      for (let i = 0; i < 600; i++)
        seen.add(
          pick(
            name,
            Uint8Array.from({ length: 8 }, () => random.below(256)),
            never,
            7,
          ),
        );
      expect([...seen].sort()).toEqual([0, 1, 2, 3, 4, 5, 6]);
    }
  });

  test('hashes above 2^31 do not become negative partitions', () => {
    const key = Uint8Array.of(2, 87, 150, 223, 77);

    expect(pick('fnv1a', key, never)).toBe(fnv1a(key) % COUNT);
    expect(murmur2(KAFKA)).toBeGreaterThan(2 ** 31);
    expect(pick('murmur2', KAFKA, never)).toBeGreaterThanOrEqual(0);
  });
});

describe('at random', () => {
  test.each([
    ['random', KAFKA],
    ['random', null],
    ['consistent_random', null],
    ['consistent_random', EMPTY],
    ['murmur2_random', null],
    ['fnv1a_random', null],
  ])('%s with key %s takes the first, a middle and the last partition as drawn', (name, key) => {
    const draws = [0, 0.5, 1 - 2 ** -53];

    expect(draws.map((draw) => pick(name, key, () => draw, 10))).toEqual([0, 5, 9]);
  });
});

test('an unknown name, or one in other case, is no partitioner', () => {
  expect(['', 'Random', 'murmur3', 'toString'].map(partitionerOf)).toEqual([null, null, null, null]);
});

test('every documented name is there', () => {
  expect(NAMES.filter((name) => partitionerOf(name) === null)).toEqual([]);
});
