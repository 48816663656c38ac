// 0060: the result of a commit is served before the messages that wait.
import { expect, type TestContext } from 'vitest';
import * as k from '../../../src/rdkafka.ts';
import { aConsumer, aProducer } from '../builders.ts';
import { pollUntil } from '../consuming.ts';
import { produceMessages } from '../reports.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const COUNT = 1000;

/** `to`: offset_commit_cb, or the callback of commit_queue to the queue that is polled. */
export async function commitBeforeMessages(t: TestContext, env: Env, to: 'callback' | 'queue'): Promise<void> {
  const topic = await freshTopic(env.bootstrap, 1);
  produceMessages(aProducer(t, { 'bootstrap.servers': env.bootstrap }), topic, 0, 0, COUNT);
  let commits = 0;
  const offset_commit_cb = (_rk: k.rd_kafka_t, err: number): void => {
    expect(err).toBe(0);
    commits++;
  };
  const config = { 'bootstrap.servers': env.bootstrap, 'enable.auto.commit': false };
  const c = aConsumer(t, config, to === 'callback' ? { offset_commit_cb } : {});
  expect(k.rd_kafka_poll_set_consumer(c)).toBe(0);
  expect(k.rd_kafka_subscribe(c, [topic])).toBe(0);
  const queue = k.rd_kafka_queue_get_consumer(c)!;

  let messages = 0;
  const poll = (): void => {
    const message = k.rd_kafka_consumer_poll(c, 200);
    if (message === null) return;
    expect(message.err).toBe(0);
    if (++messages > 1) return;
    if (to === 'callback') expect(k.rd_kafka_commit_message(c, message, 1)).toBe(0);
    else
      expect(
        k.rd_kafka_commit_queue(
          c,
          [{ topic, partition: 0, offset: 1 }],
          queue,
          (rk, err) => offset_commit_cb(rk, err),
          null,
        ),
      ).toBe(0);
    // All others have been fetched by then, and the answer is there.
    const position = [{ topic, partition: 0, offset: 0 }];
    pollUntil(
      'the commit',
      () => void k.rd_kafka_committed(c, position, 15_000),
      () => position[0]!.offset === 1 && k.rd_kafka_queue_length(queue) > 1,
    );
  };
  pollUntil('the first message', poll, () => messages === 1);
  pollUntil('the result', poll, () => commits > 0);

  expect(messages).toBeLessThanOrEqual(10);
}
