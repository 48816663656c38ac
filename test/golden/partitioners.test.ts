// Where librdkafka puts random keys (scripts/vectors/sample_partitioners.mjs), and where we do.
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { partitionerOf } from '../../src/partitioners/registry.ts';

interface Placed {
  /** In hex. */
  readonly key: string;
  readonly count: number;
  readonly consistent: number;
  readonly murmur2: number;
  readonly fnv1a: number;
}

const PLACED: readonly Placed[] = readFileSync(
  new URL('./vectors/partitioners/librdkafka.jsonl', import.meta.url),
  'utf8',
)
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Placed);

const never = (): number => {
  throw new Error('chosen at random');
};

test.each(['consistent', 'murmur2', 'fnv1a'] as const)(
  '%s, and with _random, puts each key where librdkafka does',
  (name) => {
    expect(PLACED.length).toBe(400);
    for (const variant of [name, `${name}_random`]) {
      const partitioner = partitionerOf(variant)!;
      // Nothing but an empty key is random by consistent_random.
      const keys = PLACED.filter(({ key }) => key !== '' || variant !== 'consistent_random');

      const partitions = keys.map(({ key, count }) => {
        const bytes = Buffer.from(key, 'hex');
        return partitioner(bytes, 0, bytes.length, count, never);
      });

      expect(partitions).toEqual(keys.map((placed) => placed[name]));
    }
  },
);
