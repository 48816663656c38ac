// 0118: a commit in the revoke callback, behind the unassign, does not hang, nor keep the next assignment from being fetched.
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS,
  rd_kafka_assign,
  rd_kafka_commit,
  rd_kafka_consumer_close,
  rd_kafka_destroy,
  rd_kafka_incremental_assign,
  rd_kafka_incremental_unassign,
  rd_kafka_position,
  rd_kafka_rebalance_protocol,
} from '../../../src/rdkafka.ts';
import { aProducer } from '../builders.ts';
import { Member, pollAll, settle } from '../member.ts';
import { queueMessages } from '../reports.ts';
import { pollReports } from '../sending.ts';
import { freshTopic } from '../topics.ts';
import { busy } from './consumer_group.ts';
import type { Env } from './env.ts';

const COUNT = 250;

export async function commitBehindUnassign(t: TestContext, { bootstrap }: Env, strategy: string): Promise<void> {
  const topic = await freshTopic(bootstrap, 4);
  const config = {
    'bootstrap.servers': bootstrap,
    'group.id': topic,
    'auto.offset.reset': 'earliest',
    'enable.auto.commit': false,
    'partition.assignment.strategy': strategy,
    'heartbeat.interval.ms': 200,
    'session.timeout.ms': 30_000,
  };
  const codes: number[] = [];
  const make = (commits: boolean): Member =>
    new Member(t, config, {
      rebalance_cb: (rk, err, partitions) => {
        const assigns = err === RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS;
        if (!assigns) expect(rd_kafka_position(rk, partitions)).toBe(0);
        if (rd_kafka_rebalance_protocol(rk) !== 'COOPERATIVE') rd_kafka_assign(rk, assigns ? partitions : null);
        else if (assigns) rd_kafka_incremental_assign(rk, partitions);
        else rd_kafka_incremental_unassign(rk, partitions);
        if (assigns || !commits) return;
        // Time for the closing consumer to have left.
        busy(1000);
        codes.push(rd_kafka_commit(rk, partitions, false));
      },
    }).subscribe(topic);
  const [c1, c2] = [make(false), make(true)];
  settle([c1, c2], 4);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap });
  for (let partition = 0; partition < 4; partition++) queueMessages(p, topic, partition, 0, COUNT);
  pollReports(p.rk);
  pollAll([c1, c2], 'messages for both', () =>
    [c1, c2].every(({ got, assigned }) => got.length > 10 && assigned.length === 2),
  );

  expect(rd_kafka_consumer_close(c2.rk)).toBe(0);
  expect(codes.at(-1)).not.toBe(0);
  rd_kafka_destroy(c2.rk);
  const before = c1.got.length;
  pollAll([c1], 'what the other had', () => c1.assigned.length === 4 && c1.got.length > before);

  expect(rd_kafka_consumer_close(c1.rk)).toBe(0);
}
