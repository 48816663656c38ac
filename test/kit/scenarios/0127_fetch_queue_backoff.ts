// 0127: a queue of one message is filled again, whatever fetch.queue.backoff.ms is.
import type { TestContext } from 'vitest';
import { RD_KAFKA_OFFSET_BEGINNING, rd_kafka_assign, rd_kafka_destroy } from '../../../src/rdkafka.ts';
import { aConsumer, aProducer } from '../builders.ts';
import { consumeMessages } from '../consuming.ts';
import { MsgVer } from '../msgver.ts';
import { produceMessages } from '../reports.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

/** By default (null), 0, and a time that no test would outlast if it were waited for after each message. */
export const BACKOFFS: readonly (number | null)[] = [null, 500, 10, 0, 300_000];

/** A hundred batches of one message, of which one at a time waits for the application. */
export async function queueOfOne(t: TestContext, { bootstrap }: Env, backoff: number | null): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap, 'batch.num.messages': 1 });
  const id = produceMessages(p, topic, 0, 0, 100, { size: 10_000 });
  rd_kafka_destroy(p.rk);
  const c = aConsumer(t, {
    'bootstrap.servers': bootstrap,
    'queued.min.messages': 1,
    'fetch.message.max.bytes': 12_000,
    ...(backoff !== null && { 'fetch.queue.backoff.ms': backoff }),
  });
  const ver = new MsgVer(id).expect(0, 0, 100);

  rd_kafka_assign(c, [{ topic, partition: 0, offset: RD_KAFKA_OFFSET_BEGINNING }]);
  consumeMessages(c, ver, 100);

  ver.verify('messages one at a time');
}
