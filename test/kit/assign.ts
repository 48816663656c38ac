// Assigning without a group's help. @thread app
import { rd_kafka_assign, rd_kafka_err2name, type rd_kafka_t } from '../../src/rdkafka.ts';

/** Assigns all `partitions` partitions of a topic. */
export function assignAll(rk: rd_kafka_t, topic: string, partitions: number): void {
  const list = Array.from({ length: partitions }, (_, partition) => ({ topic, partition }));
  const err = rd_kafka_assign(rk, list);
  if (err !== 0) throw new Error(`assign: ${rd_kafka_err2name(err)}`);
}
