// 0057: a topic name that brokers refuse fails its messages with their error, at once and not by time-out.
import { expect, type TestContext } from 'vitest';
import { RD_KAFKA_RESP_ERR_NO_ERROR, RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION, rd_kafka_flush } from '../../../src/rdkafka.ts';
import { aProducer } from '../builders.ts';
import { queueMessages } from '../reports.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const PARTITIONS = 3;
/** Far more than the answer of a broker takes, far less than message.timeout.ms. */
const FLUSH_MS = 20_000;

export async function invalidTopic(t: TestContext, { bootstrap }: Env): Promise<void> {
  const good = await freshTopic(bootstrap, PARTITIONS);
  const bad = `${good}$#!`;
  const p = aProducer(t, { 'bootstrap.servers': bootstrap });

  const refused: string[] = [];
  const accepted: string[] = [];
  for (let partition = -1; partition < PARTITIONS; partition++) {
    refused.push(...queueMessages(p, bad, partition, 0, 1).opaques);
    accepted.push(...queueMessages(p, good, partition, 0, 1).opaques);
  }
  const flushed = rd_kafka_flush(p.rk, FLUSH_MS);

  expect(flushed).toBe(RD_KAFKA_RESP_ERR_NO_ERROR);
  p.reports.verify(accepted, RD_KAFKA_RESP_ERR_NO_ERROR);
  p.reports.verify(refused, RD_KAFKA_RESP_ERR_TOPIC_EXCEPTION);
}
