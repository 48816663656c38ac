// The built-in partitioners by their name in the `partitioner` property. @thread any
import { consistent, consistentRandom } from './consistent.ts';
import { fnv1a, fnv1aRandom } from './fnv1a.ts';
import { murmur2, murmur2Random } from './murmur2.ts';
import type { Partitioner } from './partitioner.ts';
import { random } from './random.ts';

const PARTITIONERS: ReadonlyMap<string, Partitioner> = new Map([
  ['random', random],
  ['consistent', consistent],
  ['consistent_random', consistentRandom],
  ['murmur2', murmur2],
  ['murmur2_random', murmur2Random],
  ['fnv1a', fnv1a],
  ['fnv1a_random', fnv1aRandom],
]);

/** The partitioner of that name (case matters), or null if there is none. */
export function partitionerOf(name: string): Partitioner | null {
  return PARTITIONERS.get(name) ?? null;
}
