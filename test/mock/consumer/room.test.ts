// What is held for an application that reads slowly: no more than queued.max.messages.kbytes and one answer a broker.
import { expect, test } from 'vitest';
import type { Handle } from '../../../src/app/handle.ts';
import { HELD_BYTES, QUEUED_MESSAGES } from '../../../src/ops/head_page.ts';
import {
  RD_KAFKA_V_PARTITION,
  RD_KAFKA_V_TOPIC,
  RD_KAFKA_V_VALUE,
  rd_kafka_assign,
  rd_kafka_consumer_poll,
  rd_kafka_flush,
  rd_kafka_producev,
} from '../../../src/rdkafka.ts';
import { aCluster, aConsumer, aProducer } from '../../kit/builders.ts';
import { pollUntil } from '../../kit/consuming.ts';
import { freshTopic } from '../../kit/topics.ts';

const LIMIT_KB = 1000;
const SIZE = 200_000;
const PARTITIONS = 3;
const PER_PARTITION = 40;
/** A batch of five messages when decompressed, and the answer that it came in. */
const ONE_ANSWER = 5 * SIZE + 100_000;

test('compressed batches of three brokers are decompressed only as far as there is room', async (t) => {
  const { bootstrap } = aCluster(t, 3);
  const topic = await freshTopic(bootstrap, PARTITIONS);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap, 'compression.codec': 'gzip', 'batch.num.messages': 5 });
  for (let i = 0; i < PARTITIONS * PER_PARTITION; i++) {
    const at = [RD_KAFKA_V_TOPIC(topic), RD_KAFKA_V_PARTITION(i % PARTITIONS)] as const;
    expect(rd_kafka_producev(p.rk, ...at, RD_KAFKA_V_VALUE(Buffer.alloc(SIZE, i)))).toBe(0);
  }
  expect(rd_kafka_flush(p.rk, 45_000)).toBe(0);
  const c = aConsumer(t, { 'bootstrap.servers': bootstrap, 'queued.max.messages.kbytes': LIMIT_KB });
  const { head } = (c as unknown as Handle).memory;
  rd_kafka_assign(
    c,
    [0, 1, 2].map((partition) => ({ topic, partition, offset: 0 })),
  );

  let [got, most] = [0, 0];
  pollUntil(
    'all messages',
    () => {
      const message = rd_kafka_consumer_poll(c, 200);
      most = Math.max(most, Atomics.load(head, HELD_BYTES));
      if (message === null) return;
      expect([message.err, message.len]).toEqual([0, SIZE]);
      got++;
    },
    () => got === PARTITIONS * PER_PARTITION,
  );

  expect(most).toBeGreaterThan(SIZE);
  expect(most).toBeLessThanOrEqual(LIMIT_KB * 1000 + PARTITIONS * ONE_ANSWER);
  pollUntil(
    'everything to be given back',
    () => rd_kafka_consumer_poll(c, 100),
    () => Atomics.load(head, HELD_BYTES) === 0 && Atomics.load(head, QUEUED_MESSAGES) === 0,
  );
});
