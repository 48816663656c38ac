// 0041: messages larger than fetch.message.max.bytes come, too.
import type { TestContext } from 'vitest';
import { RD_KAFKA_OFFSET_BEGINNING, rd_kafka_assign, rd_kafka_destroy } from '../../../src/rdkafka.ts';
import { aConsumer, aProducer } from '../builders.ts';
import { consumeMessages } from '../consuming.ts';
import { MsgVer } from '../msgver.ts';
import { produceMessages } from '../reports.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

const MAX_BYTES = 100_000;

/** Small messages, then ones of five times the limit; `count` of each, which a mock partition has to hold. */
export async function largerThanAFetch(t: TestContext, { bootstrap }: Env, count: number): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap });
  const id = produceMessages(p, topic, 0, 0, count, { size: MAX_BYTES / 10 });
  produceMessages(p, topic, 0, count, count, { size: MAX_BYTES * 5, id });
  rd_kafka_destroy(p.rk);
  const c = aConsumer(t, { 'bootstrap.servers': bootstrap, 'fetch.message.max.bytes': MAX_BYTES });
  const ver = new MsgVer(id).expect(0, 0, 2 * count);

  rd_kafka_assign(c, [{ topic, partition: 0, offset: RD_KAFKA_OFFSET_BEGINNING }]);
  consumeMessages(c, ver, 2 * count);

  ver.verify('messages above fetch.message.max.bytes');
}
