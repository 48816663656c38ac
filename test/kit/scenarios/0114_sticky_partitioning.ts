// 0114: messages without key stay on one partition for sticky.partitioning.linger.ms.
import { expect, type TestContext } from 'vitest';
import { RD_KAFKA_PARTITION_UA, rd_kafka_poll } from '../../../src/rdkafka.ts';
import { aProducer, type TestProducer } from '../builders.ts';
import { pollUntil } from '../consuming.ts';
import { readTopic } from '../read_topic.ts';
import { produceMessages, queueMessages } from '../reports.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const PARTITIONS = 3;
const ROUND = 100;

/** A producer to which the topic is known already. */
async function sticky(t: TestContext, bootstrap: string, ms: number): Promise<{ p: TestProducer; topic: string }> {
  const topic = await freshTopic(bootstrap, PARTITIONS);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap, 'sticky.partitioning.linger.ms': ms });
  produceMessages(p, topic, 0, 0, 1);
  p.reports.all.length = 0;
  return { p, topic };
}

function partitions({ reports }: TestProducer): number[] {
  return [...new Set(reports.all.map(({ partition }) => partition))];
}

/** 400 messages in rounds, within the time. */
export async function longStays(t: TestContext, { bootstrap }: Env): Promise<void> {
  const { p, topic } = await sticky(t, bootstrap, 600_000);

  for (let round = 0; round < 4; round++) produceMessages(p, topic, RD_KAFKA_PARTITION_UA, round * ROUND, ROUND);

  expect(partitions(p).length).toBe(1);
  const { records } = await readTopic(bootstrap, topic);
  expect(records.filter(({ partition }) => partition === partitions(p)[0]).length).toBeGreaterThanOrEqual(4 * ROUND);
}

/** After the time another partition is chosen, at random, so not always another. */
export async function shortMoves(t: TestContext, { bootstrap }: Env): Promise<void> {
  const { p, topic } = await sticky(t, bootstrap, 1);
  let round = 0;

  pollUntil(
    'messages in all partitions',
    () => {
      queueMessages(p, topic, RD_KAFKA_PARTITION_UA, ROUND * round++, ROUND);
      rd_kafka_poll(p.rk, 100);
    },
    () => partitions(p).length === PARTITIONS,
  );
}

/** 0: each message by itself. That 100 of them leave out a partition happens once in 10^17 runs. */
export async function zeroScatters(t: TestContext, { bootstrap }: Env): Promise<void> {
  const { p, topic } = await sticky(t, bootstrap, 0);

  produceMessages(p, topic, RD_KAFKA_PARTITION_UA, 0, ROUND);

  expect(partitions(p).length).toBe(PARTITIONS);
}
