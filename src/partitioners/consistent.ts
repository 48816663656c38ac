// `consistent` and `consistent_random` (the default): CRC-32 of the key. @thread any
import { crc32 } from '../rd/crc32.ts';
import type { Partitioner } from './partitioner.ts';
import { random } from './random.ts';

/** No key hashes like an empty one. Mirrors rd_kafka_msg_partitioner_consistent. */
export const consistent: Partitioner = (bytes, from, to, count) =>
  bytes === null ? 0 : crc32(bytes, from, to) % count;

/** No key and an empty one are spread at random. Mirrors rd_kafka_msg_partitioner_consistent_random. */
export const consistentRandom: Partitioner = (bytes, from, to, count, draw) =>
  bytes === null || from === to ? random(bytes, from, to, count, draw) : crc32(bytes, from, to) % count;
