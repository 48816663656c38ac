// `fnv1a` and `fnv1a_random`: the hash of Sarama's default producer. @thread any
import { fnv1a as hash } from '../rd/fnv1a.ts';
import type { Partitioner } from './partitioner.ts';
import { random } from './random.ts';

/** fnv1a of no bytes: what no key hashes to. */
const EMPTY = 0x7ee3623b;

/** No key hashes like an empty one. Mirrors rd_kafka_msg_partitioner_fnv1a. */
export const fnv1a: Partitioner = (bytes, from, to, count) => (bytes === null ? EMPTY : hash(bytes, from, to)) % count;

/** No key is spread at random, an empty one is hashed. Mirrors rd_kafka_msg_partitioner_fnv1a_random. */
export const fnv1aRandom: Partitioner = (bytes, from, to, count, draw) =>
  bytes === null ? random(bytes, from, to, count, draw) : hash(bytes, from, to) % count;
