// 0059: a message is found by its timestamp in log2(n) seeks, each of which gives the very message that it names.
import { expect, type TestContext } from 'vitest';
import * as k from '../../../src/rdkafka.ts';
import { aConsumer, aProducer } from '../builders.ts';
import { pollUntil } from '../consuming.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const COUNT = 1000;
const GOLDEN = 357;

export async function searchByTimestamp(t: TestContext, env: Env): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  const { rk: p } = aProducer(t, { 'bootstrap.servers': env.bootstrap });
  const begin = Date.now() - 3600_000;
  for (let i = 0; i < COUNT; i++)
    k.rd_kafka_producev(p, { topic, partition: 0, value: `${i}`, timestamp: begin + i * 1000 });
  expect(k.rd_kafka_flush(p, 45_000)).toBe(0);
  const c = aConsumer(t, { 'bootstrap.servers': env.bootstrap });
  const rkt = k.rd_kafka_topic_new(c, topic, null)!;
  expect(k.rd_kafka_assign(c, [{ topic, partition: 0, offset: COUNT / 2 }])).toBe(0);
  const at = (offset: number, first: boolean): k.rd_kafka_message_t => {
    if (!first) expect(k.rd_kafka_seek(rkt, 0, offset, 15_000)).toBe(0);
    let message: k.rd_kafka_message_t | null = null;
    pollUntil(
      `the message at ${offset}`,
      () => {
        message = k.rd_kafka_consumer_poll(c, 200);
      },
      () => message !== null,
    );
    expect([message!.err, message!.offset]).toEqual([0, offset]);
    return message!;
  };

  let [low, high] = [0, COUNT - 1];
  let looks = 0;
  for (;;) {
    const middle = (low + high + 1) >> 1;
    const { timestamp, offset } = at(middle, looks++ === 0);
    if (timestamp === begin + GOLDEN * 1000) {
      expect(offset).toBe(GOLDEN);
      break;
    }
    if (timestamp < begin + GOLDEN * 1000) low = middle;
    else high = middle - 1;
  }

  expect(looks).toBeLessThanOrEqual(10);
}
