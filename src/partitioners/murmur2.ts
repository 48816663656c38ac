// `murmur2` and `murmur2_random`: the hash of Kafka's Java producer. @thread any
import { murmur2 as hash } from '../rd/murmur2.ts';
import type { Partitioner } from './partitioner.ts';
import { random } from './random.ts';

/** murmur2 of no bytes: what no key hashes to. */
const EMPTY = 0x106e08d9;

/** No key hashes like an empty one. Mirrors rd_kafka_msg_partitioner_murmur2. */
export const murmur2: Partitioner = (bytes, from, to, count) =>
  ((bytes === null ? EMPTY : hash(bytes, from, to)) & 0x7fffffff) % count;

/** No key is spread at random, an empty one is hashed. Mirrors rd_kafka_msg_partitioner_murmur2_random. */
export const murmur2Random: Partitioner = (bytes, from, to, count, draw) =>
  bytes === null ? random(bytes, from, to, count, draw) : (hash(bytes, from, to) & 0x7fffffff) % count;
