// 0130: offsets that the app stores by itself are committed, with their metadata; there is nothing to store in for a
// partition that is not assigned.
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_OFFSET_INVALID,
  rd_kafka_assign,
  rd_kafka_commit,
  rd_kafka_committed,
  rd_kafka_consumer_close,
  rd_kafka_consumer_poll,
  rd_kafka_destroy,
  rd_kafka_err2name,
  rd_kafka_error_code,
  type rd_kafka_message_t,
  rd_kafka_offset_store,
  rd_kafka_offset_store_message,
  rd_kafka_offsets_store,
  type rd_kafka_t,
  rd_kafka_topic_new,
  type TopicPartition,
} from '../../../src/rdkafka.ts';
import { aConsumer, aProducer } from '../builders.ts';
import { pollUntil } from '../consuming.ts';
import { produceMessages } from '../reports.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const COUNT = 1000;

async function filled(t: TestContext, { bootstrap }: Env): Promise<string> {
  const topic = await freshTopic(bootstrap, 2);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap });
  produceMessages(p, topic, 0, 0, COUNT);
  rd_kafka_destroy(p.rk);
  return topic;
}

function next(rk: rd_kafka_t): rd_kafka_message_t {
  let message: rd_kafka_message_t | null = null;
  pollUntil(
    'a message',
    () => {
      message = rd_kafka_consumer_poll(rk, 200);
    },
    () => message !== null,
  );
  expect(message!.err).toBe(0);
  return message!;
}

function committedOf(rk: rd_kafka_t, topic: string): TopicPartition {
  const list: TopicPartition[] = [{ topic, partition: 0 }];
  expect(rd_kafka_committed(rk, list, 15_000)).toBe(0);
  return list[0]!;
}

export async function storeAndCommit(t: TestContext, env: Env): Promise<void> {
  const topic = await filled(t, env);
  const c = aConsumer(t, { 'bootstrap.servers': env.bootstrap, 'enable.auto.offset.store': false });
  const at = (offset: number, metadata: string | null = null): TopicPartition[] => [
    { topic, partition: 0, offset, metadata },
  ];
  expect(rd_kafka_assign(c, at(RD_KAFKA_OFFSET_INVALID))).toBe(0);
  next(c);

  expect(rd_kafka_offsets_store(c, at(900, 'metadata'))).toBe(0);
  expect(rd_kafka_commit(c, null, false)).toBe(0);
  expect(rd_kafka_assign(c, null)).toBe(0);
  const bad = at(300);
  const refused = [rd_kafka_offsets_store(c, bad), bad[0]!.err!, rd_kafka_commit(c, null, false)];
  expect(refused.map(rd_kafka_err2name)).toEqual(['_STATE', '_STATE', '_NO_OFFSET']);
  expect(rd_kafka_assign(c, at(RD_KAFKA_OFFSET_INVALID))).toBe(0);
  expect(next(c).offset).toBe(900);
  expect(committedOf(c, topic)).toMatchObject({ offset: 900, metadata: Buffer.from('metadata') });

  expect(rd_kafka_offsets_store(c, at(901))).toBe(0);
  expect(rd_kafka_commit(c, null, false)).toBe(0);
  expect(committedOf(c, topic)).toMatchObject({ offset: 901, metadata: null });
  expect(rd_kafka_consumer_close(c)).toBe(0);
}

/** offset_store and offset_store_message store what lies behind a message; some of a list may be refused. */
export async function storeMessages(t: TestContext, env: Env): Promise<void> {
  const topic = await filled(t, env);
  const c = aConsumer(t, {
    'bootstrap.servers': env.bootstrap,
    'enable.auto.offset.store': false,
    'enable.partition.eof': true,
  });
  const rkt = rd_kafka_topic_new(c, topic, null)!;
  expect(rd_kafka_assign(c, [{ topic, partition: 0 }])).toBe(0);
  const stored = (): number => {
    expect(rd_kafka_commit(c, null, false)).toBe(0);
    return committedOf(c, topic).offset!;
  };
  const early = rd_kafka_offset_store(rkt, 0, 4);
  const message = next(c);

  expect([early, stored()]).toEqual([0, 5]);
  expect([rd_kafka_offset_store(rkt, 0, 9), stored()]).toEqual([0, 10]);
  for (let i = 0; i < 19; i++) next(c);
  expect([rd_kafka_offset_store_message(next(c)), stored()]).toEqual([null, 21]);
  const some: TopicPartition[] = [
    { topic, partition: 0, offset: 30 },
    { topic, partition: 1, offset: 31 },
    { topic: 'no-such-topic', partition: 0, offset: 32 },
  ];
  expect([rd_kafka_offsets_store(c, some), stored()]).toEqual([0, 30]);
  expect(some.map(({ err }) => rd_kafka_err2name(err!))).toEqual(['NO_ERROR', '_STATE', '_UNKNOWN_PARTITION']);
  expect(rd_kafka_assign(c, null)).toBe(0);
  const late = [rd_kafka_error_code(rd_kafka_offset_store_message(message)), rd_kafka_offset_store(rkt, 0, 50)];
  expect(late.map(rd_kafka_err2name)).toEqual(['_STATE', '_STATE']);
  const auto = aConsumer(t, { 'bootstrap.servers': env.bootstrap });
  expect(rd_kafka_err2name(rd_kafka_offsets_store(auto, some))).toBe('_INVALID_ARG');
}
