// 0029: where an assignment says that a partition begins, there it begins: by hand, and in rebalance_cb.
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_OFFSET_INVALID,
  RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS,
  type RebalanceCb,
  rd_kafka_assign,
  rd_kafka_consumer_close,
  rd_kafka_destroy,
  rd_kafka_subscribe,
} from '../../../src/rdkafka.ts';
import { aConsumer, aProducer, type Config } from '../builders.ts';
import { consumeMessages, consumeNothing } from '../consuming.ts';
import { MsgVer } from '../msgver.ts';
import { produceMessages } from '../reports.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const PARTITIONS = 4;
const COUNT = 100;
const HALF = COUNT / 2;

export async function assignedAtOffsets(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, PARTITIONS);
  const all = Array.from({ length: PARTITIONS }, (_, partition) => partition);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap });
  const id = produceMessages(p, topic, 0, 0, COUNT);
  for (const partition of all.slice(1)) produceMessages(p, topic, partition, 0, COUNT, { id });
  rd_kafka_destroy(p.rk);
  const config: Config = { 'bootstrap.servers': bootstrap, 'group.id': topic };
  const halves = (partitions: readonly number[]): MsgVer => {
    const ver = new MsgVer(id);
    for (const partition of partitions) ver.expect(partition, HALF, HALF);
    return ver;
  };

  const byHand = aConsumer(t, config);
  expect(
    rd_kafka_assign(
      byHand,
      all.map((partition) => ({ topic, partition, offset: HALF })),
    ),
  ).toBe(0);
  const first = halves(all);
  consumeMessages(byHand, first, PARTITIONS * HALF);
  first.verify('assigned by hand');
  expect(rd_kafka_consumer_close(byHand)).toBe(0);

  /** `offset` per partition; INVALID is the committed one, which by now is the end. */
  const inCallback = (offset: (partition: number) => number, expected: readonly number[]): void => {
    const rebalance_cb: RebalanceCb = (rk, err, partitions) => {
      for (const each of partitions.elems) each.offset = offset(each.partition);
      expect(rd_kafka_assign(rk, err === RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS ? partitions : null)).toBe(0);
    };
    const c = aConsumer(t, config, { rebalance_cb });
    expect(rd_kafka_subscribe(c, [topic])).toBe(0);
    const ver = halves(expected);
    consumeMessages(c, ver, expected.length * HALF);
    consumeNothing(c, 0);
    ver.verify('assigned in rebalance_cb');
    expect(rd_kafka_consumer_close(c)).toBe(0);
  };
  inCallback(() => HALF, all);
  inCallback((partition) => (partition < 2 ? HALF : RD_KAFKA_OFFSET_INVALID), [0, 1]);
}
