// 0116: consumer_close and destroy of a consumer that is subscribed, or was, or never was.
import { expect, type TestContext } from 'vitest';
import {
  RD_KAFKA_RESP_ERR__DESTROY,
  rd_kafka_commit,
  rd_kafka_consumer_close,
  rd_kafka_consumer_close_queue,
  rd_kafka_consumer_closed,
  rd_kafka_consumer_poll,
  rd_kafka_destroy,
  rd_kafka_error_code,
  rd_kafka_event_destroy,
  rd_kafka_queue_destroy,
  rd_kafka_queue_new,
  rd_kafka_queue_poll,
  rd_kafka_unsubscribe,
} from '../../../src/rdkafka.ts';
import { aProducer } from '../builders.ts';
import { pollUntil } from '../consuming.ts';
import { Member } from '../member.ts';
import { produceMessages } from '../reports.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

export interface CloseCase {
  readonly subscribes: boolean;
  readonly unsubscribes: boolean;
  readonly closes: 'no' | 'close' | 'queue';
}

const YES_NO = [false, true] as const;

export const CLOSE_CASES: readonly CloseCase[] = YES_NO.flatMap((subscribes) =>
  YES_NO.flatMap((unsubscribes) =>
    (['no', 'close', 'queue'] as const).map((closes) => ({ subscribes, unsubscribes, closes })),
  ),
);

export async function closed(t: TestContext, { bootstrap }: Env, how: CloseCase): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  produceMessages(aProducer(t, { 'bootstrap.servers': bootstrap }), topic, 0, 0, 10);
  const member = new Member(t, {
    'bootstrap.servers': bootstrap,
    'group.id': topic,
    'auto.offset.reset': 'beginning',
  });
  const { rk } = member;
  if (how.subscribes) {
    member.subscribe(topic);
    pollUntil(
      'messages',
      () => void member.poll(200),
      () => member.got.length === 10,
    );
  } else expect(rd_kafka_consumer_poll(rk, 200)).toBeNull();
  if (how.unsubscribes) expect(rd_kafka_unsubscribe(rk)).toBe(0);

  if (how.closes === 'close') {
    expect(rd_kafka_consumer_close(rk)).toBe(0);
    expect(rd_kafka_consumer_close(rk)).toBe(RD_KAFKA_RESP_ERR__DESTROY);
  } else if (how.closes === 'queue') closedByQueue(rk);

  // Does nothing that could be seen; it must not do harm either.
  rd_kafka_commit(rk, null, true);
  rd_kafka_destroy(rk);
}

function closedByQueue(rk: Member['rk']): void {
  const queue = rd_kafka_queue_new(rk);
  expect(rd_kafka_consumer_close_queue(rk, queue)).toBeNull();
  const serve = (): void => {
    const event = rd_kafka_queue_poll(queue, 200);
    if (event !== null) rd_kafka_event_destroy(event);
  };
  pollUntil('the close', serve, () => rd_kafka_consumer_closed(rk) === 1);
  expect(rd_kafka_error_code(rd_kafka_consumer_close_queue(rk, queue))).toBe(RD_KAFKA_RESP_ERR__DESTROY);
  rd_kafka_queue_destroy(queue);
}
