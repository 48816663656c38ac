// `random`: uniform over all partitions, whatever the key. @thread any
import type { Partitioner } from './partitioner.ts';

/** Mirrors rd_kafka_msg_partitioner_random but for its one redraw, which the caller makes: it knows the leaders. */
export const random: Partitioner = (_bytes, _from, _to, count, draw) => Math.floor(draw() * count);
