// 0036: answers that end amid a message cost none.

import type { TestContext } from 'vitest';
import { RD_KAFKA_OFFSET_BEGINNING, rd_kafka_assign, rd_kafka_destroy } from '../../../src/rdkafka.ts';
import { aConsumer, aProducer } from '../builders.ts';
import { consumeMessages } from '../consuming.ts';
import { MsgVer } from '../msgver.ts';
import { produceMessages } from '../reports.ts';
import { freshTopic } from '../topics.ts';
import type { Env } from './env.ts';

/** Messages of 1000 bytes by fetches of one and a half. */
export async function partialFetches(t: TestContext, { bootstrap }: Env): Promise<void> {
  const topic = await freshTopic(bootstrap, 1);
  const p = aProducer(t, { 'bootstrap.servers': bootstrap });
  const id = produceMessages(p, topic, 0, 0, 100, { size: 1000 });
  rd_kafka_destroy(p.rk);
  const c = aConsumer(t, { 'bootstrap.servers': bootstrap, 'fetch.message.max.bytes': 1500 });
  const ver = new MsgVer(id).expect(0, 0, 100);

  rd_kafka_assign(c, [{ topic, partition: 0, offset: RD_KAFKA_OFFSET_BEGINNING }]);
  consumeMessages(c, ver, 100);

  ver.verify('messages by partial fetches');
}
