// 0001: producers made, used and ended one after the other deliver each time and leave no thread behind.
import type { TestContext } from 'vitest';
import {
  RD_KAFKA_MSG_F_COPY,
  RD_KAFKA_PARTITION_UA,
  rd_kafka_destroy,
  rd_kafka_err2name,
  rd_kafka_flush,
  rd_kafka_last_error,
  rd_kafka_produce,
  rd_kafka_topic_destroy,
  rd_kafka_topic_new,
} from '../../../src/rdkafka.ts';
import { assignAll } from '../assign.ts';
import { aConsumer, aProducer } from '../builders.ts';
import { consumeMessages } from '../consuming.ts';
import { MsgVer, newTestId, payloadOf } from '../msgver.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const ROUNDS = 5;

export async function producersOneAfterTheOther(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  const id = newTestId();

  for (let round = 0; round < ROUNDS; round++) oneProducer(t, bootstrap, topic, payloadOf(id, -1, round), round);

  const ver = new MsgVer(id).expect(-1, 0, ROUNDS);
  const c = aConsumer(t, { 'bootstrap.servers': bootstrap });
  assignAll(c, topic, 1);
  consumeMessages(c, ver, ROUNDS);
  ver.verify('one message of each producer');
}

function oneProducer(t: TestContext, bootstrap: string, topic: string, payload: string, round: number): void {
  const { rk, reports } = aProducer(t, { 'bootstrap.servers': bootstrap });
  const rkt = rd_kafka_topic_new(rk, topic, null);
  if (rkt === null) throw new Error(`topic_new: ${rd_kafka_err2name(rd_kafka_last_error())}`);
  if (rd_kafka_produce(rkt, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, payload, null, round) !== 0)
    throw new Error(`produce: ${rd_kafka_err2name(rd_kafka_last_error())}`);
  const flushed = rd_kafka_flush(rk, 20_000);
  if (flushed !== 0) throw new Error(`flush: ${rd_kafka_err2name(flushed)}`);
  reports.verify([round]);
  rd_kafka_topic_destroy(rkt);
  rd_kafka_destroy(rk);
}
